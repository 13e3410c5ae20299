"""World models in the latent space of any pretrained encoder, and planning with them.

This module describes the plugin and imports no torch; its public names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tjepa_estimators.plugins import CommandSpec, PresetSpec, TokenizerSpec, hookimpl

if TYPE_CHECKING:
    from tjepa_world.config import WorldConfig
    from tjepa_world.decoder import ProbeDecoder
    from tjepa_world.model import LatentWorldModel
    from tjepa_world.planning import Controller, GoalCost, LearnedCost, Plan, PlannerConfig, learn_cost, plan
    from tjepa_world.series import trajectories_from_frame
    from tjepa_world.trajectories import Trajectories

__all__ = [
    "Controller",
    "GoalCost",
    "LatentWorldModel",
    "LearnedCost",
    "Plan",
    "PlannerConfig",
    "ProbeDecoder",
    "Trajectories",
    "WorldConfig",
    "learn_cost",
    "plan",
    "trajectories_from_frame",
]

_TARGETS = {
    "Controller": "tjepa_world.planning",
    "GoalCost": "tjepa_world.planning",
    "LatentWorldModel": "tjepa_world.model",
    "LearnedCost": "tjepa_world.planning",
    "Plan": "tjepa_world.planning",
    "PlannerConfig": "tjepa_world.planning",
    "ProbeDecoder": "tjepa_world.decoder",
    "learn_cost": "tjepa_world.planning",
    "plan": "tjepa_world.planning",
    "trajectories_from_frame": "tjepa_world.series",
    "Trajectories": "tjepa_world.trajectories",
    "WorldConfig": "tjepa_world.config",
}


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    if name not in _TARGETS:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value: object = getattr(import_module(_TARGETS[name]), name)
    globals()[name] = value  # the next access is a plain attribute
    return value


def __dir__() -> list[str]:
    """Public names, imported or not."""
    return sorted({*globals(), *__all__})


@hookimpl
def tjepa_tokenizers() -> list[TokenizerSpec]:
    """Return the tokenizer of vectors."""
    return [
        TokenizerSpec(
            name="vectors",
            target="tjepa_world.vectors.tokenizer:VectorTokenizer",
            config="tjepa_world.vectors.config:VectorsConfig",
            summary="Vectors such as the state of a machine, or short histories of them",
        )
    ]


@hookimpl
def tjepa_presets() -> list[PresetSpec]:
    """Return the recipe for vectors."""
    return [
        PresetSpec(
            name="vectors-tiny",
            target="tjepa_world.vectors.presets:VECTORS_TINY",
            summary="Small network for vectors of a few features",
        )
    ]


@hookimpl
def tjepa_commands() -> list[CommandSpec]:
    """Return the demonstration."""
    return [
        CommandSpec(
            name="demo-world",
            target="tjepa_world.command:run",
            summary="learn a maze from random walks, and plan in it",
        )
    ]
