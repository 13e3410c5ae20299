"""Frames of xarray and masked arrays: names and masks are not lost."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tjepa_vision.images.settings import ImagePatchesConfig
from tjepa_vision.pixels import as_array
from tjepa_vision.videos.settings import VideoTubeletsConfig

from tjepa_estimators.errors import DataError

xarray = pytest.importorskip("xarray")

FRAMES = np.random.default_rng(0).normal(size=(7, 5, 4, 6))


def grid(*dims):
    """The frames, their axes in another order."""
    order = [{"time": 0, "lat": 1, "lon": 2, "band": 3}[dim] for dim in dims]
    return xarray.DataArray(FRAMES.transpose(order), dims=dims)


@pytest.mark.parametrize(
    "dims", [("time", "lat", "lon", "band"), ("lat", "lon", "time", "band"), ("band", "time", "lat", "lon")]
)
def test_axes_are_ordered_by_their_names(dims):
    assert len(VideoTubeletsConfig(frames=3).fit_to(grid(*dims)).rows(grid(*dims))) == 1
    np.testing.assert_array_equal(as_array(grid(*dims)), FRAMES)


def test_axes_without_known_names_keep_their_places():
    np.testing.assert_array_equal(as_array(xarray.DataArray(FRAMES)), FRAMES)
    members = xarray.DataArray(FRAMES, dims=("member", "Latitude", "Longitude", "time"))
    np.testing.assert_array_equal(as_array(members), FRAMES.transpose(0, 3, 1, 2))
    assert len(VideoTubeletsConfig(frames=3).fit_to(members).rows(members)) == 7


def test_time_at_the_end_is_no_width():
    frames = grid("time", "lat", "lon", "band")[..., 0].transpose("lat", "lon", "time")
    config = VideoTubeletsConfig(frames=3).fit_to(frames)
    assert config.size == (5, 4)
    np.testing.assert_allclose(config.samples(frames).videos[0][..., 0], FRAMES[..., 0].astype(np.float32))


def test_images_lie_along_time_and_without_time_there_is_one():
    frames = grid("lat", "lon", "band", "time")
    assert len(ImagePatchesConfig().fit_to(frames).rows(frames)) == 7
    one = frames[..., 2].transpose("band", "lat", "lon")
    raw = ImagePatchesConfig().fit_to(one).rows(one).gather(torch.tensor([0]))
    np.testing.assert_allclose(raw, FRAMES[2:3].astype(np.float32))


def test_variables_are_channels_in_the_order_of_their_names():
    air = grid("time", "lat", "lon", "band")[..., 0]
    one = xarray.Dataset({"wind": air + 1.0, "air": air.transpose("lat", "lon", "time")})
    np.testing.assert_array_equal(as_array(one), np.stack([air, air + 1.0], axis=-1))


def test_variables_of_different_dimensions_are_named():
    air = grid("time", "lat", "lon", "band")[..., 0]
    both = xarray.Dataset({"air": air, "time_bnds": (("time", "nv"), np.zeros((7, 2)))})
    with pytest.raises(DataError, match=r"'time_bnds': \('time', 'nv'\).*dataset\[\['air'\]\]"):
        VideoTubeletsConfig().fit_to(both)
    with pytest.raises(DataError, match="no variables"):
        VideoTubeletsConfig().fit_to(xarray.Dataset())


@pytest.mark.parametrize("config", [ImagePatchesConfig(), VideoTubeletsConfig()])
@pytest.mark.parametrize("form", [lambda values: values, list])
def test_what_is_masked_is_missing(config, form):
    values = np.ma.masked_greater(np.where(FRAMES > 2.0, 1e20, FRAMES), 1e19)
    with pytest.raises(DataError, match="missing or infinite"):
        config.fit_to(form(values))


def test_a_mask_of_nothing_leaves_the_dtype():
    assert as_array(np.ma.masked_array(np.arange(3, dtype=np.uint8))).dtype == np.uint8
