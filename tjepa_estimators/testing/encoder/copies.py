"""Checks that an encoder survives being described, saved, sent and copied."""

from __future__ import annotations

import copy
import json
import pickle
import tempfile
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load, save

from tjepa_estimators.artifact import PretrainedEncoder
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.settings import as_settings, to_dict
from tjepa_estimators.testing.encoder.making import DIM, MakeEncoder, build, noise, registered
from tjepa_estimators.testing.hooks import expect_light_hooks
from tjepa_estimators.testing.report import Check, expect
from tjepa_estimators.testing.subjects import TINY_JEPA, TINY_TRAIN, wave
from tjepa_estimators.training.run import pretrain, untrained

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["COPY_CHECKS"]


def check_config_round_trip(make: MakeEncoder) -> None:
    """The settings go through JSON unchanged, have defaults, are frozen, and refuse unknown names.

    Make the config a frozen dataclass whose fields hold numbers, strings, booleans and tuples, dicts or dataclasses
    of them, each with its type and a default.
    """
    encoder = registered(make)
    kind, config = encoder.spec.load_config(), encoder.config()
    again = as_settings(kind, json.loads(json.dumps(to_dict(config))))
    expect(again == config, f"{config} comes back from JSON as {again}.")
    expect(kind.__dataclass_params__.frozen, f"{kind.__name__} is not frozen.")  # artifacts share it
    try:
        as_settings(kind, {"no_such_setting": 1})
    except ConfigError:
        return
    expect(fact=False, message=f"{kind.__name__} accepts a setting that it does not have.")


@torch.no_grad()
def check_weights_round_trip(make: MakeEncoder) -> None:
    """Weights go through safetensors, and an encoder with other weights that loads them gives the same output.

    Everything that the output depends on belongs in parameters or persistent buffers (random features too). Two names
    must not share memory: build one layer and use it twice under one name.
    """
    encoder, other, x = build(make), build(make, seed=1), noise(2, 7, DIM)
    wanted = encoder(x)
    other.load_state_dict(load(save({name: value.contiguous() for name, value in encoder.state_dict().items()})))
    expect(torch.equal(other(x), wanted), "After loading the weights of another, the output differs.")


@torch.no_grad()
def check_pickle_and_deepcopy(make: MakeEncoder) -> None:
    """Pickled and deep copies give the same output.

    Define layers and functions at the top of a module, not inside functions; no lambdas, open files or locks as
    attributes.
    """
    encoder, x = build(make), noise(2, 7, DIM)
    wanted = encoder(x)
    expect(torch.equal(copy.deepcopy(encoder)(x), wanted), "A deep copy gives another output.")
    again = pickle.loads(pickle.dumps(encoder))  # noqa: S301 - made one line before
    expect(torch.equal(again(x), wanted), "A pickled copy gives another output.")


def check_artifact_round_trip(make: MakeEncoder) -> None:
    """Pretrained by its name, the encoder moves; saved and loaded, it embeds the same.

    Everything that the encoder depends on must stand in its config or its weights: no global state, no environment
    variables.
    """
    encoder = registered(make)
    data = wave()
    settings = {"encoder": encoder.name, "encoder_config": encoder.settings, "config": TINY_JEPA}
    artifact = pretrain(data, train=TINY_TRAIN | {"steps": 2}, **settings)  # type: ignore[arg-type]
    start = untrained(data, **settings)  # type: ignore[arg-type]
    windows = data[None, -TINY_JEPA["context_length"] :]
    expect(bool(np.isfinite(artifact.embed(windows)).all()), "After pretraining, embeddings are not finite.")
    before, after = (_weights(one) for one in (start, artifact))
    moved = any(not torch.equal(before[key], after[key]) for key in before)
    expect(moved or not before, "Pretraining leaves the weights of the encoder as they were.")
    with tempfile.TemporaryDirectory() as folder:
        again = PretrainedEncoder.load(artifact.save(folder))
    expect(again.info == artifact.info, "What is known about the encoder changes when it is saved.")
    same = np.array_equal(again.embed(windows), artifact.embed(windows))
    expect(same, "Saved and loaded, the encoder embeds differently.")


def _weights(artifact: PretrainedEncoder) -> dict[str, Tensor]:
    state = artifact.module.state_dict()
    return {name: value for name, value in state.items() if name.startswith("student.encoder.")}


def check_hooks_import_no_torch(make: MakeEncoder) -> None:
    """Finding the encoder imports neither torch nor numpy nor pandas.

    The module named in the entry point only describes the encoder; keep the encoder itself, and all that it imports,
    in another module, which ``target="package.module:Class"`` names.
    """
    expect_light_hooks(registered(make).spec)


COPY_CHECKS: tuple[Check, ...] = (
    check_config_round_trip,
    check_weights_round_trip,
    check_pickle_and_deepcopy,
    check_artifact_round_trip,
    check_hooks_import_no_torch,
)
