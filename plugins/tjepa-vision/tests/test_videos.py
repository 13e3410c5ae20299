"""Clips: arrays, gridded frames and files, tubelets, bad input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tjepa_vision.videos.settings import VideoTubeletsConfig
from tjepa_vision.videos.tokenizer import VideoTubelets

from tjepa_estimators.errors import ConfigError, DataError

RANDOM = np.random.default_rng(0)
# imageio-ffmpeg ends ffmpeg and leaves its pipes to the garbage collector
LEAVES_PIPES = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
VIDEO = RANDOM.integers(0, 256, (7, 8, 6), dtype=np.uint8)


def test_clips_are_cut_by_frames_and_stride():
    clips = VideoTubeletsConfig(frames=4, stride=2).fit_to(VIDEO).samples(VIDEO)
    assert len(clips) == 2
    np.testing.assert_array_equal(clips.gather(torch.tensor([1])).numpy()[0, ..., 0], VIDEO[2:6])


def test_a_row_is_the_middle_of_its_video():
    rows = VideoTubeletsConfig(frames=3).fit_to(VIDEO).rows([VIDEO, VIDEO[:3]])
    np.testing.assert_array_equal(rows.gather(torch.tensor([0])).numpy()[0, ..., 0], VIDEO[2:5])
    assert len(rows) == 2


def test_tubelets_are_numbered_frame_by_frame():
    clip = torch.zeros(1, 4, 4, 4, 1)
    clip[0, 2:, :2, 2:] = 1.0
    config = VideoTubeletsConfig(
        patch=2, tubelet=2, frames=4, size=(4, 4), channels=1, mean=(0.0,), std=(1.0,)
    )  # fmt: skip
    tokenizer = VideoTubelets(6, config)
    assert tokenizer.grid(clip) == (2, 2, 2)
    assert tokenizer.patches(clip).sum(dim=-1).tolist() == [[0, 0, 0, 0, 0, 8, 0, 0]]
    assert tokenizer(clip).positions[0, 5].tolist() == [16, 0, 16]


@pytest.mark.parametrize(
    ("items", "videos", "channels"),
    [
        (VIDEO, 1, 1),
        (np.stack([VIDEO, VIDEO]), 2, 1),
        (np.repeat(VIDEO[..., None], 3, axis=-1), 1, 3),
        (np.stack([np.repeat(VIDEO[..., None], 2, axis=-1)] * 2), 2, 2),
        ([VIDEO, VIDEO[:4]], 2, 1),
    ],
)
def test_videos_come_in_many_forms(items, videos, channels):
    config = VideoTubeletsConfig(frames=4).fit_to(items)
    assert (len(config.rows(items)), config.channels) == (videos, channels)


def test_frames_on_a_grid_are_read_and_variables_are_channels():
    xarray = pytest.importorskip("xarray")
    frames = xarray.DataArray(RANDOM.normal(size=(6, 4, 5)), dims=("time", "lat", "lon"))
    config = VideoTubeletsConfig(frames=3).fit_to(frames)
    assert (config.size, config.channels, len(config.samples(frames))) == ((4, 5), 1, 4)
    both = xarray.Dataset({"air": frames, "wind": frames + 1.0})
    assert VideoTubeletsConfig(frames=3).fit_to(both).channels == 2


def test_files_are_read_in_colour_or_grey(tmp_path):
    imageio = pytest.importorskip("imageio")
    frames = np.repeat(np.kron(VIDEO[:, :4, :4], np.ones((1, 8, 8), np.uint8))[..., None], 3, axis=-1)
    imageio.mimsave(tmp_path / "film.gif", frames)
    config = VideoTubeletsConfig(frames=4).fit_to(tmp_path)
    assert (config.size, config.channels, len(config.samples(tmp_path))) == ((32, 32), 3, 4)
    small = VideoTubeletsConfig(frames=4, size=(16, 16), channels=1, resize=True).fit_to(tmp_path / "film.gif")
    assert small.rows(tmp_path).gather(torch.tensor([0])).shape == (1, 4, 16, 16, 1)


@LEAVES_PIPES
@pytest.mark.parametrize("suffix", ["mp4", "avi", "mkv"])
def test_films_are_read_frame_by_frame(tmp_path, suffix):
    imageio = pytest.importorskip("imageio.v2")
    pytest.importorskip("imageio_ffmpeg")
    greys = np.arange(0, 240, 30, dtype=np.uint8)
    frames = np.broadcast_to(greys[:, None, None, None], (8, 32, 48, 3))
    imageio.mimsave(tmp_path / f"film.{suffix}", list(frames), fps=8, macro_block_size=16)
    config = VideoTubeletsConfig(frames=8).fit_to(tmp_path)
    assert (config.size, config.channels) == ((32, 48), 3)
    read = config.rows(tmp_path).gather(torch.tensor([0])).float().mean(dim=(2, 3, 4))[0].numpy()
    np.testing.assert_allclose(read, greys, atol=4)  # compressed with loss


@LEAVES_PIPES
@pytest.mark.parametrize("name", ["film.gif", "film.mp4"])
def test_a_damaged_file_is_named(tmp_path, name):
    pytest.importorskip("imageio_ffmpeg")
    (tmp_path / name).write_bytes(b"GIF89a and nothing more")
    with pytest.raises(DataError, match=f"{name} cannot be read as a video"):
        VideoTubeletsConfig().fit_to(tmp_path)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (VIDEO[:1], "has 1 frames, too few"),
        (VIDEO[0], "image-patches"),
        ([], "no videos"),
        ([VIDEO, VIDEO[:, :4]], "Video 1 has frames of"),
        (np.full((3, 4, 4), np.nan), "missing or infinite"),
        ("no such file", "no file 'no such file'"),
        ([VIDEO, "film.mp4"], "one kind"),
    ],
)
def test_what_is_no_video_is_refused(items, message):
    with pytest.raises(DataError, match=message):
        VideoTubeletsConfig().fit_to(items)


def test_a_video_that_is_shorter_than_a_clip_is_refused():
    config = VideoTubeletsConfig(frames=4).fit_to(VIDEO)
    with pytest.raises(DataError, match="Video 1 has 3 frames, but a clip has 4"):
        config.rows([VIDEO, VIDEO[:3]])


@pytest.mark.parametrize("wrong", [{"frames": 1}, {"frames": 5, "tubelet": 2}, {"stride": 0}, {"tubelet": 0}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ConfigError):
        VideoTubeletsConfig(**wrong)
