"""Run what is not known yet, seed by seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.transfer.daily import DAILY
from benchmarks.transfer.encoders import Encoders
from benchmarks.transfer.held import held_windows, judge
from benchmarks.transfer.rows import ROWS, Case
from benchmarks.transfer.scales import SCALED

if TYPE_CHECKING:
    from benchmarks.transfer.domain import Domain
    from benchmarks.transfer.results import Results

__all__ = ["NONE", "SHARES", "reader", "run"]

SHARES = (1, 5, 10, 100)
NONE = "-"
"""The source of rows that have none."""


def reader(folder: Path) -> Callable[[str], Domain]:
    """Domains by name, each read once."""
    return cache(lambda name: (DAILY | SCALED)[name](folder))


def run(
    results: Results,
    domains: Callable[[str], Domain],
    pairs: Sequence[tuple[str, str]],
    *,
    shares: Sequence[int] = SHARES,
    seeds: int = 3,
    rows: Sequence[str] = tuple(ROWS),
    split: str = "test",
    work: Path | None = None,
) -> None:
    """Score the rows on pairs of a source and a target; encoders are kept in ``work``."""
    encoders, held = Encoders(domains, work), cache(lambda name: held_windows(domains(name), split))
    for seed in range(seeds):
        for source, target in pairs:
            for row, share in _wanted(rows, shares, seed):
                told = source if ROWS[row].needs_source else NONE
                where = {"target": target, "source": told, "share": share, "row": row, "seed": seed}
                if not results.has(**where):
                    case = Case(domains(source), domains(target), share, seed, encoders)
                    results.record(judge(ROWS[row].fit(case), held(target)), **where)


def _wanted(rows: Sequence[str], shares: Sequence[int], seed: int) -> Iterator[tuple[str, int]]:
    """Rows and shares; those that draw nothing with the first seed only, those that fit nothing once."""
    for name in rows:
        if ROWS[name].is_drawn or seed == 0:
            yield from ((name, share) for share in (shares if ROWS[name].needs_windows else (0,)))
