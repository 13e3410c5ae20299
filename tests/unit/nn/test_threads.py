"""Small networks get one thread, and the caller's number comes back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from tjepa_estimators.nn.threads import limited_threads, map_batches

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


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_batches_keep_their_order_whoever_works_on_them(workers):
    batches = torch.arange(30.0).split(4)
    assert map_batches(lambda batch: batch.sum().item(), batches, workers) == [batch.sum().item() for batch in batches]


@pytest.mark.parametrize("workers", [1, 3])
def test_no_worker_records_gradients(workers):
    weight = torch.ones(2, requires_grad=True)
    assert not any(one.requires_grad for one in map_batches(lambda batch: weight * batch, torch.ones(6, 2), workers))


def test_an_error_of_a_worker_is_raised():
    with pytest.raises(ZeroDivisionError):
        map_batches(lambda batch: 1 / 0, torch.ones(4, 2), workers=2)
