"""From items to embeddings with the presets."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators import PretrainedEncoder, load_domain, pretrain
from tjepa_estimators.jepa.config import as_preset

TRAIN = {"steps": 3, "batch_size": 8}


@pytest.mark.parametrize(("domain", "preset"), [("digits", "image-tiny"), ("air_temperature", "video-tiny")])
def test_a_domain_is_pretrained_on_by_name_saved_and_read(domain, preset, tmp_path):
    encoder = pretrain(domain, config=preset, train=TRAIN)
    items = load_domain(domain).items("test")[:5]
    again = PretrainedEncoder.load(encoder.save(tmp_path / "encoder"))
    np.testing.assert_array_equal(again.embed(items), encoder.embed(items))
    assert np.isfinite(encoder.embed(items)).all()


def test_the_presets_carry_the_published_values():
    image, film = as_preset("image-jepa"), as_preset("video-jepa")
    options = image.jepa.tokenizer.options
    assert (tuple(options["size"]), options["patch"], image.jepa.dim) == ((224, 224), 16, 768)
    assert (image.encoder["depth"], image.encoder["heads"]) == (12, 12)
    assert image.jepa.masking[0].options == {"ratio": 0.75}
    assert (image.train["batch_size"], image.train["learning_rate"], image.jepa.loss) == (64, 1e-4, "l2")
    assert film.jepa.masking[0].options == {"predict_horizon": 1}


def test_digits_and_their_labels_stand_in_the_same_order():
    digits = load_domain("digits")
    assert len(digits.items("train")) == len(digits.labels("train")) == 1297
    assert max(image.max() for image in digits.items()) == 255
