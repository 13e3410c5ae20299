"""``plugins/tjepa-moe`` comes in as a stranger's distribution would, and takes experts from another one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tjepa_estimators.errors import PluginError
from tjepa_estimators.plugins import Catalog

PLUGINS = Path(__file__).parents[2] / "plugins"

USE = """
import sys
from tjepa_estimators.plugins import get_encoder, provider
spec = get_encoder("moe")
assert "torch" not in sys.modules, "finding a plugin must not import torch"
import numpy as np, pandas as pd
from tjepa_estimators import JEPAForecaster
import tjepa_moe, tjepa_performer
for module in (tjepa_moe, tjepa_performer):
    assert module.__file__.startswith(sys.argv[1]), module.__file__
wave = pd.DataFrame({"y": np.sin(np.arange(160.0) / 4)})
settings = {"experts": 2, "top_k": 1, "depth": 1, "expert": "performer"}
forecaster = JEPAForecaster(encoder="moe", encoder_config=settings, train={"steps": 2}).fit(wave, fh=[1, 2])
assert np.isfinite(forecaster.predict().to_numpy()).all()
provenance = forecaster.pretrained_.info.provenance
print(provenance.provided_by)
print([name for name in provenance.diagnostics if name.startswith("encoder.")])
"""


def test_without_the_distribution_the_error_names_it():
    with pytest.raises(PluginError, match=r"No encoder is named 'moe'.*pip install tjepa-moe"):
        Catalog(entry_points=()).get_encoder("moe")


@pytest.mark.slow
@pytest.mark.skipif(not PLUGINS.exists(), reason="installed without its repository")
def test_once_installed_a_forecaster_mixes_experts_of_another_distribution(tmp_path):
    target = tmp_path / "installed"
    sources = [str(PLUGINS / name) for name in ("tjepa-moe", "tjepa-performer")]
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), *sources]
    subprocess.run(command, check=True, capture_output=True, text=True)
    environment = {**os.environ, "PYTHONPATH": str(target), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", USE, str(target)],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "{'tjepa-moe': '0.1.0', 'tjepa-performer': '0.1.0'}",
        "['encoder.blocks.0.expert_0_use', 'encoder.blocks.0.expert_1_use']",
    ]
