"""What pretraining is given, as series by domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tjepa_estimators.contracts import DataDomain, SampleDomain
from tjepa_estimators.data.convert import as_series
from tjepa_estimators.data.domains import load_domain
from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tjepa_estimators.data.series import Series

__all__ = ["DomainData", "as_domains"]

_OWN = "data"
"""Name of series that were given without one."""


@dataclass(frozen=True, slots=True)
class DomainData:
    """The series of one domain, and what is known of where they come from."""

    name: str
    series: list[Series]
    sources: tuple[dict[str, str], ...]
    """Name, licence and source of a data domain; the names of other series."""


def as_domains(data: object) -> list[DomainData]:
    """Sort what pretraining is given into domains.

    Parameters
    ----------
    data
        What :func:`~tjepa_estimators.data.convert.as_series` reads, and names of data domains. In a list each domain is
        one, and all other items together are one more. A dict has a domain under each name, which may be a list of
        domains and other data too. Anything else is one.

    Raises
    ------
    DataError
        The data cannot be used, or two domains have the same name.

    Examples
    --------
    >>> import numpy as np
    >>> [(one.name, len(one.series)) for one in as_domains(["stocks", "weather", np.zeros(50)])]
    [('stocks', 4), ('weather', 1), ('data', 1)]
    """
    domains = [_domain(name, item) for name, item in _items(data)]
    names = [domain.name for domain in domains]
    if len(set(names)) < len(names):
        raise DataError(f"Domains must have different names, but these are {names}; give a dict of names and data.")
    return domains


def _items(data: object) -> Iterator[tuple[str | None, object]]:
    if isinstance(data, Mapping):
        if not data:
            raise DataError("An empty dict was given; expected names and data of at least one domain.")
        yield from ((str(name), item) for name, item in data.items())
    elif isinstance(data, list | tuple) and any(map(_is_domain, data)):
        yield from ((None, item) for item in data if _is_domain(item))
        if others := [item for item in data if not _is_domain(item)]:
            yield None, others
    else:
        yield None, data


def _domain(name: str | None, item: object) -> DomainData:
    series: list[Series] = []
    sources: dict[str, dict[str, str]] = {}
    own = _OWN
    for part in _parts(item):
        opened = load_domain(part) if isinstance(part, str) else part
        if isinstance(opened, SampleDomain):
            raise DataError(
                f"The domain {opened.info.name!r} holds no series; pretrain on it with config={opened.preset!r}, or "
                "another recipe with a tokenizer."
            )
        found = as_series(opened)
        series += found
        if isinstance(opened, DataDomain):
            info = opened.info
            own = info.name
            sources[own] = {"name": info.name, "licence": info.licence, "source": info.source}
        else:
            for known in (str(one.name) for one in found if one.name is not None):
                sources.setdefault(known, {"name": known})
    return DomainData(name or own, series, tuple(sources.values()))


def _parts(item: object) -> list[object]:
    """What a list holds, where there are domains in it; else the item itself."""
    return list(item) if isinstance(item, list | tuple) and any(map(_is_domain, item)) else [item]


def _is_domain(item: object) -> bool:
    return isinstance(item, str | DataDomain | SampleDomain)
