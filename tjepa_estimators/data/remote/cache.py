"""Fetched frames on this machine, each with its checksum, time and licence beside it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from tjepa_estimators.data.remote.arrays import arrays_to_frame, frame_to_arrays
from tjepa_estimators.errors import DataQualityWarning

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CacheEntry", "FrameCache", "Key", "cache_folder"]

Key: TypeAlias = Mapping[str, str | int | float | bool | None]
"""What was asked: provider, symbol, interval, year…"""

_FORMAT = 2
"""Number of the way in which frames are kept; entries of another one are fetched again."""

_FAULTS = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)


def cache_folder(folder: str | Path | None = None) -> Path:
    """Where fetched data are kept: ``folder``, else ``$TJEPA_CACHE``, else the user's cache folder (platformdirs).

    Examples
    --------
    >>> cache_folder("here").name
    'here'
    """
    if folder is not None:
        return Path(folder).expanduser()
    if named := os.environ.get("TJEPA_CACHE"):
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("tjepa_estimators", appauthor=False)


@dataclass(frozen=True, slots=True, eq=False)
class CacheEntry:
    """A frame that was fetched before."""

    frame: pd.DataFrame
    fetched: datetime
    """When, with zone UTC."""
    is_complete: bool
    """Nothing will be added: the span was over when it was fetched."""
    licence: str

    def is_fresh(self, max_age: timedelta, now: datetime) -> bool:
        """Complete, or younger than ``max_age``."""
        return self.is_complete or now - self.fetched < max_age


@dataclass(frozen=True, slots=True)
class FrameCache:
    """Frames by what was asked for.

    An entry is two files, written to the side and then renamed: ``…npz`` with the data and ``…json`` with key, sha256,
    time of fetching and licence. An entry that is damaged, or kept in another format, counts as absent, with a
    :class:`~tjepa_estimators.errors.DataQualityWarning`, so that it is fetched again.

    Parameters
    ----------
    folder
        Where the files are; see :func:`cache_folder`.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> cache, key = FrameCache(Path(tempfile.mkdtemp())), {"provider": "docs", "year": 2024}
    >>> cache.put(key, pd.DataFrame({"x": [1, 2]}), licence="CC0")
    >>> cache.get(key).frame["x"].tolist(), cache.get({"provider": "docs", "year": 2025})
    ([1, 2], None)
    """

    folder: Path

    def get(self, key: Key) -> CacheEntry | None:
        """Look up an entry; None where there is none that is sound."""
        path = self._path(key)
        if not path.with_suffix(".json").exists():
            return None
        try:
            return _read(path)
        except _FAULTS as error:
            warnings.warn(
                f"The cached {dict(key)} in {path} is of no use ({error}); it is fetched again",
                DataQualityWarning,
                stacklevel=2,
            )
            return None

    def put(
        self, key: Key, frame: pd.DataFrame, *, licence: str, is_complete: bool = True, fetched: datetime | None = None
    ) -> None:
        """Keep a frame, in place of what was there.

        Raises
        ------
        DataError
            If the frame holds what cannot be kept exactly.
        """
        arrays, facts = frame_to_arrays(frame)
        packed = io.BytesIO()
        np.savez_compressed(packed, allow_pickle=False, **arrays)
        about = {
            "format": _FORMAT,
            "key": dict(key),
            "sha256": hashlib.sha256(packed.getvalue()).hexdigest(),
            "fetched": (fetched or datetime.now(UTC)).isoformat(),
            "is_complete": is_complete,
            "licence": licence,
            "frame": facts,
        }
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path.with_suffix(".npz"), packed.getvalue())
        _write(path.with_suffix(".json"), json.dumps(about, indent=1).encode())

    def _path(self, key: Key) -> Path:
        text = json.dumps(dict(key), sort_keys=True)
        words = [re.sub(r"[^A-Za-z0-9-]+", "_", str(value)).strip("_") for _, value in sorted(key.items())]
        name = "_".join(word for word in words if word)[:80]
        return self.folder / f"{name}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _read(path: Path) -> CacheEntry:
    about: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    if about.get("format") != _FORMAT:
        raise ValueError(f"it was kept in format {about.get('format', 1)}, and this version reads {_FORMAT}")
    packed = path.with_suffix(".npz").read_bytes()
    if hashlib.sha256(packed).hexdigest() != about["sha256"]:
        raise ValueError("its sha256 is not the one that was noted")
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        frame = arrays_to_frame(dict(arrays), about["frame"])
    return CacheEntry(frame, datetime.fromisoformat(about["fetched"]), about["is_complete"], about["licence"])


def _write(path: Path, content: bytes) -> None:
    """Rename into place, so that whoever reads sees the old file or the new one, never a part."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.part")
    aside.write_bytes(content)
    aside.replace(path)
