"""Two processes train as one does."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tjepa_estimators import PretrainedEncoder

SCRIPT = """
import json, os, sys
import numpy as np
from tjepa_estimators import pretrain

arguments, folder, last = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
told = []

def notify(step, health):
    told.append(step)
    if step == last:
        os._exit(3)

if __name__ == "__main__":
    data = [np.load(path) for path in arguments.pop("data")]
    encoder = pretrain(data, **arguments, on_diagnostics=notify)
    encoder.save(folder)
    line = json.dumps([os.environ["LOCAL_RANK"], told[0], encoder.info.provenance.diagnostics["loss"]])
    os.write(1, (line + chr(10)).encode())  # in one piece: two processes write to the same pipe
"""


@pytest.mark.ddp
@pytest.mark.slow
def test_two_processes_that_were_stopped_end_where_one_does(pretrain_tiny, waves, tiny_jepa, tiny_encoder, tmp_path):
    for number, one in enumerate(waves):
        np.save(tmp_path / f"{number}.npy", one)
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    train = {"steps": 16, "batch_size": 32, "learning_rate": 1e-2, "checkpoint_every": 4}
    arguments = {
        "data": [str(tmp_path / f"{number}.npy") for number in range(len(waves))],
        "encoder_config": tiny_encoder,
        "config": tiny_jepa,
        "train": train | {"checkpoint_dir": str(tmp_path / "run"), "devices": 2, "strategy": "ddp"},
    }

    def run(last):
        command = [sys.executable, "script.py", json.dumps(arguments), "encoder", str(last)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    stopped, finished = run(last=10), run(last=-1)
    assert stopped.returncode == 3, stopped.stderr
    assert finished.returncode == 0, finished.stderr
    alone = pretrain_tiny(**train)
    reports = sorted(json.loads(line) for line in finished.stdout.splitlines())
    loss = pytest.approx(alone.info.provenance.diagnostics["loss"], rel=1e-3)
    assert reports == [["0", 9, loss], ["1", 9, loss]]
    assert sorted(path.name for path in (tmp_path / "encoder").iterdir()) == [
        "README.md", "config.json", "model.safetensors",
    ]  # fmt: skip
    # not the weights: the bias of the keys has no effect and follows rounding
    windows = np.stack([one[:24, 0] for one in waves])
    np.testing.assert_allclose(
        PretrainedEncoder.load(tmp_path / "encoder").embed(windows), alone.embed(windows), atol=1e-3
    )
