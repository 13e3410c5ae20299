"""The benchmark of world models: its true dynamics are true, and its tables divide by what they say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("gymnasium")
pytest.importorskip("tjepa_world")

from tjepa_world import Trajectories

from benchmarks.ledger import Ledger
from benchmarks.world_model.distances import rank_correlation
from benchmarks.world_model.episodes import episodes_of, evaluate
from benchmarks.world_model.page import make_report, margins
from benchmarks.world_model.worlds import WORLDS


def test_the_true_costs_of_pendulum_are_those_of_the_environment():
    world, actions = WORLDS["pendulum"], np.random.default_rng(0).uniform(-2, 2, (1, 12, 1))
    env = world.make()
    state, _ = env.reset(seed=3)
    found = world.simulate(state, world.goal(None), actions)[0]
    rewards, costs = [], 0.0
    for action in actions[0]:
        state, reward, *_ = env.step(action.astype(np.float32))
        rewards.append(reward)
    angle = np.arctan2(state[1], state[0])
    # a reward tells of the state before its action, a cost of the one after
    costs = -sum(rewards[1:]) + angle**2 + 0.1 * state[2] ** 2 + 0.001 * float(actions[0, 0, 0]) ** 2
    assert found == pytest.approx(costs, rel=1e-3)


def test_the_true_costs_of_the_maze_are_those_of_the_environment():
    world, random = WORLDS["maze"], np.random.default_rng(1)
    goal, actions = world.goal(random), random.uniform(-1, 1, (1, 8, 2))
    env = world.make()
    state, _ = env.reset(options=world.reset(random, goal))
    found = world.simulate(state, goal, actions)[0]
    squares = [env.step(action)[1] ** 2 for action in actions[0]]
    assert found == pytest.approx(squares[-1] + 0.1 * np.mean(squares), rel=1e-3)


def round_the_wall(goal):
    """Up to the open end, over to the side of the goal, and there."""

    def act(place):
        over = [0.6, 0.75] if place[1] > 0.7 else [place[0], 0.75]
        return np.clip(((goal if place[0] > 0.53 else np.array(over)) - place) / 0.1, -1, 1)

    return act


def test_an_episode_of_the_maze_counts_where_the_goal_is_reached():
    world = WORLDS["maze"]
    assert evaluate(world, round_the_wall, 4, seed=0) == 1.0
    assert evaluate(world, lambda _: lambda _: np.zeros(2), 4, seed=0) == 0.0
    lengths = [len(one) for one in episodes_of(world, round_the_wall, 4, seed=0).actions]
    assert max(lengths) < world.steps


def test_an_episode_of_pendulum_scores_its_return():
    world = WORLDS["pendulum"]
    found = episodes_of(world, lambda _: lambda _: np.zeros(1), 1, seed=0)
    expected = -sum(np.arctan2(y, x) ** 2 + 0.1 * speed**2 for x, y, speed in found.observations[0][:-1])
    assert evaluate(world, lambda _: lambda _: np.zeros(1), 1, seed=0) == pytest.approx(expected, rel=1e-3)


def test_a_margin_is_measured_from_random_to_the_true_dynamics_seed_by_seed():
    lines = [
        ("random actions", 0, -1000.0), ("true dynamics", 0, -200.0), ("JEPA", 0, -400.0),
        ("random actions", 1, 0.0), ("true dynamics", 1, 10.0), ("JEPA", 1, 12.0),
    ]  # fmt: skip
    table = pd.DataFrame(lines, columns=["row", "seed", "score"]).assign(world="pendulum")
    found = margins(table)
    assert found[found["row"] == "JEPA"]["margin"].tolist() == [75.0, 120.0]


def test_a_page_shows_all_rows():
    plans = Ledger(None, ["world", "input", "row", "cost", "seed"], ["score", "order"])
    rollouts = Ledger(None, ["world", "input", "row", "predictor", "seed"], ["h1"])
    where = {"world": "maze", "input": "states", "cost": "goal", "seed": 0}
    for row, score in (("random actions", 0.0), ("true dynamics", 1.0), ("JEPA", 0.8)):
        plans.add({**where, "row": row, "score": score, "order": np.nan})
    where = {"world": "maze", "input": "states", "row": "JEPA", "seed": 0, "predictor": "model"}
    rollouts.add({**where, **{f"h{one}": 0.1 for one in (1, 5, 10, 15)}})
    text = make_report(plans, rollouts).markdown("command")
    assert "| maze, states, JEPA, goal | 0.80 | 80.00 | - | 1 |" in text
    assert "| maze, states, JEPA, model | 0.100 |" in text


def test_the_order_of_distances_is_right_where_latents_are_the_places_themselves():
    class Places:
        def encode(self, observations):
            return np.asarray(observations)

    world, places = WORLDS["maze"], np.random.default_rng(2).uniform(0, 1, (1, 30, 2))
    states = Trajectories(list(places), [np.zeros((29, 2))])
    found = rank_correlation(world, Places(), states, states, lambda state: state, seed=0)
    assert found == pytest.approx(1.0)
    shuffled = Trajectories([places[0, ::-1]], [np.zeros((29, 2))])
    assert rank_correlation(world, Places(), states, shuffled, lambda state: state, seed=0) < 0.9
