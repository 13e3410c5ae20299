"""Threads and processes change the speed of the kernels and nothing else."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from tjepa_estimators.nn.scan import causal_conv1d, scan_backend, selective_scan
from tjepa_estimators.nn.scan.threads import num_threads, run_tasks

pytest.importorskip("numba")

SIZES = {"batch": 4, "dim": 40}


@pytest.fixture(autouse=True)
def used(monkeypatch):
    """Whatever the work, it is worth a thread; returns how many were used in each call."""
    numbers = []

    def run(kernel, tasks, threads, *arguments):
        numbers.append(threads)
        run_tasks(kernel, tasks, threads, *arguments)

    monkeypatch.setattr("tjepa_estimators.nn.scan.threads._WORTH_A_THREAD", 1)
    monkeypatch.setattr("tjepa_estimators.nn.scan.numba_backend.run_tasks", run)
    with scan_backend("numba"):
        yield numbers


@pytest.fixture
def with_threads():
    """Let torch, and so the kernels, use so many threads: ``with_threads(2)``."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def everything(scan, conv):
    """Values and gradients of both functions, in one list."""
    found = []
    for function, arguments in ((selective_scan, scan), (causal_conv1d, conv)):
        leaves = {name: x.detach().requires_grad_() for name, x in arguments.items() if isinstance(x, torch.Tensor)}
        y = function(**arguments | leaves)
        found += [y.detach(), *torch.autograd.grad(y.sum(), list(leaves.values()))]
    return found


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_the_number_of_threads_changes_nothing_but_rounding(scan_arguments, conv_arguments, with_threads, used, batch):
    scan, conv = (draw(batch=batch, dim=40) for draw in (scan_arguments, conv_arguments))
    results = []
    for threads in (1, 2, 3):
        with_threads(threads)
        results.append(everything(scan, conv))
        assert torch.get_num_threads() == threads
    assert used == [1] * 4 + [2] * 4 + [3] * 4  # two functions, forwards and backwards
    for others in results[1:]:
        assert torch.equal(others[0], results[0][0])  # an output is no sum over tasks
        torch.testing.assert_close(others, results[0], rtol=1e-11, atol=1e-11)


def test_threads_are_not_started_for_little_work_or_few_tasks(with_threads, monkeypatch):
    monkeypatch.undo()
    with_threads(8)
    assert num_threads(cells=1000, tasks=64) == 1
    assert num_threads(cells=10**9, tasks=3) == 3
    assert num_threads(cells=10**9, tasks=64) == 8


def test_every_task_is_run_once_with_the_arguments_of_its_thread():
    done = []
    run_tasks(lambda *given: done.append(given), 7, 3, ["shared"], [["a"], ["b"], ["c"]])
    assert sorted(done) == [(0, 2, "shared", "a"), (2, 4, "shared", "b"), (4, 7, "shared", "c")]


def test_an_error_in_a_thread_is_an_error_of_the_call():
    def kernel(first, last):
        if first:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_tasks(kernel, 2, 2, [], [[], []])


def test_several_python_threads_may_scan_at_once(scan_arguments, conv_arguments, with_threads):
    with_threads(2)
    problems = [(scan_arguments(seed=seed, **SIZES), conv_arguments(seed=seed, **SIZES)) for seed in range(4)]
    expected = [everything(*problem) for problem in problems]
    with ThreadPoolExecutor(max_workers=4) as pool:
        found = list(pool.map(lambda problem: everything(*problem), problems * 3))
    torch.testing.assert_close(found, expected * 3, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("layout", ["rows", "channels"])
def test_inputs_are_never_written_to(scan_arguments, conv_arguments, layout):
    scan, conv = scan_arguments(**SIZES), conv_arguments(**SIZES)
    if layout == "channels":  # which the kernels read without a copy
        scan, conv = (
            {name: x.mT.contiguous().mT if isinstance(x, torch.Tensor) and x.dim() == 3 else x for name, x in a.items()}
            for a in (scan, conv)
        )
    tensors = [x for x in (*scan.values(), *conv.values()) if isinstance(x, torch.Tensor)]
    before = [(x.clone(), x._version) for x in tensors]
    everything(scan, conv)
    for x, (values, version) in zip(tensors, before, strict=True):
        assert torch.equal(x, values)
        assert x._version == version


def scan_in_child(arguments, sender):
    sender.send(selective_scan(**arguments).sum().item())


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_child_may_scan_though_threads_do_not_survive_the_fork(scan_arguments, with_threads):
    with_threads(2)
    arguments = scan_arguments(**SIZES)
    expected = selective_scan(**arguments).sum().item()  # starts the threads
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=scan_in_child, args=(arguments, sender), daemon=True)
    child.start()
    try:
        assert receiver.poll(60), "the child hangs"
        assert receiver.recv() == pytest.approx(expected)
        child.join(60)
        assert child.exitcode == 0
    finally:
        child.kill()
