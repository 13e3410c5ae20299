"""Laws of filling gaps by straight lines."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.data.gaps import interpolate_gaps

VALUES = st.floats(-1e6, 1e6) | st.just(float("nan"))


@given(row=st.lists(VALUES, min_size=1, max_size=30))
def test_it_does_what_numpy_does_with_the_observed_points(row):
    values = np.array(row)
    filled = interpolate_gaps(torch.from_numpy(values)[None])[0].numpy()
    seen = ~np.isnan(values)
    if not seen.any():
        assert np.isnan(filled).all()
        return
    steps = np.arange(len(row))
    np.testing.assert_allclose(filled, np.interp(steps, steps[seen], values[seen]), atol=1e-8)
    np.testing.assert_array_equal(filled[seen], values[seen])


def test_a_line_with_gaps_comes_back():
    line = torch.arange(20.0, dtype=torch.float64).repeat(2, 1)
    gappy = line.clone()
    gappy[0, 3:9] = torch.nan
    gappy[1, [1, 5, 6, 18]] = torch.nan
    assert torch.allclose(interpolate_gaps(gappy), line)


def test_what_is_given_stays_as_it_is():
    gappy = torch.tensor([[1.0, torch.nan, 3.0]])
    interpolate_gaps(gappy)
    assert gappy.isnan().tolist() == [[False, True, False]]
