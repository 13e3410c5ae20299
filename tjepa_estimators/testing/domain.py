"""What every data domain must keep, so that it can be pretrained on, split, cited and tested offline."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from unittest import mock

import numpy as np
import pandas as pd

from tjepa_estimators.contracts import DataDomain, DomainInfo, SampleDomain
from tjepa_estimators.data.domains import load_domain
from tjepa_estimators.data.series import Series
from tjepa_estimators.plugins.catalog import get_domain
from tjepa_estimators.testing.families import quiet
from tjepa_estimators.testing.hooks import expect_light_hooks
from tjepa_estimators.testing.report import Check, Report, SkipCheck, expect, run_checks
from tjepa_estimators.testing.subjects import TINY_JEPA, TINY_TRAIN
from tjepa_estimators.training.run import pretrain

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DOMAIN_CHECKS", "RegisteredDomain", "check_domain", "domain_checks", "no_network"]

MakeDomain: TypeAlias = Callable[[], DataDomain]


@dataclass(frozen=True, slots=True)
class RegisteredDomain:
    """Opens the domain that is registered under a name.

    Raises
    ------
    PluginError
        If no installed distribution brings it.
    """

    name: str

    def __post_init__(self) -> None:
        get_domain(self.name)

    def __call__(self) -> DataDomain:
        """The domain."""
        return load_domain(self.name)


def check_info_is_complete(make: MakeDomain) -> None:
    """``info`` is a DomainInfo that states name, title, licence and source, a known frequency and a season.

    ``frequency`` is what pandas understands (``"D"``, ``"h"``), or empty where steps carry no time; ``season`` is a
    whole number of steps, 1 where there is none; ``sha256`` is the checksum of the data file, 64 hexadecimal digits,
    or empty where the series are computed.
    """
    info: Any = make().info  # as it is, whatever its type says
    expect(isinstance(info, DomainInfo), f"info is a {type(info).__name__}.")
    missing = [name for name in ("name", "title", "licence", "source") if not getattr(info, name).strip()]
    expect(not missing, f"info does not state {missing}.")
    expect(isinstance(info.season, int) and info.season >= 1, f"season is {info.season!r}.")
    expect(re.fullmatch(r"([0-9a-f]{64})?", info.sha256) is not None, f"sha256 is {info.sha256!r}.")
    if info.frequency:
        pd.tseries.frequencies.to_offset(info.frequency)
    if isinstance(make, RegisteredDomain):
        expect(info.name == make.name, f"It is registered as {make.name!r}, but info calls it {info.name!r}.")


def check_splits_make_the_whole(make: MakeDomain) -> None:
    """For each series, the steps of ``"train"`` and then those of ``"test"`` are those of ``"all"``.

    Cut each series once in time (:meth:`~tjepa_estimators.Series.split`), and give the series of a panel different
    names. A series may be in one of the two only.
    """
    whole, train, test = (_by_name(make().series(split)) for split in ("all", "train", "test"))
    expect(bool(train) and bool(test), f"There are {len(train)} series to train on and {len(test)} to test on.")
    expect(whole.keys() == train.keys() | test.keys(), "The splits name other series than there are.")
    for name, series in whole.items():
        parts = [split[name].values for split in (train, test) if name in split]
        same = np.array_equal(np.concatenate(parts), series.values, equal_nan=True)
        expect(same, f"Train and test of series {name!r} do not make up the whole.")


def check_test_is_later_than_train(make: MakeDomain) -> None:
    """Nothing in ``"train"`` is later than anything in ``"test"``, across all series.

    Cut all series at one moment; else what is learned from one series foretells another. Series without an index are
    left out of this.
    """
    ends = [one.index[-1] for one in make().series("train") if one.index is not None]
    starts = [one.index[0] for one in make().series("test") if one.index is not None]
    if not ends or not starts:
        raise SkipCheck("the series carry no time")
    expect(max(ends) < min(starts), f"Training data reaches to {max(ends)}, test data begins at {min(starts)}.")


def check_unknown_split_is_refused(make: MakeDomain) -> None:
    """A split that does not exist is an error.

    Raise :class:`~tjepa_estimators.errors.DataError` that lists the splits, rather than returning all series.
    """
    try:
        make().series("no such split")
    except (LookupError, ValueError):
        return
    expect(fact=False, message="series('no such split') raised neither a ValueError nor a LookupError.")


def check_values_are_usable(make: MakeDomain) -> None:
    """Series are finite but for gaps, which are NaN and at most half of each channel, and lie on a regular grid.

    A gap is a row of NaN, not a row that is missing: reindex on ``pd.date_range(..., freq=info.frequency)``. Replace
    infinities and codes such as -999 by NaN.
    """
    domain = make()
    for one in domain.series():
        expect(isinstance(one, Series), f"series() gives a {type(one).__name__}; wrap arrays in Series.")
        expect(not np.isinf(one.values).any(), f"Series {one.name!r} holds infinite values.")
        gaps = float(np.isnan(one.values).mean(axis=0).max())
        expect(gaps <= 0.5, f"A channel of series {one.name!r} misses {gaps:.0%} of its values.")
        if domain.info.frequency and one.index is not None:
            grid = pd.date_range(one.index[0], periods=len(one), freq=domain.info.frequency)
            expect(np.array_equal(grid, one.index), f"The index of {one.name!r} has not frequency {grid.freqstr}.")


def check_opens_the_same_twice(make: MakeDomain) -> None:
    """Opened twice, a domain gives the same series.

    Seed generated data from a constant, sort what comes from a folder or a set, and hand out copies of what may be
    changed.
    """
    one, two = _by_name(make().series()), _by_name(make().series())
    same = one.keys() == two.keys() and all(
        np.array_equal(one[name].values, two[name].values, equal_nan=True) for name in one
    )
    expect(same, "series() differs between two openings.")


def check_sample_needs_no_network(make: MakeDomain) -> None:
    """``sample()`` gives a few short series without a network.

    Ship the sample with the package (``importlib.resources``) or compute it; download in ``series()`` only.
    """
    with no_network():
        sample = make().sample()
    expect(len(sample) >= 1 and all(isinstance(one, Series) for one in sample), "sample() gives no Series.")
    steps = sum(len(one) for one in sample)
    expect(steps <= 100_000, f"The sample has {steps} steps; 100,000 is short.")


def check_pretrains_on_its_sample(make: MakeDomain) -> None:
    """A step of pretraining on ``sample()`` works and gives finite embeddings.

    Give each series of the sample at least 32 steps with some observed ones in each stretch.
    """
    sample = list(make().sample())
    with quiet():
        encoder = pretrain(sample, config=TINY_JEPA, train=TINY_TRAIN)
    windows: NDArray[np.floating[Any]] = sample[0].tail(24).values.T
    expect(bool(np.isfinite(encoder.embed(windows)).all()), "Embeddings of the sample are not finite.")


def check_hooks_import_no_torch(make: MakeDomain) -> None:
    """Finding the domain imports neither torch nor numpy nor pandas.

    The module named in the entry point only describes the domain; import heavy libraries inside its functions, or keep
    it in another module, which ``target="package.module:function"`` names.
    """
    if not isinstance(make, RegisteredDomain):
        raise SkipCheck("needs a registered domain: give its name instead of a function")
    expect_light_hooks(get_domain(make.name))


def _by_name(series: Sequence[Series]) -> dict[object, Series]:
    named: dict[object, Series] = {one.name: one for one in series}
    expect(len(named) == len(series), "Two series have the same name.")
    return named


@contextmanager
def no_network() -> Iterator[None]:
    """Fail the running check where a block reaches for the network."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("sample() reached for the network.")

    with (
        mock.patch.object(socket.socket, "connect", refuse),
        mock.patch.object(socket, "create_connection", refuse),
        mock.patch.object(socket, "getaddrinfo", refuse),
    ):
        yield


DOMAIN_CHECKS: tuple[Check, ...] = (
    check_info_is_complete,
    check_splits_make_the_whole,
    check_test_is_later_than_train,
    check_unknown_split_is_refused,
    check_values_are_usable,
    check_opens_the_same_twice,
    check_sample_needs_no_network,
    check_pretrains_on_its_sample,
    check_hooks_import_no_torch,
)
"""All checks of a data domain; each is called as ``check(make)``."""


def domain_checks(make: Callable[[], object]) -> tuple[Check, ...]:
    """The checks for what ``make`` opens: a domain of series, or of samples of another kind."""
    if not isinstance(make(), SampleDomain):
        return DOMAIN_CHECKS
    from tjepa_estimators.testing.sample_domain import SAMPLE_DOMAIN_CHECKS

    return SAMPLE_DOMAIN_CHECKS


def check_domain(domain: str | MakeDomain, expected_failures: Mapping[str, str] | None = None) -> Report:
    """Run all checks on a data domain.

    Parameters
    ----------
    domain
        Its registered name, or a function without arguments that returns it.
    expected_failures
        Names of checks that are known to fail, each with the reason; one that passes is a failure.

    Returns
    -------
    What each check found.

    Raises
    ------
    ConformanceError
        If a check failed; the message says for each how to keep its law.
    PluginError
        If no installed distribution brings the domain.

    Examples
    --------
    >>> check_domain("ecg").summary
    '8 passed, 1 skipped'
    """
    make = RegisteredDomain(domain) if isinstance(domain, str) else domain
    report = run_checks(domain_checks(make), make, expected_failures)
    report.raise_for_failures()
    return report
