"""What is read off windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.tasks.anomaly.features import TokenLayout, WindowFeatures, WindowReader

FIELDS = ("shape", "context", "level", "share")


@pytest.fixture(scope="module")
def reader(tiny_pretrained):
    return WindowReader(tiny_pretrained.build().eval().requires_grad_(requires_grad=False), TokenLayout(8, 4, 4))


@pytest.fixture
def windows(noise):
    return np.stack([noise(32, 2, seed) for seed in range(150)])  # more than one forward pass holds


@given(tokens=st.integers(4, 20), stride=st.integers(1, 4), more=st.integers(0, 3))
def test_patches_cover_the_window_and_some_tokens_are_hidden(tokens, stride, more):
    layout = TokenLayout(tokens, stride + more, stride)
    covered = {token * stride + offset for token in range(tokens) for offset in range(stride + more)}
    assert covered == {*range(layout.window)}
    assert 1 <= layout.hidden < tokens


def test_what_is_beside_a_window_does_not_change_its_features(reader, windows):
    together = reader(windows)
    for number in (0, 70, 149):
        alone = reader(windows[number : number + 1])
        for field in FIELDS:
            np.testing.assert_array_equal(getattr(together, field)[number], getattr(alone, field)[0])


def test_channels_are_read_one_by_one(reader, windows):
    both, turned = reader(windows), reader(windows[:, :, ::-1])
    for field in FIELDS[:3]:
        np.testing.assert_array_equal(getattr(turned, field), getattr(both, field)[:, ::-1])


def test_latents_do_not_see_the_level(reader, windows):
    low, high = reader(windows), reader(windows + 3.0)
    np.testing.assert_allclose(high.shape, low.shape, atol=1e-4)
    np.testing.assert_allclose(high.context, low.context, atol=1e-4)
    np.testing.assert_allclose(high.level[:, :, :4] - low.level[:, :, :4], 1.5, atol=1e-5)


def test_what_comes_before_does_not_see_the_last_quarter(reader, windows):
    other = windows.copy()
    other[:, 24:] = 5.0
    for part in ("context", "past"):
        np.testing.assert_array_equal(reader(other).joint(part), reader(windows).joint(part))
    assert np.abs(reader(other).shape - reader(windows).shape).mean() > 0.01


def test_what_hardly_moves_has_hardly_a_shape(reader, windows):
    size = [np.abs(reader(windows * scale).shape).mean() for scale in (0.0, 1e-3, 1e-1, 1.0)]
    assert size[0] == 0.0
    np.testing.assert_allclose(size[1] / size[2], 0.01, rtol=0.01)
    assert size[2] < size[3]
    assert (reader(windows * 0.0).context == 0.0).all()


def test_nothing_observed_shows_nothing(reader, windows):
    windows[3, :, 1] = np.nan
    features = reader(windows)
    np.testing.assert_array_equal(features.share, 1.0)  # of the channels that were observed
    for part in (features.shape, features.context, features.level):
        assert np.isfinite(part).all()
        assert (part[3, 1] == 0.0).all()


def test_a_gap_shows_as_a_straight_line(reader, windows):
    gappy, line = windows.copy(), windows.copy()
    gappy[:, 11:14] = np.nan
    for step in range(3):
        line[:, 11 + step] = line[:, 10] + (line[:, 14] - line[:, 10]) * (step + 1) / 4
    shown, expected = reader(gappy), reader(line)
    for field in FIELDS[:3]:
        np.testing.assert_allclose(getattr(shown, field), getattr(expected, field), atol=1e-5)


def test_the_share_of_values_counts_channels_that_were_observed(reader, windows):
    windows[0, :8] = np.nan
    windows[1, :, 1] = np.nan
    windows[2] = np.nan
    windows[3, 16:, 0] = np.nan
    np.testing.assert_allclose(reader(windows).share[:5], [0.75, 1.0, 0.0, 0.75, 1.0])


def test_parts_are_joined_in_order(reader, windows):
    joined = WindowFeatures.join([reader(windows[:30]), reader(windows[30:])])
    assert len(joined) == 150
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(joined, field), getattr(reader(windows), field))
    np.testing.assert_array_equal(joined[40:].context, joined.context[40:])
