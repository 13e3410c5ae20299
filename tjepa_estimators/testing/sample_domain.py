"""What every domain of samples must keep, beside what domains of series must."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from tjepa_estimators.contracts import SampleDomain
from tjepa_estimators.jepa.config import as_preset
from tjepa_estimators.testing.domain import (
    check_hooks_import_no_torch,
    check_info_is_complete,
    no_network,
)
from tjepa_estimators.testing.families import quiet
from tjepa_estimators.testing.report import Check, SkipCheck, expect
from tjepa_estimators.testing.subjects import TINY_TRAIN
from tjepa_estimators.testing.tokenizer import TOKENIZER_CHECKS, TokenizerSubject
from tjepa_estimators.training.run import pretrain

__all__ = ["SAMPLE_DOMAIN_CHECKS"]

MakeDomain: TypeAlias = Callable[[], SampleDomain]

_MOST = 10_000


def _same(one: Sequence[object], two: Sequence[object]) -> bool:
    return list(map(_key, one)) == list(map(_key, two))


def _key(item: object) -> tuple[str, bytes]:
    values = np.asarray(item)
    return str(values.shape), values.tobytes()


def check_items_split_into_train_and_test(make: MakeDomain) -> None:
    """The items of ``"train"`` and those of ``"test"`` together are those of ``"all"``, and neither is empty.

    Split whole documents, clips or folders, in time where there is time, so that nothing is in both.
    """
    whole, train, test = (list(make().items(split)) for split in ("all", "train", "test"))
    expect(bool(train) and bool(test), f"There are {len(train)} items to train on and {len(test)} to test on.")
    same = sorted(map(_key, whole)) == sorted(map(_key, [*train, *test]))
    expect(same, "Train and test do not make up the whole.")


def check_unknown_split_is_refused(make: MakeDomain) -> None:
    """A split that does not exist is an error.

    Raise :class:`~tjepa_estimators.errors.DataError` that lists the splits, rather than returning all items.
    """
    try:
        make().items("no such split")
    except (LookupError, ValueError):
        return
    expect(fact=False, message="items('no such split') raised neither a ValueError nor a LookupError.")


def check_opens_the_same_twice(make: MakeDomain) -> None:
    """Opened twice, a domain gives the same items.

    Sort what comes from a folder or a set, and hand out copies of what may be changed.
    """
    expect(_same(make().items(), make().items()), "items() differs between two openings.")


def check_sample_needs_no_network(make: MakeDomain) -> None:
    """``sample()`` gives a few items without a network.

    Ship the sample with the package (``importlib.resources``) or compute it; download in ``items()`` only.
    """
    with no_network():
        sample = make().sample()
    expect(3 <= len(sample) <= _MOST, f"The sample has {len(sample)} items; give 3 to {_MOST}.")


def check_preset_pretrains_on_its_sample(make: MakeDomain) -> None:
    """A step of pretraining on ``sample()`` with ``preset`` works and gives finite embeddings, one for each item.

    Name a recipe that a plugin registers, small enough to take a step in a second.
    """
    domain = make()
    sample = list(domain.sample())
    with quiet():
        encoder = pretrain(sample, config=domain.preset, train=TINY_TRAIN)
    features = encoder.embed(sample)
    expect(len(features) == len(sample), f"{len(sample)} items gave {len(features)} embeddings.")
    expect(bool(np.isfinite(features).all()), "Embeddings of the sample are not finite.")


def check_tokenizer_keeps_its_contract(make: MakeDomain) -> None:
    """The tokenizer of ``preset`` passes all checks of a tokenizer on ``sample()``.

    The message names the check; its advice stands with :func:`tjepa_estimators.testing.check_tokenizer`.
    """
    domain = make()
    tokenizer = as_preset(domain.preset).jepa.tokenizer
    if tokenizer is None:
        raise SkipCheck(f"the preset {domain.preset!r} has no tokenizer")
    sample = list(domain.sample())
    config = tokenizer.fit_to(sample)
    for check in TOKENIZER_CHECKS:
        try:
            check(lambda: TokenizerSubject(config, sample))
        except Exception as error:
            raise AssertionError(f"{check.__name__}: {error}") from error


SAMPLE_DOMAIN_CHECKS: tuple[Check, ...] = (
    check_info_is_complete,
    check_items_split_into_train_and_test,
    check_unknown_split_is_refused,
    check_opens_the_same_twice,
    check_sample_needs_no_network,
    check_preset_pretrains_on_its_sample,
    check_tokenizer_keeps_its_contract,
    check_hooks_import_no_torch,
)
"""All checks of a domain whose items are no series; each is called as ``check(make)``."""
