"""The semantic check tells meaning from chance, and says so on the terminal."""

from __future__ import annotations

import numpy as np
import pytest
from tjepa_text.probe.scores import probe, tfidf
from tjepa_text.probe.sentences import TRIPLES

from tjepa_estimators import pretrain
from tjepa_estimators.cli import main


def test_an_embedding_of_the_meaning_has_the_whole_margin():
    meaning = {text: at for at, triple in enumerate(TRIPLES) for text in triple[:2]}
    identity = np.eye(len(TRIPLES) + 1)
    found = probe(lambda texts: identity[[meaning.get(text, -1) for text in texts]])
    assert (found.paraphrase, found.unrelated, found.margin, found.ranked) == (1.0, 0.0, 1.0, 1.0)


def test_an_embedding_that_knows_nothing_has_no_margin():
    found = probe(lambda texts: np.ones((len(texts), 3)))
    assert (found.margin, found.ranked) == (0.0, 0.5)
    assert probe(lambda texts: np.zeros((len(texts), 3))).paraphrase == 0.0


def test_words_in_common_rank_some_triples():
    assert 0.5 < probe(tfidf).ranked <= 1.0


def test_sentences_are_each_their_own():
    texts = [text for triple in TRIPLES for text in triple]
    assert len(set(texts)) == len(texts) == 60


def test_the_verb_compares_with_the_controls(tiny_text, tmp_path, capsys):
    folder = tiny_text.save(tmp_path / "encoder")
    assert main(["probe-text", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert all(row in shown for row in ("this encoder", "random weights", "TF-IDF", "margin", "ranked right"))


def test_without_an_artifact_the_verb_trains_one(capsys):
    assert main(["probe-text", "--steps", "1"]) == 0
    assert "pretrained on Hamlet for 1 steps" in capsys.readouterr().out


def test_the_verb_refuses_an_encoder_of_series(tmp_path, capsys):
    folder = pretrain(np.sin(np.arange(100.0)), train={"steps": 1}).save(tmp_path / "encoder")
    assert main(["probe-text", str(folder)]) == 2
    assert "reads series, not text" in capsys.readouterr().err


def test_the_verb_is_in_the_help_with_examples(capsys):
    main(["--help"])
    assert "probe-text" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="0"):
        main(["probe-text", "--help"])
    assert "tjepa probe-text encoder" in capsys.readouterr().out
