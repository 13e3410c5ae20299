"""``plugins/tjepa-performer`` comes in as a stranger's distribution would, and without it the error names it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tjepa_estimators.errors import PluginError
from tjepa_estimators.plugins import Catalog

SOURCE = Path(__file__).parents[2] / "plugins" / "tjepa-performer"

USE = """
import sys
from tjepa_estimators.plugins import get_encoder, provider
spec = get_encoder("performer")
assert "torch" not in sys.modules, "finding a plugin must not import torch"
import numpy as np, pandas as pd
from tjepa_estimators import JEPAForecaster
import tjepa_performer
assert tjepa_performer.__file__.startswith(sys.argv[1]), tjepa_performer.__file__
wave = pd.DataFrame({"y": np.sin(np.arange(160.0) / 4)})
forecaster = JEPAForecaster(encoder="performer", train={"steps": 2}).fit(wave, fh=[1, 2])
assert np.isfinite(forecaster.predict().to_numpy()).all()
print(forecaster.pretrained_.info.encoder, forecaster.pretrained_.info.provenance.provided_by)
"""


def test_without_the_distribution_the_error_names_it():
    with pytest.raises(PluginError, match=r"No encoder is named 'performer'.*pip install tjepa-performer"):
        Catalog(entry_points=()).get_encoder("performer")


def test_a_misspelt_name_is_led_to_the_distribution_too():
    with pytest.raises(PluginError, match="pip install tjepa-performer"):
        Catalog(entry_points=()).get_encoder("perfromer")


@pytest.mark.slow
@pytest.mark.skipif(not SOURCE.exists(), reason="installed without its repository")
def test_once_installed_a_forecaster_uses_it_by_name(tmp_path):
    target = tmp_path / "installed"
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(SOURCE)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    environment = {**os.environ, "PYTHONPATH": str(target), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", USE, str(target)],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.strip() == "performer {'tjepa-performer': '0.1.0'}"
