"""The bundled play: whole, in two parts, with its licence."""

from __future__ import annotations

import pytest
from tjepa_text import hamlet
from tjepa_text.hamlet import Hamlet

from tjepa_estimators import list_plugins, load_domain
from tjepa_estimators.contracts import SampleDomain
from tjepa_estimators.errors import DataError


def test_it_is_registered_with_its_licence():
    domain = load_domain("hamlet")
    assert isinstance(domain, SampleDomain)
    assert domain.info.licence == "public domain"
    assert domain.preset in {row.name for row in list_plugins() if row.kind == "preset"}


def test_no_scene_is_in_both_splits_and_nothing_is_lost():
    domain = Hamlet()
    train, test = domain.items("train"), domain.items("test")
    assert len(train) + len(test) == len(domain.items()) > 1000
    assert len(train) > 3 * len(test)
    assert domain.scenes()[4] == test[: len(domain.scenes()[4])]


def test_speeches_hold_neither_speakers_nor_directions():
    speeches = Hamlet().items()
    assert any(speech.startswith("To be, or not to be,--that is the question:--") for speech in speeches)
    assert not any(mark in speech for speech in speeches for mark in "[]")
    assert not {"Ham.", "Hor.", "King."} & {line for speech in speeches for line in speech.splitlines()}


def test_an_unknown_split_and_another_file_are_refused(monkeypatch):
    with pytest.raises(DataError, match="'valid' is unknown"):
        Hamlet().items("valid")
    monkeypatch.setattr(hamlet, "_FILE", "DATA_LICENSES.md")
    with pytest.raises(DataError, match="not the one that was shipped"):
        Hamlet().items()
