"""Small networks get one thread, and the caller's number comes back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from tjepa_estimators.nn.threads import limited_threads

SMALL = nn.Linear(2, 2)
LARGE = nn.Linear(1024, 1024, device="meta")


@pytest.fixture(autouse=True)
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("module", "asked", "expected"), [(SMALL, None, 1), (LARGE, None, 3), (SMALL, 2, 2)])
def test_the_size_of_the_network_or_the_caller_decides(module, asked, expected):
    with limited_threads(module, asked):
        assert torch.get_num_threads() == expected
    assert torch.get_num_threads() == 3


def test_the_number_is_put_back_after_an_error():
    with pytest.raises(RuntimeError, match="inside"), limited_threads(SMALL):
        raise RuntimeError("inside")
    assert torch.get_num_threads() == 3


def test_a_thread_that_limits_itself_does_not_limit_the_caller():
    def limited():
        with limited_threads(SMALL):
            return torch.get_num_threads()

    with ThreadPoolExecutor(2) as pool:
        assert [task.result() for task in [pool.submit(limited) for _ in range(6)]] == [1] * 6
    assert torch.get_num_threads() == 3
