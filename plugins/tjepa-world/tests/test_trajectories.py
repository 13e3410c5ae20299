"""Trajectories hold what fits together, and stretches of them are cut where they should."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tjepa_world import Trajectories
from tjepa_world.windows import Stretches

from tjepa_estimators.errors import DataError


def lots(*steps):
    return Trajectories([np.zeros((one + 1, 3)) for one in steps], [np.zeros((one, 2)) for one in steps])


def test_items_are_the_observations_one_after_the_other():
    assert lots(4, 2).items.shape == (5 + 3, 3)
    assert lots(4, 2).num_steps == 6


@pytest.mark.parametrize(
    ("seen", "done", "message"),
    [
        ([], [], "at least one"),
        ([np.zeros((3, 2))], [], "one of each"),
        ([np.zeros((3, 2))], [np.zeros((3, 1))], r"one observation more than actions"),
        ([np.zeros((3, 2))], [np.zeros(2)], r"give numbers \[steps actions\]"),
        ([np.zeros((1, 2))], [np.zeros((0, 1))], "one step or more"),
        ([np.zeros((3, 2))], [np.array([[np.nan], [0.0]])], "NaN"),
        ([np.zeros((3, 2)), np.zeros((3, 4))], [np.zeros((2, 1))] * 2, "observations have the shapes"),
        ([np.zeros((3, 2))] * 2, [np.zeros((2, 1)), np.zeros((2, 2))], "actions have the shapes"),
    ],
)
def test_what_does_not_fit_is_refused(seen, done, message):
    with pytest.raises(DataError, match=message):
        Trajectories(seen, done)


def test_rewards_must_fit_the_steps():
    with pytest.raises(DataError, match="rewards have the shapes"):
        Trajectories([np.zeros((3, 2))], [np.zeros((2, 1))], [np.zeros(3)])


def test_records_are_put_one_after_the_other():
    one = Trajectories([np.ones((3, 2))], [np.ones((2, 1))], [np.ones(2)])
    other = Trajectories([np.zeros((5, 2))], [np.zeros((4, 1))], [np.zeros(4)])
    both = Trajectories.concat([one, other])
    np.testing.assert_array_equal(both.items, np.repeat([[1.0], [0.0]], [3, 5], axis=0).repeat(2, axis=1))
    assert [gains.sum() for gains in both.rewards] == [2.0, 0.0]
    assert both.num_steps == 6


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "at least one"),
        ([lots(2), Trajectories([np.zeros((3, 3))], [np.zeros((2, 2))], [np.zeros(2)])], "1 of 2 parts have rewards"),
        ([lots(2), Trajectories([np.zeros((3, 4))], [np.zeros((2, 2))])], "observations have the shapes"),
    ],
)
def test_records_that_do_not_go_together_are_refused(parts, message):
    with pytest.raises(DataError, match=message):
        Trajectories.concat(parts)


def test_a_stretch_is_what_a_loop_finds():
    trajectories, history, rollout = lots(5, 2, 7), 3, 4
    stretches, number, seen, done = Stretches(trajectories, history, rollout), 0, 0, 0
    for actions in trajectories.actions:
        steps = len(actions)
        for time in range(steps):
            found = stretches.take(torch.tensor([number]))
            assert found.past[0].tolist() == [seen + max(0, time - back) for back in (2, 1, 0)]
            for ahead in range(rollout):
                assert bool(found.valid[0, ahead]) == (time + ahead < steps)
                if time + ahead < steps:
                    assert found.actions[0, ahead] == done + time + ahead
                    assert found.later[0, ahead] == seen + time + ahead + 1
            assert found.later.max() <= seen + steps
            number += 1
        seen, done = seen + steps + 1, done + steps
    assert number == len(stretches)


def test_lists_and_stacked_arrays_are_taken_too():
    listed = Trajectories([[[0.0], [1.0]]], [[[0.5]]], None)
    assert listed.items.tolist() == [[0.0], [1.0]]
    assert not listed.rewards
    stacked = Trajectories(np.zeros((4, 3, 2)), np.zeros((4, 2, 1)), np.zeros((4, 2)))
    assert (len(stacked), stacked.num_steps) == (4, 8)
