"""``plugins/tjepa-weather`` comes in as a stranger's distribution would, and without it the error names it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tjepa_estimators.errors import PluginError
from tjepa_estimators.plugins import Catalog

SOURCE = Path(__file__).parents[2] / "plugins" / "tjepa-weather"

USE = """
import sys
from tjepa_estimators.plugins import get_domain
get_domain("places")
assert not {"pandas", "meteostat", "requests"} & set(sys.modules), "finding a plugin must import nothing heavy"
from tjepa_estimators import load_domain
import tjepa_weather
assert tjepa_weather.__file__.startswith(sys.argv[1]), tjepa_weather.__file__
print(*[series.name for name in ("stations", "places") for series in load_domain(name).sample()], sep=", ")
"""


@pytest.mark.parametrize("name", ["stations", "places"])
def test_without_the_distribution_the_error_names_it(name):
    with pytest.raises(PluginError, match=rf"No domain is named '{name}'.*pip install tjepa-weather"):
        Catalog(entry_points=()).get_domain(name)


@pytest.mark.slow
@pytest.mark.skipif(not SOURCE.exists(), reason="installed without its repository")
def test_once_installed_its_samples_open_by_name(tmp_path):
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
    assert done.stdout.strip() == "New York JFK, New York JFK"
