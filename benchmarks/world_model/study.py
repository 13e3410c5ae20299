"""One seed of one world: collect, train, roll out, plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tjepa_world import LatentWorldModel, Trajectories, WorldConfig, learn_cost
from tjepa_world.gym import collect

from benchmarks.world_model.distances import rank_correlation
from benchmarks.world_model.episodes import episodes_of, evaluate, latent_pilot, random_pilot, true_pilot
from benchmarks.world_model.observed import HISTORY, RawEncoder, begin, looker, train_encoder
from benchmarks.world_model.rollouts import HORIZONS, LinearModel, relative_errors
from benchmarks.world_model.worlds import WORLDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.ledger import Ledger
    from benchmarks.world_model.worlds import World
    from tjepa_estimators import PretrainedEncoder

__all__ = ["ENCODERS", "OWN", "RANDOM", "TRUE", "run"]

RANDOM, TRUE = "random actions", "true dynamics"
ENCODERS = ("JEPA", "JEPA with actions", "random encoder", "raw observations")
OWN = ", own episodes"
"""Of rows where a part of the data was collected by a model's own plans: no more steps than of random actions alone."""
_COLLECTED, _COST_STEPS = 6000, 800
_ROUNDS, _PRACTISED = 2, 800
"""Times that a model collects, and steps at most of each time."""
_STEPS = {"states": 1500, "frames": 6000}
"""Of a predictor. Of pictures it learns slowly: after 1,500 steps its error was twice as large, on a seed apart."""
_JOINT = {"states": {"steps": 800, "batch_size": 128}, "frames": {"steps": 600, "batch_size": 48}}
"""Of an encoder together with a predictor; of pictures what takes as long as the rest of a seed."""
_RAW_COMPONENTS = 256
"""Principal components of raw observations: all of a state, and of a picture's 1,024 pixels .9999 of the variance."""
_HELD_OUT = 10_000
"""Added to a seed, so that what is evaluated on was never trained on."""


def run(plans: Ledger, rollouts: Ledger, name: str, kind: str, seed: int, episodes: int, rows: tuple[str, ...]) -> None:
    """Fill the lines of a world, an input and a seed that are not known yet."""
    world = WORLDS[name]
    where = {"world": name, "seed": seed}
    for row, pilot in ((RANDOM, random_pilot), (TRUE, true_pilot)):
        if not plans.has(**where, row=row):
            _note(
                plans,
                {**where, "input": "-", "row": row, "cost": "-"},
                evaluate(world, pilot(world, seed), episodes, seed),
            )
    possible = [row for row in rows if OWN not in row or (name, kind) == ("maze", "states")]
    missing = [row for row in possible if not plans.has(**where, input=kind, row=row)]
    if not missing:
        return
    look = looker(world, world.make(), kind)
    seen = _observed(collect(world.make(), steps=_COLLECTED, seed=seed), look)
    states = collect(world.make(), steps=_COLLECTED // 10, seed=seed + _HELD_OUT)
    fresh = _observed(states, look)
    for row in missing:
        model = _practised(world, row, seen, kind, seed) if OWN in row else _fit(row, seen, kind, seed)
        errors = relative_errors(model, LinearModel(model, seen), fresh)
        for predictor, found in errors.items():
            measures = {f"h{h}": float(one) for h, one in zip(HORIZONS, found, strict=True)}
            rollouts.add({**where, "input": kind, "row": row, "predictor": predictor, **measures})
            print(name, kind, row, seed, predictor, *(f"{one:.4f}" for one in found), flush=True)
        order = rank_correlation(world, model, states, fresh, look, seed)
        costs = {"goal": None}
        if name == "pendulum":  # the maze's rewards depend on a goal that changes
            costs["learned"] = learn_cost(model, seen, train={"steps": _COST_STEPS, "seed": seed})
        for cost, given in costs.items():
            pilot = latent_pilot(world, model, look, seed, given)
            line = {**where, "input": kind, "row": row, "cost": cost, "order": order if given is None else np.nan}
            _note(plans, line, evaluate(world, pilot, episodes, seed))


def _note(plans: Ledger, where: dict[str, object], score: float) -> None:
    plans.add({**where, "score": score})
    print(*where.values(), f"{score:.2f}", flush=True)


def _observed(states: Trajectories, look: Callable[[np.ndarray], np.ndarray]) -> Trajectories:
    """The same trajectories as a model is given them."""
    return Trajectories(
        [np.stack([look(state) for state in one]) for one in states.observations], states.actions, states.rewards
    )


def _fit(row: str, seen: Trajectories, kind: str, seed: int) -> LatentWorldModel:
    return _predictor(_encoder(row, seen, kind, seed), seen, kind, seed)


def _practised(world: World, row: str, seen: Trajectories, kind: str, seed: int) -> LatentWorldModel:
    """Fit on fewer random actions, collect episodes with what was fitted, and fit again."""
    look = looker(world, world.make(), kind)
    steps = np.cumsum([len(one) for one in seen.actions])
    seen = seen.take(0, int(np.searchsorted(steps, _COLLECTED - _ROUNDS * _PRACTISED, side="right")))
    encoder = _encoder(row.removesuffix(OWN), seen, kind, seed)
    model = _predictor(encoder, seen, kind, seed)
    for number in range(_ROUNDS):
        pilot, start = latent_pilot(world, model, look, seed), 2 * _HELD_OUT + _ROUNDS * seed + number
        own = _observed(episodes_of(world, pilot, _PRACTISED // world.steps, start), look)
        seen = Trajectories.concat([own, seen])  # in front, as the last ones are held out
        model = _predictor(encoder, seen, kind, seed)
    return model


def _predictor(encoder: PretrainedEncoder, seen: Trajectories, kind: str, seed: int) -> LatentWorldModel:
    latent = min(_RAW_COMPONENTS, int(np.prod(seen.observation_shape))) if isinstance(encoder, RawEncoder) else 32
    config = WorldConfig(history=HISTORY[kind], latent_dim=latent, rollout=8)
    train = {"steps": _STEPS[kind], "batch_size": 256, "seed": seed}
    return LatentWorldModel(encoder, config, train).fit(seen)


def _encoder(row: str, seen: Trajectories, kind: str, seed: int) -> PretrainedEncoder:
    if row == "raw observations":
        return RawEncoder(seen.items)
    if row == "random encoder":
        return begin(seen.items, kind, seed)
    encoder = train_encoder(seen.items, kind, seed)
    if row == "JEPA":
        return encoder
    config = WorldConfig(history=HISTORY[kind], train_encoder=True, rollout=4)
    return LatentWorldModel(encoder, config, {**_JOINT[kind], "seed": seed}).fit(seen).encoder_
