"""Rows of estimators: each is one image or one video, in whatever form it is given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tjepa_vision.videos.settings import VideoTubeletsConfig

from tjepa_estimators import JEPAClassifier, JEPAFeatures, pretrain

RANDOM = np.random.default_rng(0)
TRAIN = {"steps": 1, "batch_size": 4}
CLIPS = RANDOM.random((6, 12, 8, 4))
Y = np.arange(6) % 2


def test_clips_whose_last_axis_could_be_colours_are_rows():
    features = JEPAFeatures(config="video-tiny", train=TRAIN).fit(CLIPS)
    found = features.transform(CLIPS)
    assert found.shape == (6, 64)
    flat = JEPAFeatures(pretrained=features.pretrained_, shape=(12, 8, 4)).fit_transform(CLIPS.reshape(6, -1))
    np.testing.assert_array_equal(flat, found)
    np.testing.assert_array_equal(features.transform(list(CLIPS)), found)


def test_a_classifier_keeps_all_rows_of_clips():
    classifier = JEPAClassifier(config="video-tiny", train=TRAIN).fit(CLIPS, Y)
    assert len(classifier.predict(CLIPS)) == 6


def test_a_single_video_is_no_array_of_rows():
    with pytest.raises(ValueError, match="Video 0 must be"):
        JEPAFeatures(config="video-tiny", train=TRAIN).fit(RANDOM.random((20, 8, 8)))


def test_clips_of_unequal_length_are_rows_of_both_estimators():
    clips = [RANDOM.random((length, 8, 8)) for length in (6, 7, 8, 9)]
    features = JEPAFeatures(config="video-tiny", train=TRAIN).fit(clips)
    assert features.transform(clips).shape == (4, 64)
    assert len(JEPAClassifier(pretrained=features.pretrained_).fit(clips * 3, [0, 1] * 6).predict(clips)) == 4


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    for number, image in enumerate(RANDOM.integers(0, 256, (6, 8, 8), dtype=np.uint8)):
        Image.fromarray(image).save(folder / f"{number}.png")
    return folder


@pytest.mark.parametrize(
    "column",
    [
        list,
        lambda paths: pd.Series([f"{path}" for path in paths]),
        lambda paths: np.array(paths, dtype=object),
        np.array,
    ],
    ids=["list", "Series", "object array", "array"],
)
def test_paths_in_a_list_or_a_column_are_read_by_both_estimators_and_by_the_encoder(files, column):
    paths = column(
        sorted(files.iterdir()) if column is not np.array else [f"{path}" for path in sorted(files.iterdir())]
    )
    encoder = pretrain(files, config="image-tiny", train=TRAIN)
    expected = encoder.embed(files)
    np.testing.assert_array_equal(encoder.embed(paths), expected)
    np.testing.assert_allclose(JEPAFeatures(pretrained=encoder).fit_transform(paths), expected, atol=1e-5)
    assert len(JEPAClassifier(pretrained=encoder).fit(paths, Y).predict(paths)) == 6


def test_pretraining_reads_a_folder_named_by_a_string_as_the_encoder_does(files):
    encoder = pretrain(f"{files}", config="image-tiny", train=TRAIN)
    assert encoder == pretrain(files, config="image-tiny", train=TRAIN)
    assert encoder.embed(f"{files}").shape == (6, 64)


def test_columns_of_paths_are_videos_too(tmp_path):
    imageio = pytest.importorskip("imageio")
    imageio.mimsave(tmp_path / "film.gif", RANDOM.integers(0, 256, (5, 16, 16, 3), dtype=np.uint8))
    paths = pd.Series([f"{tmp_path / 'film.gif'}"] * 2)
    assert len(VideoTubeletsConfig(frames=4).fit_to(paths).rows(paths)) == 2
