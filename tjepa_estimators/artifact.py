"""A pretrained encoder: save, load, embed, and where it comes from."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from tjepa_estimators.artifact_folder import CARD, CONFIG, STAGING, WEIGHTS, check_folder, write_file
from tjepa_estimators.errors import ArtifactError, ConfigError, PluginError
from tjepa_estimators.jepa.build import build_forecaster, build_jepa
from tjepa_estimators.jepa.config import JEPAConfig  # noqa: TC001 - cattrs reads it from the dataclass
from tjepa_estimators.jepa.embedding import check_pool, embed_samples, embed_windows
from tjepa_estimators.jepa.quantiles import QuantileConfig
from tjepa_estimators.model_card import model_card
from tjepa_estimators.nn.threads import limited_threads
from tjepa_estimators.plugins.catalog import get_encoder
from tjepa_estimators.settings import as_settings, to_dict

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.jepa.forecaster import PatchForecaster
    from tjepa_estimators.jepa.model import JEPA
    from tjepa_estimators.nn.backbone import Backbone

__all__ = ["FORMAT", "ArtifactInfo", "PretrainedEncoder", "Provenance", "resolve_pretrained"]

BUNDLED = ("tjepa-tiny",)
"""Names of the artifacts that come with the package."""
FORMAT = 1
"""Number of the folder format that this version writes and the highest that it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a pretrained encoder comes from."""

    data: tuple[dict[str, str], ...] = ()
    """Name and licence of each data source, as far as known."""
    windows: int = 0
    """Windows that training drew from."""
    train: dict[str, Any] = field(default_factory=dict)
    """Training settings."""
    seed: int = 0
    provided_by: dict[str, str] = field(default_factory=dict)
    """Distributions that provide the parts, with their versions."""
    versions: dict[str, str] = field(default_factory=dict)
    """Versions of the libraries that it was made with."""
    diagnostics: dict[str, float] = field(default_factory=dict)
    """Health of the representation at the end of pretraining."""
    shares: dict[str, float] = field(default_factory=dict)
    """Share of each domain in the batches."""
    domains: dict[str, dict[str, float]] = field(default_factory=dict)
    """The same health on held-out windows of each domain, where there were several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactInfo:
    """All that is needed to rebuild a pretrained encoder, and its history."""

    encoder: str
    encoder_config: dict[str, Any]
    jepa: JEPAConfig
    provenance: Provenance = field(default_factory=Provenance)
    weights_sha256: str = ""
    format: int = FORMAT


class PretrainedEncoder:
    """A JEPA-pretrained encoder, immutable: every wrapper uses it, none changes it.

    Copies share the weights (``copy.deepcopy`` returns the same object), so cloning an estimator costs
    nothing and cannot lose them.

    Parameters
    ----------
    info
        What it is and where it comes from.
    state
        Weights of the whole JEPA: student, teacher and predictor.

    Examples
    --------
    >>> import numpy as np
    >>> from tjepa_estimators import pretrain
    >>> encoder = pretrain(np.sin(np.arange(200.0)), train={"steps": 2})
    >>> encoder.embed(np.sin(np.arange(100.0))[None]).shape
    (1, 32)
    """

    def __init__(self, info: ArtifactInfo, state: Mapping[str, Tensor]) -> None:
        self._weights = _to_bytes(state)
        self.info = _with_hash(info, hashlib.sha256(self._weights).hexdigest())
        self._module: JEPA | None = None

    @property
    def context_length(self) -> int:
        """Steps of the window that the encoder was made for."""
        return self.info.jepa.context_length

    @property
    def dim(self) -> int:
        """Width of an embedding."""
        return self.info.jepa.dim

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the weights."""
        return self.info.weights_sha256

    def build(self) -> JEPA:
        """A fresh JEPA with these weights, to train further; the artifact itself never changes.

        ``build().at(factor)`` is the JEPA of one resolution; by itself it is that of the finest.
        """
        model = build_jepa(self.info.jepa, self.info.encoder, self.info.encoder_config)
        try:
            model.load_state_dict(load_tensors(self._weights))
        except RuntimeError as error:
            msg = f"The weights do not fit encoder {self.info.encoder!r} as it is installed here: {error}"
            raise ArtifactError(msg) from error
        return model

    @property
    def module(self) -> JEPA:
        """A shared JEPA with these weights, frozen, for inference only; ``at(factor)`` chooses a resolution."""
        if self._module is None:
            self._module = self.build().eval().requires_grad_(False)  # noqa: FBT003 - torch's signature
        return self._module

    def forecaster(self) -> PatchForecaster:
        """What forecasts with these weights alone, frozen: quantiles of the steps after windows.

        Raises
        ------
        ConfigError
            The encoder was pretrained without quantiles.
        """
        finest = self.build().at(1)
        return build_forecaster(finest, self.info.jepa).eval().requires_grad_(requires_grad=False)

    def with_quantiles(self, config: QuantileConfig | None = None, *, seed: int = 0) -> PretrainedEncoder:
        """These weights beside a decoder of quantiles that is not trained yet; itself if there is one already.

        Raises
        ------
        ConfigError
            Values cannot be decoded: patches overlap, there is a codebook, or only a pooled latent is predicted.
        """
        if self.info.jepa.quantiles is not None:
            return self
        jepa = replace(self.info.jepa, quantiles=config or QuantileConfig())
        model = build_jepa(jepa, self.info.encoder, self.info.encoder_config, seed=seed)
        model.load_state_dict(self.build().state_dict(), strict=False)
        return PretrainedEncoder(replace(self.info, jepa=jepa), model.state_dict())

    def embed(
        self, values: object, *, pool: str | None = "mean", batch_size: int = 1024
    ) -> Float[np.ndarray, "batch features"]:
        """Embed windows, or what the tokenizer reads, with the teacher (the averaged, more stable network).

        Parameters
        ----------
        values
            Windows ``[batch time]``, or ``[batch time channels]``; NaN marks missing values. Each window is
            normalised by its own mean and deviation. Channels are embedded one by one and joined. An encoder with a
            tokenizer of its own takes the items that this one reads, a row of features for each.
        pool
            ``"mean"`` or ``"max"`` over tokens, the ``"first"`` token, or None for all tokens side by side.
        batch_size
            Windows or items per forward pass.

        Returns
        -------
        Float32 features: ``[batch channels*dim]`` if pooled, else ``[batch channels*tokens*dim]``.

        Raises
        ------
        DataError
            ``values`` is not a numeric array of two or three dimensions, or holds infinite values; or not what the
            tokenizer reads.
        ConfigError
            ``pool`` is unknown.
        """
        check_pool(pool)
        backbone, tokenizer = cast("Backbone", self.module.teacher.module), self.info.jepa.tokenizer
        with limited_threads(self.module):
            if tokenizer is None:
                return embed_windows(backbone, cast("np.ndarray", values), pool, batch_size)
            return embed_samples(backbone, tokenizer.settings().rows(values), pool, batch_size)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the artifact folder; an older artifact in it stays whole if anything fails.

        Raises
        ------
        ArtifactError
            The folder cannot be written, or holds something that is not an artifact.
        """
        target = Path(folder).expanduser()
        if (
            torch.distributed.is_available()
            and torch.distributed.is_initialized()
            and torch.distributed.get_rank() != 0
        ):
            return target  # one process writes
        check_folder(target)
        try:
            target.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target, prefix=STAGING) as staging:
                write_file(Path(staging, WEIGHTS), self._weights)
                write_file(Path(staging, CONFIG), json.dumps(to_dict(self.info), indent=2).encode())
                write_file(Path(staging, CARD), model_card(self.info).encode())
                for name in (WEIGHTS, CONFIG, CARD):
                    Path(staging, name).replace(target / name)
        except OSError as error:
            msg = f"Cannot write the artifact to {target}: {error}. Nothing that was there before is changed."
            raise ArtifactError(msg) from error
        return target

    @classmethod
    def load(cls, source: str | os.PathLike[str], *, revision: str | None = None) -> Self:
        """Read an artifact from a folder, by the name of a bundled one, or from the Hugging Face hub by its id.

        Raises
        ------
        ArtifactError
            Missing, truncated, altered or written by a newer version; or a plugin is not installed.
        """
        folder = Path(source).expanduser()
        if not folder.is_dir():
            folder = _bundled(str(source)) or _download(str(source), revision)
        info = _read_info(folder)
        try:
            weights = (folder / WEIGHTS).read_bytes()
        except OSError as error:
            msg = f"{folder} holds no readable {WEIGHTS}: {error}. Save the artifact again."
            raise ArtifactError(msg) from error
        digest = hashlib.sha256(weights).hexdigest()
        if digest != info.weights_sha256:
            msg = (
                f"{folder / WEIGHTS} is damaged or was changed: its SHA-256 is {digest}, but {CONFIG} says "
                f"{info.weights_sha256}. Fetch or save the artifact again."
            )
            raise ArtifactError(msg)
        try:
            get_encoder(info.encoder)
            return cls(info, load_tensors(weights))
        except (SafetensorError, PluginError) as error:
            provider = ", ".join(f"{name} {version}" for name, version in info.provenance.provided_by.items())
            msg = f"Cannot rebuild the encoder of {folder}: {error} It was made with: {provider or 'unknown'}."
            raise ArtifactError(msg) from error

    def push_to_hub(self, repo_id: str, **options: Any) -> str:  # noqa: ANN401 - passed to HfApi.upload_folder
        """Upload the artifact to the Hugging Face hub and return the address of the commit."""
        from huggingface_hub import HfApi

        api = HfApi()
        api.create_repo(repo_id, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            return str(api.upload_folder(repo_id=repo_id, folder_path=self.save(Path(folder, "artifact")), **options))

    def __repr__(self) -> str:
        return f"PretrainedEncoder(encoder={self.info.encoder!r}, dim={self.dim}, weights={self.fingerprint[:8]})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PretrainedEncoder) and self.info == other.info

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __getstate__(self) -> dict[str, object]:
        return {"info": self.info, "_weights": self._weights}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _module=None)


def resolve_pretrained(given: object, tokenizer: str | None = None) -> PretrainedEncoder:
    """A pretrained encoder from itself, a folder, the name of a bundled one, or a hub id.

    Parameters
    ----------
    given
        Any of these.
    tokenizer
        Name of the tokenizer that it must have; None for an encoder of series.

    Raises
    ------
    ArtifactError
        It cannot be read.
    ConfigError
        It is none of these, or reads data of another kind.
    """
    if isinstance(given, str | os.PathLike):
        return resolve_pretrained(PretrainedEncoder.load(given), tokenizer)
    if not isinstance(given, PretrainedEncoder):
        msg = f"pretrained must be a PretrainedEncoder, a folder or a hub id, but got {type(given).__name__}."
        raise ConfigError(msg)
    settings = given.info.jepa.tokenizer
    found = None if settings is None else settings.kind
    if found != tokenizer:
        msg = (
            f"This encoder reads {_kind(found)}, but here it must read {_kind(tokenizer)}. "
            "Give another one, or use PretrainedEncoder.embed, which takes what the encoder reads."
        )
        raise ConfigError(msg)
    return given


def _kind(tokenizer: str | None) -> str:
    return "series" if tokenizer is None else f"what the tokenizer {tokenizer!r} reads"


def _to_bytes(state: Mapping[str, Tensor]) -> bytes:
    return save_tensors({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()})


def _with_hash(info: ArtifactInfo, digest: str) -> ArtifactInfo:
    return replace(info, weights_sha256=digest)


def _read_info(folder: Path) -> ArtifactInfo:
    try:
        plain = json.loads((folder / CONFIG).read_text())
    except (OSError, ValueError) as error:
        msg = f"{folder} is no artifact folder, or its {CONFIG} is damaged: {error}"
        raise ArtifactError(msg) from error
    if not isinstance(plain, dict) or not isinstance(plain.get("format"), int):
        msg = f"{folder / CONFIG} is not the configuration of an artifact: it has no format number."
        raise ArtifactError(msg)
    if plain["format"] > FORMAT:
        msg = (
            f"{folder} has artifact format {plain['format']}, but this version reads up to {FORMAT}; "
            "upgrade with: pip install -U tjepa-estimators"
        )
        raise ArtifactError(msg)
    try:
        return as_settings(ArtifactInfo, plain)
    except ConfigError as error:
        msg = f"{folder / CONFIG} cannot be understood: {error}"
        raise ArtifactError(msg) from error


def _bundled(name: str) -> Path | None:
    return Path(str(files("tjepa_estimators") / "weights" / name)) if name in BUNDLED else None


def _download(repo_id: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repo_id, revision=revision, allow_patterns=[WEIGHTS, CONFIG, CARD]))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        msg = f"{repo_id!r} is neither a folder nor a repository that can be reached on the Hugging Face hub: {error}"
        raise ArtifactError(msg) from error
