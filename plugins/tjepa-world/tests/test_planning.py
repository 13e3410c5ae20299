"""Planning finds cheap actions, keeps to bounds, and says when a goal is out of reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tjepa_world import Controller, GoalCost, LatentWorldModel, PlannerConfig, Trajectories, learn_cost, plan
from tjepa_world.planning.goal import states_of
from tjepa_world.planning.search import Bounds, search

from tjepa_estimators.errors import ConfigError, DataError

METHODS = ("cem", "mppi")
FEW = PlannerConfig(candidates=64, elites=8)


def quadratic(actions):
    """Cheapest where the first action is .5 and the second -.25, at every step."""
    return (actions - torch.tensor([0.5, -0.25])).square().sum(dim=(1, 2))


def run(config, objective=quadratic, horizon=4, start=None, bounds=(-1, 1)):
    return search(objective, horizon, Bounds.of(bounds, 2), config, torch.Generator().manual_seed(0), start)


@pytest.mark.parametrize("method", METHODS)
def test_the_search_comes_close_to_the_optimum(method):
    config = PlannerConfig(method=method, iterations=12, smoothness=0.0, keep=0.0)
    actions, cost = run(config, horizon=3)
    assert cost == pytest.approx(float(quadratic(actions[None])), abs=1e-6)
    assert cost < 0.05 * float(quadratic(torch.zeros(1, 3, 2)))


@pytest.mark.parametrize("method", METHODS)
def test_actions_stay_within_their_bounds(method):
    actions, _ = run(PlannerConfig(method=method), lambda actions: -actions.sum(dim=(1, 2)), bounds=((-1, 0), (0.1, 3)))
    assert (actions <= torch.tensor([0.1, 3.0])).all()
    assert (actions >= torch.tensor([-1.0, 0.0])).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_good_start_is_never_lost(method):
    best = torch.tensor([0.5, -0.25]).expand(4, -1)
    _, cost = run(PlannerConfig(method=method, candidates=4, elites=2, iterations=1), start=best)
    assert cost == 0.0


@pytest.mark.parametrize("method", METHODS)
def test_costs_that_are_nan_are_not_chosen(method):
    def objective(actions):
        cost = quadratic(actions)
        return torch.where(actions[:, 0, 0] > 0.3, torch.nan, cost)

    actions, cost = run(PlannerConfig(method=method), objective)
    assert np.isfinite(cost)
    assert actions[0, 0] <= 0.3
    run(PlannerConfig(method=method), lambda actions: actions.sum(dim=(1, 2)) * torch.nan)


def test_a_seed_gives_the_same_plan_again(world):
    first, again, other = (
        plan(world, np.zeros(2), np.array([0.5, 0.5]), bounds=(-1, 1), horizon=4, planner=FEW, seed=seed)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.actions, again.actions)
    assert not np.array_equal(first.actions, other.actions)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("goal", [(0.6, 0.4), (-0.5, 0.5)])
def test_a_plan_leads_to_its_goal(world, goal, method):
    found = plan(
        world,
        np.zeros(2),
        np.array(goal),
        bounds=(-1, 1),
        horizon=6,
        focus="final",
        planner=replace(FEW, method=method),
    )
    end = 0.2 * found.actions.sum(axis=0)  # what the actions do in truth
    assert np.linalg.norm(end - goal) < 0.35 * np.linalg.norm(goal)
    assert found.reached
    assert found.verdict.startswith("reached")


def test_a_goal_out_of_reach_is_told(world):
    far = plan(world, np.array([-1.0, -1.0]), np.array([1.0, 1.0]), bounds=(-0.01, 0.01), horizon=3, planner=FEW)
    assert not far.reached
    assert far.looks_unreachable
    assert "looks unreachable" in far.verdict


def test_a_plan_tells_what_the_model_expects_of_it(world):
    found = plan(world, np.zeros(2), np.ones(2), bounds=(-1, 1), horizon=5, planner=FEW)
    np.testing.assert_allclose(found.latents, world.rollout(np.zeros(2), found.actions), atol=1e-5)
    assert found.distance == pytest.approx(
        np.linalg.norm(found.latents[-1] - world.encode(np.ones((1, 2)))[0]), rel=1e-4
    )


def test_the_focus_says_which_steps_count():
    latents = torch.tensor([[[3.0], [0.0], [2.0]], [[1.0], [1.0], [1.0]]])
    states = states_of(torch.zeros(1, 1), latents)
    cheapest = {
        one: int(GoalCost(torch.zeros(1, 1), one)(states, states).argmin()) for one in ("path", "final", "nearest")
    }
    assert cheapest == {"path": 1, "final": 1, "nearest": 0}
    with pytest.raises(ConfigError, match="focus"):
        GoalCost(torch.zeros(1, 1), "middle")


def test_a_state_is_a_latent_with_those_before_it():
    start, latents = torch.tensor([[1.0], [2.0]]), torch.tensor([[[3.0], [4.0]]])
    assert states_of(start, latents)[0, :, :, 0].tolist() == [[2.0, 3.0], [3.0, 4.0]]


@pytest.mark.parametrize("kind", ["mlp", "ridge"])
def test_a_learned_cost_ranks_places_as_their_rewards_do(world, points, push, kind):
    cost = learn_cost(world, points, kind=kind, train={"steps": 200})
    fresh = push(20, seed=9)
    states = torch.from_numpy(np.stack([world.encode(one)[1:] for one in fresh.observations])).unsqueeze(2)
    found = cost.each(states, torch.from_numpy(np.stack(fresh.actions)))
    truth = -np.concatenate(fresh.rewards)
    assert np.corrcoef(found.flatten(), truth)[0, 1] > (0.9 if kind == "mlp" else -0.5)
    assert cost(states, torch.from_numpy(np.stack(fresh.actions))).shape == (20,)


def test_a_plan_by_a_learned_cost_goes_where_rewards_are(world, points):
    cost = learn_cost(world, points, train={"steps": 200})
    found = plan(world, np.array([0.8, 0.8]), cost=cost, bounds=(-1, 1), horizon=6, planner=FEW)
    assert np.linalg.norm(0.8 + 0.2 * found.actions.sum(axis=0)) < 0.5
    assert found.distance is None
    assert "no goal" in found.verdict
    assert not found.looks_unreachable


def test_a_cost_needs_rewards_that_are_known(world, points):
    with pytest.raises(DataError, match="have none"):
        learn_cost(world, Trajectories(points.observations, points.actions))
    with pytest.raises(DataError, match="NaN"):
        learn_cost(world, Trajectories(points.observations, points.actions, [np.full(12, np.nan)] * len(points)))
    with pytest.raises(ConfigError, match="kind"):
        learn_cost(world, points, kind="tree")


def test_a_controller_reaches_its_goal_step_by_step(world):
    place, goal = np.zeros(2, np.float32), np.array([0.7, -0.5], np.float32)
    control = Controller(world, goal, bounds=(-1, 1), horizon=5, planner=FEW)
    for _ in range(10):
        place = place + 0.2 * control(place)
    assert np.linalg.norm(place - goal) < 0.25
    assert control.plan.reached
    control.reset()
    assert control.plan is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"goal": None}, "needs a goal, or a cost"),
        ({"horizon": 0}, "horizon must be at least 1"),
        ({"horizon": np.nan}, "horizon must be at least 1"),
        ({"horizon": 2.5}, "a whole number"),
        ({"bounds": (1, -1)}, "each low below its high"),
        ({"bounds": (-np.inf, 1)}, "finite"),
        ({"bounds": ((0, 0, 0), 1)}, "2 numbers each"),
        ({"start": np.zeros((2, 2))}, r"start must be \[3, 2\]"),
        ({"planner": {"method": "genetic"}}, "'cem' or 'mppi'"),
        ({"planner": {"elites": 1}}, "elites"),
        ({"planner": {"smoothness": 1.0}}, "smoothness"),
    ],
)
def test_impossible_wishes_are_refused(world, change, message):
    given = {"goal": np.ones(2), "bounds": (-1, 1), "horizon": 3, "planner": FEW} | change
    with pytest.raises(ConfigError, match=message):
        plan(world, np.zeros(2), **given)


def test_a_goal_of_the_wrong_shape_is_refused(world):
    with pytest.raises(DataError, match="An observation has the shape"):
        plan(world, np.zeros(2), np.zeros(3), bounds=(-1, 1))


@pytest.mark.parametrize("goal", [(1000.0, 1000.0), (-30.0, 0.5)])
def test_a_goal_unlike_all_that_was_seen_is_told(world, goal):
    found = plan(world, np.zeros(2), np.array(goal), bounds=(-1, 1), horizon=6, planner=FEW)
    assert found.looks_unreachable
    assert "unlike all of the training" in found.verdict


def test_a_goal_with_nan_is_refused(world):
    with pytest.raises(DataError, match="goal holds NaN"):
        plan(world, np.zeros(2), np.array([np.nan, 0.5]), bounds=(-1, 1), horizon=3)


def test_a_plan_that_passes_its_goal_reaches_it_where_the_nearest_step_counts(world):
    """Actions are pushed on beyond it: the end is far, a step on the way is there."""
    settings = {"bounds": ((0.9, -0.1), (1.0, 0.1)), "horizon": 8, "planner": FEW}
    start, goal = np.array([-0.8, 0.0]), np.array([-0.4, 0.0])
    nearest, final = (plan(world, start, goal, focus=focus, **settings) for focus in ("nearest", "final"))
    assert nearest.reached
    assert not final.reached


def test_a_cost_of_another_model_is_refused(world, points, encoder):
    other = LatentWorldModel(encoder, {"rollout": 2, "latent_dim": 4}, {"steps": 2}).fit(points)
    with pytest.raises(ConfigError, match="learn it anew"):
        plan(world, np.zeros(2), cost=learn_cost(other, points, train={"steps": 2}), bounds=(-1, 1))


def test_a_cost_of_one_step_is_a_number(world, push):
    cost = learn_cost(world, push(1, steps=1), train={"steps": 2})
    assert np.isfinite(plan(world, np.zeros(2), cost=cost, bounds=(-1, 1), horizon=2, planner=FEW).cost)


def test_a_controller_goes_on_after_an_observation_that_does_not_fit(points, encoder):
    model = LatentWorldModel(encoder, {"rollout": 2, "history": 2}, {"steps": 2}).fit(points)
    control = Controller(model, np.ones(2), bounds=(-1, 1), horizon=2, planner=FEW)
    place = np.zeros(2)
    control(place)
    with pytest.raises(DataError, match="An observation has the shape"):
        control(np.zeros(3))
    place += 1.0  # the array that was given is written to, as some environments do
    control(place)
    alone = Controller(model, np.ones(2), bounds=(-1, 1), horizon=2, planner=FEW)
    for one in (np.zeros(2), np.ones(2)):
        alone(one)
    np.testing.assert_array_equal(control.plan.actions, alone.plan.actions)
