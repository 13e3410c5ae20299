"""Kernels are compiled once on each machine; what was compiled is found again, unless a source has changed."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from tjepa_estimators.nn.scan import compiled  # noqa: E402 - needs numba
from tjepa_estimators.nn.scan.conv_kernel import conv_forward  # noqa: E402 - the same

ANNOUNCEMENT = "Compiling the CPU kernels of tjepa_estimators: a few seconds, once on each machine."


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def announcements(caplog):
    """What the user reads."""
    compiled._announce.cache_clear()
    caplog.set_level(logging.WARNING, "tjepa_estimators")
    return lambda: caplog.messages


def compile_anew():
    """As another process would."""
    return compiled.compile_kernel.__wrapped__(conv_forward, "float32", "iii321b3")


def was_loaded(kernel):
    return bool(kernel.stats.cache_hits)


def assert_works(kernel):
    x, weight, bias, y = (np.ones(shape, np.float32) for shape in ((1, 3, 16), (2, 16), 16, (1, 3, 16)))
    kernel(0, 1, 16, x, weight, bias, False, y)  # noqa: FBT003 - kernels take arguments by position
    np.testing.assert_array_equal(y[0, :, 0], [2, 3, 3])


def test_what_was_compiled_is_loaded_by_the_next_process(folder, announcements):
    kernel = compile_anew()
    assert_works(kernel)
    assert not was_loaded(kernel)
    assert announcements() == [ANNOUNCEMENT]
    script = """
import logging
from tjepa_estimators.nn.scan import compiled, conv_kernel
logging.basicConfig()
kernel = compiled.compile_kernel(conv_kernel.conv_forward, "float32", "iii321b3")
print(kernel.stats.cache_path, bool(kernel.stats.cache_hits))
"""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    path, loaded = done.stdout.split()
    assert path.startswith(str(folder))
    assert loaded == "True"
    assert done.stderr == ""  # no announcement


def test_compiling_is_announced_once_and_loading_never(folder, announcements, monkeypatch):
    compile_anew()
    assert was_loaded(compile_anew())
    monkeypatch.setattr(compiled, "_version", lambda: "another")
    assert not was_loaded(compile_anew())
    assert announcements() == [ANNOUNCEMENT]


def test_a_version_is_one_of_the_kernels_and_of_what_they_are_made_of(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "compiled.py"))
    version = compiled._version.__wrapped__
    for name in ("vectors.py", "scan_kernel.py", "conv_kernel.py", "functional.py"):
        (tmp_path / name).write_text("first")
    before = version()
    (tmp_path / "functional.py").write_text("second")
    assert version() == before
    for name in ("vectors.py", "scan_kernel.py", "conv_kernel.py"):
        (tmp_path / name).write_text("second")
        assert version() != before
        before = version()


def test_a_cache_folder_that_cannot_be_written_does_no_harm(folder, monkeypatch):
    file = folder / "file"
    file.touch()
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(file / "folder"))  # not even root can make it
    assert_works(compile_anew())


def test_without_any_place_for_a_cache_each_process_compiles(monkeypatch, caplog):
    def refuse(self):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr("numba.core.registry.CPUDispatcher.enable_caching", refuse)
    with caplog.at_level(logging.INFO, "tjepa_estimators"):
        kernel = compile_anew()
    assert_works(kernel)
    assert not was_loaded(kernel)
    assert "compiled anew in each process: cannot cache function" in caplog.text
