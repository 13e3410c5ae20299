"""The conformance kit on tokenizers, maskers and domains."""

from __future__ import annotations

import numpy as np
import pytest
from tjepa_vision.masks.blocks import ImageBlockMasker
from tjepa_vision.masks.future import FutureFramesMasker
from tjepa_vision.masks.tubes import TubeMasker

from tjepa_estimators.testing import MASKER_CHECKS, check_tokenizer
from tjepa_estimators.testing.domain import RegisteredDomain
from tjepa_estimators.testing.sample_domain import SAMPLE_DOMAIN_CHECKS

RANDOM = np.random.default_rng(0)
MASKERS = {
    "image-block": ImageBlockMasker,
    "image-block of a large block": lambda: ImageBlockMasker(context_low=0.85, context_high=1.0),
    "many blocks": lambda: ImageBlockMasker(blocks=9, low=0.3, high=0.3),
    "tube": TubeMasker,
    "long tubes": lambda: TubeMasker(blocks=2, low=0.7, high=0.7),
    "future-frames": FutureFramesMasker,
    "several horizons": lambda: FutureFramesMasker(predict_horizon=8, shortest=1),
}
IMAGES = {
    "grey": (list(RANDOM.integers(0, 256, (5, 9, 7), dtype=np.uint8)), {"patch": 2}),
    "colour": (list(RANDOM.integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)), {}),
    "many channels": (list(RANDOM.normal(size=(5, 8, 8, 6))), {"patch": 4}),
}
CLIPS = {
    "grey": (list(RANDOM.integers(0, 256, (4, 6, 9, 7), dtype=np.uint8)), {"patch": 2, "frames": 4}),
    "tubelets in colour": (list(RANDOM.random((3, 6, 8, 8, 3))), {"tubelet": 2}),
}


@pytest.mark.parametrize("check", MASKER_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", MASKERS)
def test_a_masker_keeps_its_laws_on_every_grid(name, check):
    check(MASKERS[name])


@pytest.mark.parametrize("name", IMAGES)
def test_patches_of_images_keep_the_contract(name):
    items, options = IMAGES[name]
    assert check_tokenizer("image-patches", items, options).summary == "8 passed"


@pytest.mark.parametrize("name", CLIPS)
def test_tubelets_of_clips_keep_the_contract(name):
    items, options = CLIPS[name]
    assert check_tokenizer("video-tubelets", items, options).summary == "8 passed"


@pytest.mark.parametrize("check", SAMPLE_DOMAIN_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", ["digits", "air_temperature"])
def test_a_domain_keeps_the_contract(name, check):
    check(RegisteredDomain(name))
