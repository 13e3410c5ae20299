"""The benchmark of images: its controls know what they should, its rival learns, its tables show both precisions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("tjepa_vision")

from benchmarks.vision.__main__ import digits_table
from benchmarks.vision.clips import HORIZONS, errors, train_on_clips
from benchmarks.vision.probes import SHARES
from benchmarks.vision.rows import ROWS
from tjepa_estimators.training.config import TrainConfig

FEW = TrainConfig(steps=2, batch_size=8, progress=False)
COLUMNS = [f"{probe} {share}" for probe in ("linear", "k-NN") for share in SHARES]


def test_the_table_has_a_row_for_each_precision():
    names, precisions, seeds = ["raw pixels", "JEPA, blocks", "JEPA, blocks"], ["32-true", "32-true", "bf16-mixed"], 0
    lines = pd.DataFrame({"features": names, "precision": precisions, "seed": seeds} | dict.fromkeys(COLUMNS, 0.5))
    assert [row[0] for row in digits_table(lines).rows] == ["raw pixels", "JEPA, blocks", "JEPA, blocks, bf16"]


def test_the_rival_is_the_same_network_with_other_weights_and_the_same_each_time():
    images = np.random.default_rng(0).integers(0, 255, (16, 28, 28)).astype(np.uint8)
    start, rival, again = (
        ROWS[name](images, FEW)(images) for name in ("random encoder", "masked pixels", "masked pixels")
    )
    assert start.shape == rival.shape
    assert not np.array_equal(start, rival)
    np.testing.assert_array_equal(rival, again)


def test_the_last_frame_is_all_there_is_to_know_of_videos_that_stand_still():
    random = np.random.default_rng(0)
    still = [np.tile(random.integers(0, 255, (1, 32, 32)), (14, 1, 1)).astype(np.uint8) for _ in range(6)]
    moving = [random.integers(0, 255, (14, 32, 32)).astype(np.uint8) for _ in range(6)]
    encoder = train_on_clips(still, FEW)
    of_still, of_moving = (errors(encoder, videos, still, seed=0) for videos in (still, moving))
    assert {way: len(found) for way, found in of_still.items()} == dict.fromkeys(of_still, len(HORIZONS))
    # a latent also tells its place in the clip: only with the mean change the last frame is right about still videos
    assert max(of_still["last frame and mean change"]) < 0.1 * max(of_still["last frame"])
    assert min(of_moving["last frame and mean change"]) > 10 * max(of_still["last frame and mean change"])
