"""A demonstration: collect, pretrain, learn what actions do, plan, and draw the way that was taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import matplotlib as mpl
import numpy as np

from tjepa_estimators.errors import ArtifactError, ConfigError
from tjepa_estimators.training.run import pretrain
from tjepa_world.decoder import ProbeDecoder
from tjepa_world.gym import PointMaze, collect, random_policy, run_episode
from tjepa_world.model import LatentWorldModel
from tjepa_world.planning import Controller, learn_cost
from tjepa_world.trajectories import Trajectories

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from tjepa_world.planning import Plan

__all__ = ["DemoResult", "demo"]

_START, _GOAL = (0.25, 0.25), (0.8, 0.25)


@dataclass(frozen=True, eq=False)
class DemoResult:
    """What the demonstration came to."""

    planned: float
    """Sum of rewards of the planned episode."""
    random: float
    """The same at random, from the same start."""
    figure: Path


def demo(
    world: str = "maze",
    output: str | os.PathLike[str] = "world_demo",
    *,
    seed: int = 0,
    fast: bool = False,
    steps: int | None = None,
    say: Callable[[str], None] = print,
) -> DemoResult:
    """Run it; a minute or two on a laptop.

    Parameters
    ----------
    world
        ``"maze"`` or ``"pendulum"``.
    output
        Folder for the figure and the model.
    seed
        Everything random follows from it.
    fast
        A few steps of training only, to see that it runs.
    steps
        Of learning what actions do; 2000 if None.
    say
        Told what goes on.

    Raises
    ------
    ConfigError
        ``world`` is unknown, or ``steps`` below 1.
    ArtifactError
        ``output`` is a file.
    """
    if world not in {"maze", "pendulum"}:
        msg = f"world must be 'maze' or 'pendulum', but got {world!r}."
        raise ConfigError(msg)
    if steps is not None and steps < 1:
        msg = f"steps must be at least 1, but got {steps}."
        raise ConfigError(msg)
    folder = Path(output)
    if folder.is_file():
        msg = f"{folder} is a file; give a folder for the figure and the model."
        raise ArtifactError(msg)
    env: gymnasium.Env[Any, Any] = PointMaze() if world == "maze" else gymnasium.make("Pendulum-v1").unwrapped
    walked = 300 if fast else 6000
    say(f"Collecting {walked} steps of random actions ...")
    seen = collect(env, steps=walked, seed=seed)
    say("Pretraining an encoder on the observations alone ...")
    encoder = pretrain(seen.items, config="vectors-tiny", train={"steps": 5 if fast else 200, "seed": seed})
    say("Learning what actions do to its latents ...")
    train = {"steps": steps or (5 if fast else 2000), "seed": seed}
    model = LatentWorldModel(encoder, train=train).fit(seen)
    if world == "maze":
        say("Following its plans to other goals, and learning again with what happened ...")
        seen = Trajectories.concat([_practise(env, model, 2 if fast else 25, seed), seen])
        model = LatentWorldModel(encoder, train=train).fit(seen)
    say("Planning ...")
    control, options = _controller(world, model, seen, seed, fast=fast)
    plans: list[Plan] = []

    def act(state: np.ndarray) -> np.ndarray:
        action = control(state)
        plans.extend([] if control.plan is None else [control.plan])
        return action

    length = (5 if fast else 30) if world == "maze" else (5 if fast else 120)
    planned = run_episode(env, act, length, seed, options)
    chance = run_episode(env, random_policy(env.action_space, seed), length, seed, options)
    model.save(folder / "model")
    decoder = ProbeDecoder(model).fit(seen.items)
    figure = _draw(world, planned, chance, [decoder.decode(one.latents) for one in plans], folder / f"{world}.png")
    result = DemoResult(float(planned.rewards[0].sum()), float(chance.rewards[0].sum()), figure)
    say(f"Sum of rewards: {result.planned:.1f} planned, {result.random:.1f} at random. Figure: {figure}")
    return result


def _practise(env: gymnasium.Env[Any, Any], model: LatentWorldModel, episodes: int, seed: int) -> Trajectories:
    """Episodes under plans: they show what random actions seldom do, such as where the wall ends."""
    found = []
    for episode in range(seed, seed + episodes):
        _, told = env.reset(seed=episode)  # the same start and goal are drawn again when the episode is run
        control = Controller(model, told["goal"], bounds=(-1, 1), horizon=15, seed=episode)
        found.append(run_episode(env, control, 40, episode))
    return Trajectories.concat(found)


def _controller(
    world: str, model: LatentWorldModel, seen: Trajectories, seed: int, *, fast: bool
) -> tuple[Controller, dict[str, Any] | None]:
    if world == "maze":
        goal = np.array(_GOAL, np.float32)
        control = Controller(model, goal, bounds=(-1, 1), horizon=20, seed=seed)
        return control, {"start": _START, "goal": _GOAL}
    cost = learn_cost(model, seen, train={"steps": 5 if fast else 800, "seed": seed})
    return Controller(model, bounds=(-2, 2), horizon=15, cost=cost, seed=seed), None


def _draw(world: str, planned: Trajectories, chance: Trajectories, imagined: list[np.ndarray], path: Path) -> Path:
    from matplotlib.figure import Figure  # no window system is asked for

    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    (_draw_maze if world == "maze" else _draw_pendulum)(axes, planned, chance, imagined)
    axes.legend(loc="upper right")
    with mpl.rc_context({"savefig.dpi": 120}):
        figure.savefig(path)
    return path


def _draw_maze(axes: Any, planned: Trajectories, chance: Trajectories, imagined: list[np.ndarray]) -> None:  # noqa: ANN401 - matplotlib's own
    from tjepa_world.gym.maze import WALLS

    for left, bottom, right, top in WALLS:
        axes.fill_between([left, right], bottom, top, color="0.5")
    axes.plot(*chance.observations[0].T, color="0.7", label="at random")
    for number, one in enumerate(imagined[::4]):
        axes.plot(*one.T, ":", color="C1", label="planned, decoded by a probe" if number == 0 else None)
    axes.plot(*planned.observations[0].T, "o-", color="C0", markersize=3, label="what happened")
    axes.plot(*_GOAL, "*", color="C2", markersize=15, label="goal")
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", title="A point in a maze")


def _draw_pendulum(axes: Any, planned: Trajectories, chance: Trajectories, imagined: list[np.ndarray]) -> None:  # noqa: ANN401 - matplotlib's own
    for number, one in enumerate(imagined[::10]):
        label = "planned, decoded by a probe" if number == 0 else None
        axes.plot(10 * number + 1 + np.arange(len(one)), one[:, 0], ":", color="C1", label=label)
    axes.plot(chance.observations[0][:, 0], color="0.7", label="at random")
    axes.plot(planned.observations[0][:, 0], color="C0", label="what happened")
    axes.set(xlabel="step", ylabel="height of the tip (1 is upright)", title="Pendulum")
