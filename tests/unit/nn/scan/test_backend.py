"""The backend is the one that was asked for, else the fastest that works, and the user hears of a slow one."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.scan import BACKENDS, causal_conv1d, choose_backend, scan_backend, selective_scan
from tjepa_estimators.nn.scan.backend import VARIABLE, why_not

CPU, GPU = torch.device("cpu"), torch.device("cuda")
operations = pytest.mark.parametrize("operation", ["scan", "conv"])


@pytest.fixture(autouse=True)
def no_variable(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


@operations
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_numba_computes_on_a_cpu(operation, dtype):
    pytest.importorskip("numba")
    assert choose_backend(operation, CPU, dtype) == "numba"


@operations
@pytest.mark.parametrize("name", ["numba", "torch"])
def test_the_one_asked_for_is_taken_inside_the_block_only(operation, name):
    before = choose_backend(operation, CPU, torch.float32)
    with scan_backend("torch"):
        with scan_backend(name):
            assert choose_backend(operation, CPU, torch.float32) == name
        assert choose_backend(operation, CPU, torch.float32) == "torch"
    assert choose_backend(operation, CPU, torch.float32) == before


def test_an_error_in_the_block_ends_it_too():
    with pytest.raises(ZeroDivisionError), scan_backend("torch"):
        raise ZeroDivisionError
    assert choose_backend("scan", CPU, torch.float32) != "torch"


def test_other_threads_do_not_see_the_one_asked_for():
    with scan_backend("torch"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(choose_backend, "scan", CPU, torch.float32).result() != "torch"


def test_an_environment_variable_asks_for_the_whole_process(monkeypatch):
    monkeypatch.setenv(VARIABLE, "torch")
    assert choose_backend("scan", CPU, torch.float32) == "torch"
    with scan_backend("numba"):
        assert choose_backend("scan", CPU, torch.float32) == "numba"  # nearer, so it wins
    monkeypatch.setenv(VARIABLE, "")
    assert choose_backend("scan", CPU, torch.float32) == "numba"


def test_an_unknown_name_is_refused_with_the_known_ones(monkeypatch):
    known = ", ".join(BACKENDS)
    with (
        pytest.raises(ConfigError, match=f"scan_backend.* was given 'triton'; choose one of {known}"),
        scan_backend("triton"),
    ):
        pytest.fail("the block must not be entered")
    monkeypatch.setenv(VARIABLE, "triton")
    with pytest.raises(ConfigError, match=f"{VARIABLE} was given 'triton'; choose one of {known}"):
        causal_conv1d(torch.ones(1, 1, 3), torch.ones(1, 2))


def test_asking_for_cuda_on_a_cpu_says_what_to_do(scan_arguments, conv_arguments):
    message = "'cuda' was asked for, but it computes on cuda, and the tensors are on cpu. Use another of"
    with scan_backend("cuda"):
        for function, arguments in ((selective_scan, scan_arguments()), (causal_conv1d, conv_arguments())):
            with pytest.raises(ConfigError, match=message):
                function(**arguments)


@pytest.mark.parametrize(
    ("name", "device", "dtype", "reason"),
    [
        ("cuda", GPU, torch.float64, "does not compute in torch.float64"),
        ("numba", GPU, torch.float32, "computes on cpu, and the tensors are on cuda"),
        ("numba", torch.device("meta"), torch.float32, "computes on cpu, and the tensors are on meta"),
    ],
)
@operations
def test_the_reason_against_a_backend_is_in_words(operation, name, device, dtype, reason):
    assert reason in why_not(name, operation, device, dtype)
    assert why_not("torch", operation, device, dtype) is None


@pytest.mark.parametrize(("operation", "module"), [("scan", "selective_scan_cuda"), ("conv", "causal_conv1d_cuda")])
def test_a_gpu_without_the_kernels_is_told_which_module_is_missing(monkeypatch, operation, module):
    monkeypatch.setattr("tjepa_estimators.nn.scan.cuda_backend.load_module", lambda _: None)
    with scan_backend("cuda"), pytest.raises(ConfigError, match=f"the module {module} cannot be imported; see"):
        choose_backend(operation, GPU, torch.float32)


WITHOUT_NUMBA = """
import warnings
import torch
from tjepa_estimators.nn.scan import causal_conv1d, scan_backend, selective_scan

generator = torch.Generator().manual_seed(0)
u, delta, B, C = (torch.randn(2, 3, 5, generator=generator) for _ in range(4))
A, weight = -torch.ones(3, 3), torch.ones(3, 4)

def both():
    x = u.clone().requires_grad_()
    y = selective_scan(causal_conv1d(x, weight), delta, A, B, C, delta_softplus=True)
    y.sum().backward()
    return y, x.grad

with warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    found = [both() for _ in range(2)]
with scan_backend("torch"):
    torch.testing.assert_close(found, [both()] * 2, rtol=0, atol=0)
try:
    with scan_backend("numba"):
        both()
except ValueError as error:
    print(error)
print(*(message.message for message in heard), sep="\\n")
"""


def run_without_numba(**environment):
    """The refusal to use numba, and the warnings."""
    command = [sys.executable, "-c", WITHOUT_NUMBA]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | environment)
    return done.stdout.strip().split("\n")


def test_without_numba_torch_serves_and_says_so_once(tmp_path):
    (tmp_path / "numba.py").write_text("raise ImportError('there is none')")
    refusal, *warnings = run_without_numba(PYTHONPATH=str(tmp_path))
    reason = "numba cannot be imported (there is none); install it by `pip install numba`"
    assert f"'numba' was asked for, but {reason}" in refusal
    assert len(warnings) == 1
    assert reason in warnings[0]
    assert "many times slower" in warnings[0]


def test_with_numba_switched_off_torch_serves_and_says_so_once():
    refusal, *warnings = run_without_numba(NUMBA_DISABLE_JIT="1")
    assert "switched off by NUMBA_DISABLE_JIT" in refusal
    assert len(warnings) == 1
    assert "switched off by NUMBA_DISABLE_JIT" in warnings[0]
