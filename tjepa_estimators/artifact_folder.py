"""The folder of an artifact: what its files are called, and what may be overwritten."""

from __future__ import annotations

import os
from pathlib import Path

from tjepa_estimators.errors import ArtifactError

__all__ = ["CARD", "CONFIG", "STAGING", "WEIGHTS", "check_folder", "write_file"]

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
STAGING = ".saving-"
"""What the name of a folder begins with in which files are written before they are moved."""


def check_folder(folder: str | os.PathLike[str]) -> None:
    """Refuse a folder that an artifact cannot be saved in, such as before it is trained.

    Raises
    ------
    ArtifactError
        It is a file, or holds something that is not an artifact.
    """
    target = Path(folder).expanduser()
    if target.is_file() or (target.is_dir() and _is_foreign(target)):
        msg = f"{target} exists and is no artifact folder; choose an empty or a new folder."
        raise ArtifactError(msg)


def _is_foreign(folder: Path) -> bool:
    """Whether a folder holds something that is not an artifact, nor left from a saving that was killed."""
    if all(entry.name.startswith(STAGING) for entry in folder.iterdir()):
        return False
    config = folder / CONFIG  # other libraries have a file of this name too
    return not config.is_file() or b'"weights_sha256"' not in config.read_bytes()


def write_file(path: Path, content: bytes) -> None:
    """Write a file, and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
