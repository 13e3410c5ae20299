"""A world model on disk: weights in safetensors, facts in JSON, the encoder as an artifact of its own beside them."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from tjepa_estimators.artifact import PretrainedEncoder
from tjepa_estimators.artifact_folder import STAGING
from tjepa_estimators.errors import ArtifactError, ConfigError
from tjepa_estimators.settings import as_settings, to_dict
from tjepa_estimators.training.config import TrainConfig
from tjepa_world.config import WorldConfig

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from torch import Tensor

__all__ = ["FORMAT", "SavedWorld", "read_world", "write_world"]

FORMAT = 1
"""Number of the folder format that this version writes and the highest that it reads."""
_WEIGHTS, _FACTS, _ENCODER = "world.safetensors", "world.json", "encoder"


@dataclass(frozen=True, slots=True)
class SavedWorld:
    """What was read."""

    encoder: PretrainedEncoder
    tensors: Mapping[str, Tensor]
    config: WorldConfig
    train: TrainConfig
    actions: int
    observation_shape: tuple[int, ...]


def write_world(
    folder: str | os.PathLike[str],
    encoder: PretrainedEncoder,
    tensors: Mapping[str, Tensor],
    config: WorldConfig,
    train: TrainConfig,
    facts: Mapping[str, object],
) -> Path:
    """Write a world model; an older one in the folder stays whole if anything fails.

    Raises
    ------
    ArtifactError
        The folder holds something else, or cannot be written.
    """
    target = Path(folder).expanduser()
    found = [one.name for one in target.iterdir() if not one.name.startswith(STAGING)] if target.is_dir() else []
    if target.is_file() or (found and _FACTS not in found):
        msg = f"{target} exists and is no saved world model; choose an empty or a new folder."
        raise ArtifactError(msg)
    weights = save_tensors({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
    settings = {"config": to_dict(config), "train": to_dict(train) | {"checkpoint_dir": None}}
    digest = {"weights_sha256": hashlib.sha256(weights).hexdigest(), "encoder_sha256": encoder.fingerprint}
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target, prefix=STAGING) as staging:
            written = Path(staging)
            encoder.save(written / _ENCODER)
            (written / _WEIGHTS).write_bytes(weights)
            (written / _FACTS).write_text(json.dumps({"format": FORMAT, **facts, **settings, **digest}, indent=2))
            (target / _ENCODER).mkdir(exist_ok=True)
            for file in sorted(written.rglob("*.*")):
                file.replace(target / file.relative_to(written))
    except OSError as error:
        msg = f"Cannot write the world model to {target}: {error}. Nothing that was there before is changed."
        raise ArtifactError(msg) from error
    return target


def read_world(folder: str | os.PathLike[str]) -> SavedWorld:
    """Read a world model.

    Raises
    ------
    ArtifactError
        It is missing, damaged or of a newer version.
    """
    source = Path(folder).expanduser()
    facts = _read_facts(source)
    encoder = PretrainedEncoder.load(source / _ENCODER)
    try:
        weights = (source / _WEIGHTS).read_bytes()
        digests = (hashlib.sha256(weights).hexdigest(), encoder.fingerprint)
        if digests != (facts["weights_sha256"], facts["encoder_sha256"]):
            msg = f"The weights in {source} are not those that {_FACTS} tells of; save the world model again."
            raise ArtifactError(msg)
        return SavedWorld(
            encoder,
            load_tensors(weights),
            as_settings(WorldConfig, facts["config"]),
            as_settings(TrainConfig, facts["train"]),
            int(facts["actions"]),
            tuple(facts["observation_shape"]),
        )
    except (OSError, KeyError, TypeError, SafetensorError, ConfigError) as error:
        if isinstance(error, ArtifactError):
            raise
        msg = f"The world model in {source} is damaged: {error}"
        raise ArtifactError(msg) from error


def _read_facts(source: Path) -> dict[str, Any]:
    try:
        facts = json.loads((source / _FACTS).read_text())
    except (OSError, ValueError) as error:
        msg = f"{source} holds no world model, or its {_FACTS} is damaged: {error}"
        raise ArtifactError(msg) from error
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int) or facts["format"] > FORMAT:
        msg = f"{source / _FACTS} is of no format that this version reads (up to {FORMAT}); upgrade tjepa-world."
        raise ArtifactError(msg)
    return facts
