"""The contracts between the parts: what a tokenizer, encoder, masker, loss term and data domain must offer.

Hidden tokens are removed *before* the encoder and positions are added by the tokenizer. So the author of
an encoder writes ``(batch, tokens, dim) -> (batch, tokens, dim)`` and the author of a domain never sees an
encoder: N + M pieces instead of N x M.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    import torch
    from jaxtyping import Bool, Float, Int
    from torch import Tensor

    from tjepa_estimators.data.series import Series

__all__ = [
    "CodeOutput",
    "DataDomain",
    "Decoded",
    "Domain",
    "DomainInfo",
    "Encoder",
    "GridMasker",
    "HasAuxiliaryLosses",
    "HasDiagnostics",
    "JEPAOutput",
    "Masker",
    "Masks",
    "Rebuilt",
    "SampleDomain",
    "Samples",
    "Term",
    "Tokenizer",
    "TokenizerSettings",
    "Tokens",
]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A batch of token sequences, as a tokenizer makes them."""

    values: Float[Tensor, "batch tokens dim"]
    """Embedded tokens; the position is already added."""
    positions: Float[Tensor, "batch tokens axes"]
    """Coordinates of each token: one axis for series and text, two for images, three for video."""
    padding: Bool[Tensor, "batch tokens"]
    """True where a token carries no observation and must be ignored."""


@dataclass(frozen=True, slots=True)
class Masks:
    """Which tokens the student sees and which it must predict; the same number for each row of the batch."""

    context: Int[Tensor, "batch visible"]
    """Indices of the tokens that the student sees."""
    targets: Int[Tensor, "batch blocks hidden"]
    """Indices of the tokens to predict, in blocks; disjoint from ``context``."""


@dataclass(frozen=True, slots=True)
class CodeOutput:
    """What a soft codebook makes of latents; shares of codes are given as logarithms."""

    latents: Float[Tensor, "batch visible dim"]
    """Coded latents of the student at the visible tokens."""
    visible: Float[Tensor, "batch visible codes"]
    """Codes of the student at the visible tokens."""
    prediction: Float[Tensor, "batch queries codes"]
    """Predicted codes."""
    target: Float[Tensor, "batch queries codes"]
    """Codes of the teacher at the same queries; carry no gradient."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The visible patches, normalised, and what was decoded from the student's latents."""

    patches: Float[Tensor, "batch visible patch"]
    """Decoded values."""
    truth: Float[Tensor, "batch visible patch"]
    """Given values; NaN where one is missing."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The hidden patches, normalised by what is visible, and what was decoded from the predictor's answers."""

    quantiles: Float[Tensor, "batch queries patch levels"]
    """Quantiles of each value."""
    truth: Float[Tensor, "batch queries patch"]
    """Given values; NaN where one is missing."""
    levels: tuple[float, ...]
    """Levels of the quantiles, increasing."""


@dataclass(frozen=True, slots=True)
class Views:
    """Two views of each sample, expanded from mean latents of the student."""

    part: Float[Tensor, "batch dim"]
    """Of the visible tokens."""
    whole: Float[Tensor, "batch dim"]
    """Of all tokens."""
    known: Bool[Tensor, " batch"]
    """False where nothing is visible."""


@dataclass(frozen=True, slots=True)
class JEPAOutput:
    """What one forward pass of a JEPA hands to its loss terms."""

    prediction: Float[Tensor, "batch queries dim"]
    """Predicted target latents."""
    target: Float[Tensor, "batch queries dim"]
    """Latents of the teacher at the same queries; carries no gradient."""
    observed: Bool[Tensor, "batch queries"]
    """False where the target is padding; such queries carry no loss."""
    nearest: Float[Tensor, "batch queries dim"]
    """Latents of the teacher at the last visible token before each query: the copy-last control."""
    latents: Float[Tensor, "batch visible dim"]
    """Latents of the student at the visible tokens."""
    visible: Bool[Tensor, "batch visible"]
    """False where a visible token is padding."""
    positions: Float[Tensor, "batch visible axes"] | None = None
    """Coordinates of the visible tokens."""
    auxiliary: Mapping[str, Float[Tensor, ""]] = field(default_factory=dict)
    """Weighted losses that the student has of its own, such as a load balance; empty in evaluation."""
    codes: CodeOutput | None = None
    """What the codebook made of it, if there is one; prediction, target and nearest are coded latents then."""
    coarse: JEPAOutput | None = None
    """The same for one query more, if it was asked: the hidden part averaged down to one token."""
    rebuilt: Rebuilt | None = None
    """The visible patches, if they were decoded."""
    decoded: Decoded | None = None
    """Quantiles of the hidden patches, if they were decoded."""
    views: Views | None = None
    """The samples as a whole, if they are compared."""


@runtime_checkable
class Tokenizer(Protocol):
    """A modality: turns a raw batch into tokens. A ``torch.nn.Module`` in practice."""

    dim: int

    def grid(self, raw: Tensor) -> tuple[int, ...]:
        """Tokens that a raw batch makes along each axis; their product is the number of tokens of a sample."""
        ...

    def __call__(self, raw: Tensor, context: Int[Tensor, "batch visible"] | None = None) -> Tokens:
        """Tokenize; ``context`` names the tokens that statistics may be taken from (None: all)."""
        ...


@runtime_checkable
class Samples(Protocol):
    """Raw samples under numbers, read in batches that a tokenizer takes."""

    def __len__(self) -> int:
        """How many there are; numbers begin at 0."""
        ...

    def draw(self, step: int, batch_size: int, seed: int) -> Int[Tensor, " batch"]:
        """Numbers of the samples of a training step: a pure function, so that a stopped training goes on as it would.

        Samples of different length are drawn so that those of a batch make equally many tokens.
        """
        ...

    def batches(self, batch_size: int) -> Iterator[Int[Tensor, " batch"]]:
        """The number of each sample once, in batches of at most ``batch_size``, in whatever order is quickest."""
        ...

    def gather(self, index: Int[Tensor, " batch"]) -> Tensor:
        """Read the samples with these numbers, in this order."""
        ...

    def digest(self) -> str:
        """A short identity of all that is read."""
        ...


class TokenizerSettings(Protocol):
    """Settings of a tokenizer, a frozen dataclass, and how its raw samples come from what users have."""

    def fit_to(self, items: object) -> Self:
        """Settings that fit what is trained on, such as a vocabulary or a size; itself if nothing is missing."""
        ...

    def samples(self, items: object) -> Samples:
        """What training draws from; an item may give several samples.

        Raises
        ------
        DataError
            The items cannot be read.
        """
        ...

    def rows(self, items: object) -> Samples:
        """One sample for each item, in order, to embed them.

        Raises
        ------
        DataError
            The items cannot be read.
        """
        ...


@runtime_checkable
class Encoder(Protocol):
    """A sequence mixer and nothing else. A ``torch.nn.Module`` in practice."""

    def __call__(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Mix the tokens; those with ``padding`` must not influence the others."""
        ...


@runtime_checkable
class HasAuxiliaryLosses(Protocol):
    """An encoder, or any module inside one, that has losses of its own: optional.

    They are added to the training loss, in pretraining and in fine-tuning, by
    :func:`tjepa_estimators.nn.auxiliary.auxiliary_losses`; :class:`~tjepa_estimators.nn.auxiliary.Latest` is the
    place to keep them from the forward pass until they are asked for.
    """

    def auxiliary_losses(self) -> Mapping[str, Float[Tensor, ""]]:
        """Weighted scalars of the latest forward pass in training mode; nothing if they were handed over before."""
        ...


@runtime_checkable
class HasDiagnostics(Protocol):
    """An encoder, or any module inside one, that reports how it fares: optional.

    Pretraining shows the numbers among the health of the representation.
    """

    def diagnostics(self) -> Mapping[str, float]:
        """Numbers on the latest forward pass, in any mode; plain floats without a graph."""
        ...


@runtime_checkable
class Masker(Protocol):
    """Draws which tokens are hidden: a pure function of a generator."""

    def __call__(self, tokens: int, batch: int, generator: torch.Generator) -> Masks:
        """Index sets for a batch of sequences of ``tokens`` tokens."""
        ...


@runtime_checkable
class GridMasker(Protocol):
    """A masker that must know how tokens lie beside each other: in a plane, or in a plane and in time."""

    def on(self, grid: tuple[int, ...]) -> Masker:
        """The masker for tokens on ``grid``, counted along each axis and numbered with the last axis fastest.

        Raises
        ------
        ConfigError
            The grid has too few tokens, or not the right number of axes.
        """
        ...


@runtime_checkable
class Term(Protocol):
    """One named term of the training loss."""

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """The value of the term, a scalar."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainInfo:
    """What a user must know before using a data domain."""

    name: str
    title: str
    licence: str
    source: str
    frequency: str
    """A pandas frequency string such as ``"D"`` or ``"h"``; empty where steps carry no time."""
    season: int
    """Steps of the strongest season, for the seasonal naive control; 1 where there is none."""
    sha256: str
    """Checksum of the data file."""


class Domain(Protocol):
    """A source of data of any kind."""

    info: DomainInfo

    def sample(self) -> Sequence[object]:
        """A few short items that need no network."""
        ...


@runtime_checkable
class DataDomain(Protocol):
    """A source of series: stocks, weather, a company's own telemetry."""

    info: DomainInfo

    def series(self, split: str = "all") -> Sequence[Series]:
        """The series of ``split``: ``"train"``, ``"test"`` (the later part in time) or ``"all"``."""
        ...

    def sample(self) -> Sequence[Series]:
        """A few short series that need no network."""
        ...


@runtime_checkable
class SampleDomain(Protocol):
    """A source of data of another kind, such as what a plugin's tokenizer reads."""

    info: DomainInfo
    preset: str
    """The recipe that fits it, by the name that it is registered under."""

    def items(self, split: str = "all") -> Sequence[object]:
        """What the tokenizer's settings read, of ``split``: ``"train"``, ``"test"`` or ``"all"``."""
        ...

    def sample(self) -> Sequence[object]:
        """A few items that need no network."""
        ...
