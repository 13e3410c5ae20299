"""Texts in, an encoder out: it embeds, is saved and read, and goes on."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators import PretrainedEncoder, pretrain
from tjepa_estimators.commands import info
from tjepa_estimators.errors import DataError
from tjepa_estimators.jepa.config import as_preset

TEXTS = ["To be, or not to be: that is the question.", "", "日本語", "Words, words, words, and nothing but words."]


def test_an_encoder_is_saved_with_its_vocabulary_and_read(tiny_text, tmp_path):
    twin = PretrainedEncoder.load(tiny_text.save(tmp_path / "encoder"))
    assert twin == tiny_text
    np.testing.assert_array_equal(twin.embed(TEXTS), tiny_text.embed(TEXTS))
    assert "tjepa-text" in twin.info.provenance.provided_by


def test_info_names_the_settings_of_the_tokenizer_and_cuts_the_vocabulary(tiny_text, tmp_path, capsys):
    info.run([str(tiny_text.save(tmp_path / "encoder"))])
    shown = capsys.readouterr().out
    assert re.search(r"tokenizer\.options\.length +32", shown)
    assert len(shown) < 10_000


def test_a_row_is_the_same_alone_among_others_and_from_a_column(tiny_text):
    together = tiny_text.embed(TEXTS, batch_size=2)
    alone = np.concatenate([tiny_text.embed([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_array_equal(tiny_text.embed(pd.Series(TEXTS)), tiny_text.embed(TEXTS))


def test_an_empty_text_is_the_zero_vector_and_no_other_one_is(tiny_text):
    for pool in ("mean", "max", "first"):
        rows = tiny_text.embed(TEXTS, pool=pool)
        assert rows.any(axis=1).tolist() == [True, False, True, True]


def test_the_order_of_words_matters(tiny_text):
    rows = tiny_text.embed(["the king killed the ghost", "the ghost killed the king"])
    assert np.abs(rows[0] - rows[1]).max() > 1e-3


def test_a_text_longer_than_any_in_training_is_embedded_whole(tiny_text):
    rows = tiny_text.embed(["to be or not to be " * 40, "to be or not to be " * 40 + "dead"])
    assert np.isfinite(rows).all()
    assert not np.array_equal(*rows)


def test_training_goes_on_from_an_artifact_with_its_vocabulary(tiny_text):
    more = pretrain(TEXTS, config="text-tiny", initial=tiny_text, train={"steps": 2, "batch_size": 4})
    assert more.info.jepa == tiny_text.info.jepa
    assert more.fingerprint != tiny_text.fingerprint


def test_files_and_bf16_and_parts_of_batches_are_trained_on(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("\n\n".join(f"to be or not to be, that is question {n}" for n in range(30)))
    train = {"steps": 2, "batch_size": 8, "accumulate": 2, "precision": "bf16-mixed"}
    encoder = pretrain(tmp_path, config="text-tiny", train=train)
    assert encoder.info.provenance.windows == 60
    assert np.isfinite(encoder.embed(TEXTS)).all()


def test_a_string_alone_is_the_name_of_a_domain(tiny_text):
    with pytest.raises(LookupError, match="To be"):
        pretrain("To be, or not to be", config="text-tiny")
    with pytest.raises(DataError, match=r"write \['\.\.\.'\]"):
        tiny_text.embed("To be")


def test_the_published_recipe_has_the_published_values():
    jepa = as_preset("t-jepa").jepa
    assert (jepa.momentum, jepa.loss, jepa.prediction, jepa.predictor_depth) == ((0.996, 0.996), "l2", "mlp", 2)
    span, random = jepa.masking
    assert (span.options, random.kind) == ({"share": 0.15, "shortest": 3, "longest": 8}, "random")
