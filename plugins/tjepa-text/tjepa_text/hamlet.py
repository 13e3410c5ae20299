"""Hamlet: a small text that is free to ship, speech by speech."""

from __future__ import annotations

import gzip
import hashlib
import re
from importlib.resources import files

from tjepa_estimators.contracts import DomainInfo
from tjepa_estimators.errors import DataError

__all__ = ["Hamlet"]

_FILE = "hamlet.txt.gz"
_EVERY = 5
"""One of so many scenes is in the test split."""
_HEADING = re.compile(r"^(ACT [IVX]+\.?|Scene [IVX]+\..*)$")
_SPEAKER = re.compile(r"^[A-Z][\w' ]{0,30}\.$")
_DIRECTION = re.compile(r"\[[^\]]*\]")


class Hamlet:
    """The speeches of the play, without names of speakers and stage directions.

    The test split holds every fifth scene, so no scene has speeches in both.

    Examples
    --------
    >>> Hamlet().sample()[:2]
    ["Who's there?", 'Nay, answer me: stand, and unfold yourself.']
    """

    info = DomainInfo(
        name="hamlet",
        title="The Tragedy of Hamlet, Prince of Denmark",
        licence="public domain",
        source="William Shakespeare, about 1600",
        frequency="",
        season=1,
        sha256="ad81313c5ff6faeed10eaa5475efee4d9eb4e4771613518f99bc0987ec3253f9",
    )
    preset = "text-tiny"

    def items(self, split: str = "all") -> list[str]:
        """The speeches of a split, in the order of the play.

        Raises
        ------
        DataError
            The split is unknown, or the file is not the one that was shipped.
        """
        kept = {"all": (True, True), "train": (True, False), "test": (False, True)}.get(split)
        if kept is None:
            msg = f"split={split!r} is unknown; choose 'train', 'test' or 'all'."
            raise DataError(msg)
        scenes = enumerate(self.scenes(), start=1)
        return [speech for number, scene in scenes if kept[number % _EVERY == 0] for speech in scene]

    def scenes(self) -> list[list[str]]:
        """The speeches of each scene."""
        found: list[list[str]] = []
        for block in re.split(r"\n\s*\n", self._read()):
            lines = [line.strip() for line in _DIRECTION.sub("", block).splitlines() if line.strip()]
            if lines and _HEADING.match(lines[0]):
                found += [[]] if lines[0].startswith("Scene") else []
            elif len(lines) > 1 and _SPEAKER.match(lines[0]):
                found[-1].append("\n".join(lines[1:]))
            elif lines and found[-1] and not _SPEAKER.match(lines[0]):  # a speech goes on after a direction
                found[-1][-1] += "\n" + "\n".join(lines)
        return found

    def sample(self) -> list[str]:
        """The speeches of the first scene."""
        return self.scenes()[0]

    def _read(self) -> str:
        content = (files("tjepa_text") / "data" / _FILE).read_bytes()
        if hashlib.sha256(content).hexdigest() != self.info.sha256:
            msg = f"The bundled file {_FILE} is not the one that was shipped; install tjepa-text again."
            raise DataError(msg)
        return gzip.decompress(content).decode("utf-8")
