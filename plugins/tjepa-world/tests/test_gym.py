"""Gymnasium as a source of trajectories, and the maze."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.errors import ConfigError

gymnasium = pytest.importorskip("gymnasium")

from tjepa_world.gym import PointMaze, collect, move, random_policy, run_episode  # noqa: E402 - skipped where missing
from tjepa_world.gym.maze import WALLS  # noqa: E402 - the same
from tjepa_world.gym.pictures import shrink  # noqa: E402 - the same


def test_no_point_ever_is_in_a_wall():
    random = np.random.default_rng(0)
    points = random.uniform(0, 0.4, (500, 2))
    left, bottom, right, top = WALLS[0]
    for _ in range(60):
        points = move(points, random.uniform(-1.5, 1.5, (500, 2)))
        x, y = points.T
        assert not ((x > left) & (x < right) & (y > bottom) & (y < top)).any()
        assert points.min() >= 0.0
        assert points.max() <= 1.0


def test_the_wall_stops_and_the_way_round_is_open():
    point = np.array([[0.4, 0.3]])
    for _ in range(10):
        point = move(point, np.array([[1.0, 0.0]]))
    assert point[0, 0] < 0.48
    for push in ([0.0, 1.0], [1.0, 0.0]):
        for _ in range(6):
            point = move(point, np.array([push]))
    assert point[0, 0] > 0.55


def test_points_move_alone_as_in_a_batch():
    points, pushes = np.random.default_rng(0).uniform(0, 1, (2, 50, 2))
    alone = [move(point[None], push[None])[0] for point, push in zip(points, pushes, strict=True)]
    np.testing.assert_array_equal(move(points, pushes), alone)


def test_the_maze_is_an_environment_as_gymnasium_checks_it():
    from gymnasium.utils.env_checker import check_env

    check_env(PointMaze(render_mode="rgb_array"), skip_render_check=True)


def test_a_goal_that_is_reached_ends_the_episode():
    env = PointMaze()
    env.reset(options={"start": (0.2, 0.2), "goal": (0.25, 0.2)})
    _, reward, ended, _, info = env.step(np.zeros(2))
    assert ended
    assert info["success"]
    assert reward == pytest.approx(-0.05)


def test_a_picture_shows_where_the_point_is():
    env = PointMaze(render_mode="rgb_array")
    env.reset(options={"start": (0.2, 0.8)})
    picture = env.render()
    assert picture.shape == (32, 32, 3)
    row, column = np.unravel_index(picture[..., 0].argmin(), (32, 32))
    assert (column + 0.5) / 32 == pytest.approx(0.2, abs=0.03)
    assert 1 - (row + 0.5) / 32 == pytest.approx(0.8, abs=0.03)


def test_collected_steps_are_as_many_as_asked_and_the_same_for_a_seed():
    first, again, other = (collect(PointMaze(), steps=45, episode=20, seed=seed) for seed in (0, 0, 1))
    assert [len(one) for one in first.actions] == [20, 20, 5]
    np.testing.assert_array_equal(first.items, again.items)
    assert not np.array_equal(first.items, other.items)


def test_what_is_collected_follows_from_its_actions():
    found = collect(PointMaze(), steps=30, episode=30)
    after = move(found.observations[0][:-1], found.actions[0])
    np.testing.assert_allclose(found.observations[0][1:], after, atol=1e-5)


@pytest.mark.parametrize(("grey", "channels"), [(True, 1), (False, 3)])
def test_frames_are_collected_in_place_of_states(grey, channels):
    found = collect(PointMaze(render_mode="rgb_array"), steps=6, frames=True, size=16, grey=grey)
    assert found.observations[0].shape == (7, 16, 16, channels)
    assert found.observations[0].dtype == np.uint8


def test_frames_and_states_of_a_seed_belong_together():
    env = PointMaze(render_mode="rgb_array")
    frames, states = collect(env, steps=6, frames=True), collect(env, steps=6)
    np.testing.assert_array_equal(frames.actions[0], states.actions[0])


def test_pendulum_is_collected_from():
    found = collect(gymnasium.make("Pendulum-v1"), steps=20, episode=10)
    assert found.observation_shape == (3,)
    assert np.abs(found.items).max() <= 8.0
    assert (np.concatenate(found.rewards) <= 0.0).all()


def test_an_episode_follows_its_policy():
    env = PointMaze()
    episode = run_episode(env, lambda _: np.array([0.0, 1.0]), 5, seed=0, options={"start": (0.1, 0.1)})
    assert episode.observations[0][-1] == pytest.approx((0.1, 0.6))


def test_random_actions_fill_their_box_and_last():
    box = gymnasium.spaces.Box(-2.0, 1.0, (1,))
    act = random_policy(box, hold=5)
    done = np.array([act(None) for _ in range(500)])
    assert done.min() < -1.8
    assert done.max() > 0.8
    assert 0.4 < (np.diff(done[:, 0]) == 0.0).mean() < 0.9


def test_impossible_wishes_are_refused():
    with pytest.raises(ConfigError, match="render_mode='rgb_array'"):
        collect(PointMaze(), steps=3, frames=True)
    with pytest.raises(ConfigError, match="bounded box"):
        random_policy(gymnasium.spaces.Discrete(3))
    with pytest.raises(ConfigError, match="larger than the picture"):
        shrink(np.zeros((8, 8, 3), np.uint8), 16, grey=True)
    with pytest.raises(ConfigError, match="render_mode"):
        PointMaze(render_mode="human")
    with pytest.raises(ConfigError, match="at least 1"):
        collect(PointMaze(), steps=3, episode=0)
    with pytest.raises(ConfigError, match="hold"):
        random_policy(PointMaze().action_space, hold=0)
    with pytest.raises(ConfigError, match="steps must be at least 1"):
        run_episode(PointMaze(), lambda _: np.zeros(2), 0, seed=0)
    several = PointMaze()
    several.observation_space = gymnasium.spaces.Dict({"place": several.observation_space})
    with pytest.raises(ConfigError, match="FlattenObservation"):
        collect(several, steps=3)
    several.observation_space = gymnasium.spaces.Discrete(3)
    with pytest.raises(ConfigError, match="FlattenObservation"):
        collect(several, steps=3)


def test_there_is_no_way_through_the_wall_but_round_its_upper_end():
    heights = np.linspace(0.0, 0.64, 33)
    points = np.stack([np.full(33, 0.3), heights], axis=1)
    for slope in (-1.0, 0.0):
        moved = points
        for _ in range(8):
            moved = move(moved, np.tile([1.0, slope], (33, 1)))
        assert (moved[:, 0] <= 0.47).all()
    assert move(np.array([[0.45, 0.7]]), np.array([[1.0, 0.0]]))[0, 0] > 0.53


class _Reuses(gymnasium.Env):
    """Writes each state into the same array, as environments may."""

    observation_space = gymnasium.spaces.Box(-10.0, 10.0, (1,), np.float32)
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def __init__(self):
        self.state = np.zeros(1, np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state[:] = 0.0
        return self.state, {}

    def step(self, action):
        self.state += 1.0
        return self.state, 0.0, False, False, {}


def test_an_environment_and_a_policy_that_reuse_their_arrays_are_recorded_as_they_were():
    action = np.zeros(1, np.float32)

    def act(state):
        action[:] = 0.1 * state
        return action

    found = run_episode(_Reuses(), act, 4, seed=0)
    assert found.observations[0].ravel().tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(found.actions[0].ravel(), [0.0, 0.1, 0.2, 0.3], rtol=1e-6)


def test_a_policy_is_reset_before_each_episode():
    class Counts:
        steps, resets = 0, 0

        def reset(self):
            self.steps, self.resets = 0, self.resets + 1

        def __call__(self, state):
            assert state[0] == self.steps
            self.steps += 1
            return np.zeros(1)

    policy = Counts()
    collect(_Reuses(), policy, steps=9, episode=3)
    assert policy.resets == 3


def test_a_policy_sees_pictures_where_pictures_are_kept():
    shapes = set()

    def act(seen):
        shapes.add((seen.shape, seen.dtype.name))
        return np.zeros(2)

    env = PointMaze(render_mode="rgb_array")
    collect(env, act, steps=3, frames=True, size=16)
    run_episode(env, act, 3, seed=0, frames=True, size=16)
    assert shapes == {((16, 16, 1), "uint8")}
