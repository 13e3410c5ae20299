"""What pretraining is given: series, or items that a tokenizer reads."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tjepa_estimators.contracts import DataDomain, SampleDomain
from tjepa_estimators.data.domains import load_domain
from tjepa_estimators.errors import ConfigError, DataError, PluginError
from tjepa_estimators.plugins.catalog import list_plugins
from tjepa_estimators.training.corpus import Corpus, build_corpus
from tjepa_estimators.training.domains import as_domains

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tjepa_estimators.contracts import Domain
    from tjepa_estimators.data.mixture import MixtureConfig
    from tjepa_estimators.data.series import Series
    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.jepa.config.tokenizers import TokenizerConfig
    from tjepa_estimators.training.domains import DomainData

__all__ = ["Items", "SeriesDomains", "read"]

_PIECES, _PIECE = 1000, 1000
"""Pieces of a long series that tell it from others, and steps of each."""


@dataclass(frozen=True, slots=True)
class SeriesDomains:
    """Series of one or several domains."""

    domains: list[DomainData]

    @property
    def sources(self) -> tuple[dict[str, str], ...]:
        """What is known of where they come from."""
        return tuple(source for domain in self.domains for source in domain.sources)

    def fit(self, jepa: JEPAConfig) -> JEPAConfig:
        """Settings whose window is no longer than the longest series."""
        return jepa.fit_to(max(len(one) for one in self._series()))

    def corpus(self, jepa: JEPAConfig, mixture: MixtureConfig | None) -> Corpus:
        """The windows of all series."""
        return replace(build_corpus(self.domains, jepa, mixture), digest=self._digest())

    def _digest(self) -> str:
        """Shapes and values of each series; of long ones a thousand pieces, so that large files are not read whole."""
        digest = hashlib.sha256()
        for one in self._series():
            digest.update(str(one.values.shape).encode())
            last = max(0, len(one) - _PIECE)
            for start in sorted({*range(0, last, max(_PIECE, last // _PIECES)), last}):
                digest.update(one.values[start : start + _PIECE].tobytes())
        return digest.hexdigest()[:16]

    def _series(self) -> list[Series]:
        return [one for domain in self.domains for one in domain.series]


@dataclass(frozen=True, slots=True)
class Items:
    """What the settings of a tokenizer read."""

    items: object
    sources: tuple[dict[str, str], ...]

    def fit(self, jepa: JEPAConfig) -> JEPAConfig:
        """Settings whose tokenizer knows what it must of the items."""
        return replace(jepa, tokenizer=_tokenizer(jepa).fit_to(self.items))

    def corpus(self, jepa: JEPAConfig, mixture: MixtureConfig | None) -> Corpus:
        """The samples that the tokenizer's settings make of the items."""
        if mixture is not None:
            raise ConfigError("A mixture shares batches among domains of series; leave it out with a tokenizer.")
        samples = _tokenizer(jepa).settings().samples(self.items)
        return Corpus(samples, samples.digest())


def read(data: object, jepa: JEPAConfig) -> SeriesDomains | Items:
    """Sort out what pretraining is given: series for a JEPA of series, else items and where they come from.

    With a tokenizer, a string that names no domain may be the path of a file or folder that the tokenizer reads.

    Raises
    ------
    DataError
        The data cannot be used.
    PluginError
        A string names no domain, nor a path with a tokenizer.
    """
    if jepa.tokenizer is None:
        with _advice("Strings name domains of series; other kinds of data need config= with their tokenizer."):
            return SeriesDomains(as_domains(data))
    if isinstance(data, str) and _is_path(data):
        return Items(Path(data), ())
    with _advice("Nor is there such a file or folder."):
        opened = [load_domain(one) if isinstance(one, str) else one for one in _parts(data)]
    domains = [one for one in opened if isinstance(one, SampleDomain)]
    if not domains:
        _refuse_series(opened, jepa.tokenizer.kind)
        return Items(data, ())
    if len(domains) < len(opened):
        raise DataError("Domains and other data were given in one list; pretrain on the one or on the other.")
    return Items([item for domain in domains for item in domain.items()], tuple(map(_source, domains)))


@contextmanager
def _advice(advice: str) -> Iterator[None]:
    """More to say where a string names no domain."""
    try:
        yield
    except PluginError as error:
        raise PluginError(f"{error} {advice}") from error


def _is_path(data: str) -> bool:
    """Whether a string is a path and no domain, whose name comes first."""
    if any(row.kind == "domain" and row.name == data for row in list_plugins()):
        return False
    # unlike Path.exists, this is false for a name that is too long
    return os.path.exists(data)  # noqa: PTH110


def _parts(data: object) -> Sequence[object]:
    """Names of domains and domains, where there are any; a list that holds none is data itself."""
    if isinstance(data, str | SampleDomain | DataDomain):
        return [data]
    return data if isinstance(data, list | tuple) and any(isinstance(one, SampleDomain) for one in data) else []


def _refuse_series(opened: Sequence[object], kind: str) -> None:
    for one in opened:
        if isinstance(one, DataDomain):
            raise DataError(f"The domain {one.info.name!r} holds series, which the tokenizer {kind!r} does not read.")


def _source(domain: Domain) -> dict[str, str]:
    return {"name": domain.info.name, "licence": domain.info.licence, "source": domain.info.source}


def _tokenizer(jepa: JEPAConfig) -> TokenizerConfig:
    assert jepa.tokenizer is not None  # noqa: S101 - read() gives items to such a JEPA only
    return jepa.tokenizer
