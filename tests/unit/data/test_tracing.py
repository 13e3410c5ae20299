"""Shortcuts depend on the data, except in a graph that is made once for all data."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tjepa_estimators.data import tracing
from tjepa_estimators.data.gaps import interpolate_gaps
from tjepa_estimators.tasks.network import ForecastNetwork


class Choice(nn.Module):
    def forward(self, x):
        return x + 1 if tracing.may_hold(x > 0) else x


def test_the_shortcut_is_open_where_a_mask_is_false_throughout():
    assert tracing.may_hold(torch.tensor([False, True]))
    assert not tracing.may_hold(torch.tensor([False, False]))


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "not strict"])
def test_a_graph_takes_the_long_way_for_any_data(strict):
    program = torch.export.export(Choice(), (torch.zeros(2),), strict=strict)
    assert program.module()(torch.zeros(2)).tolist() == [1.0, 1.0]
    assert Choice()(torch.zeros(2)).tolist() == [0.0, 0.0], "tracing leaves no mark"


def test_windows_without_gaps_are_not_searched_for_them(monkeypatch):
    monkeypatch.setattr(torch.Tensor, "cumsum", lambda *_, **__: pytest.fail("searched"))
    whole = torch.arange(8.0).reshape(2, 4)
    assert interpolate_gaps(whole) is whole
    assert ForecastNetwork(None, 4, 2).eval()(whole)[0].shape == (2, 2)
    assert ForecastNetwork(None, 4, 2).train()(whole)[0].shape == (2, 2)
