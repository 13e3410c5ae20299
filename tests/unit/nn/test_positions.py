"""Laws of the positions."""

from __future__ import annotations

import pytest
import torch

from tjepa_estimators.nn.positions import sinusoidal_positions


def grid(*sizes):
    axes = torch.meshgrid(*[torch.arange(float(size)) for size in sizes], indexing="ij")
    return torch.stack(axes, dim=-1).reshape(1, -1, len(sizes))


@pytest.mark.parametrize("dim", [1, 5, 8, 33])
@pytest.mark.parametrize("sizes", [(7,), (3, 4), (2, 3, 4)])
def test_any_width_fits_any_number_of_axes(dim, sizes):
    positions = grid(*sizes)
    assert sinusoidal_positions(positions, dim).shape == (1, positions.shape[1], dim)


@pytest.mark.parametrize("sizes", [(200,), (12, 12)])
def test_each_coordinate_has_features_of_its_own(sizes):
    features = sinusoidal_positions(grid(*sizes), 32)[0]
    apart = torch.cdist(features, features) + 10 * torch.eye(len(features))
    assert apart.min() > 1e-3


def test_features_do_not_depend_on_the_other_tokens():
    positions = grid(10)
    assert torch.equal(sinusoidal_positions(positions, 8)[:, 4:6], sinusoidal_positions(positions[:, 4:6], 8))


def test_the_inner_product_of_features_depends_on_the_distance_only():
    features = sinusoidal_positions(grid(50).double(), 16)[0]
    products = features @ features.T
    for lag in (1, 7, 20):
        along = products.diagonal(lag)
        assert torch.allclose(along, along[:1].expand_as(along))
