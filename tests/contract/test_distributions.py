"""The distributions under ``plugins/`` come in as a stranger's would, and without one the error names it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tjepa_estimators.errors import PluginError
from tjepa_estimators.plugins import (
    Catalog,
    CommandSpec,
    DomainSpec,
    EncoderSpec,
    MaskerSpec,
    PresetSpec,
    TokenizerSpec,
)

PLUGINS = Path(__file__).parents[2] / "plugins"
KINDS = {
    "encoder": EncoderSpec,
    "domain": DomainSpec,
    "tokenizer": TokenizerSpec,
    "masker": MaskerSpec,
    "preset": PresetSpec,
    "command": CommandSpec,
}

_ENCODER = """
import sys
from tjepa_estimators.plugins import get_encoder
get_encoder("{name}")
assert "torch" not in sys.modules, "finding a plugin must not import torch"
import numpy as np, pandas as pd
from tjepa_estimators import JEPAForecaster
wave = pd.DataFrame({{"y": np.sin(np.arange(160.0) / 4)}})
forecaster = JEPAForecaster(encoder="{name}", encoder_config={settings}, train={{"steps": 2}}).fit(wave, fh=[1, 2])
assert np.isfinite(forecaster.predict().to_numpy()).all()
provenance = forecaster.pretrained_.info.provenance
print(provenance.provided_by, [name for name in provenance.diagnostics if name.startswith("encoder.")])
"""
_DOMAINS = """
import sys
from tjepa_estimators.plugins import get_domain
get_domain("{names[0]}")
clients = {{"yfinance", "ccxt", "meteostat", "requests"}}
assert not ({{"pandas"}} | clients) & set(sys.modules), "finding a plugin must import nothing heavy"
from tjepa_estimators import load_domain
print(*[series.name for name in {names} for series in load_domain(name).sample()], sep=", ")
assert not {{"yfinance", "ccxt"}} & set(sys.modules), "samples need no client"
"""
_SAMPLES = """
import sys
from tjepa_estimators.plugins import get_domain
get_domain("{name}")
assert not {{"torch", "numpy", "tokenizers", "PIL", "transformers"}} & set(sys.modules), "finding imports nothing heavy"
import numpy as np
from tjepa_estimators import load_domain, pretrain
items = load_domain("{name}").sample()
encoder = pretrain(items, config="{preset}", train={{"steps": 2}})
assert np.isfinite(encoder.embed(items)).all()
print("tjepa-{package} " + encoder.info.provenance.provided_by["tjepa-{package}"])
"""
_VECTORS = """
import sys
from tjepa_estimators.plugins import get_preset
get_preset("vectors-tiny")
assert not {"torch", "numpy", "gymnasium"} & set(sys.modules), "finding imports nothing heavy"
import numpy as np
from tjepa_estimators import pretrain
states = np.random.default_rng(0).standard_normal((40, 3))
encoder = pretrain(states, config="vectors-tiny", train={"steps": 2})
assert np.isfinite(encoder.embed(states)).all()
print("tjepa-world " + encoder.info.provenance.provided_by["tjepa-world"])
"""
_EXPERTS = {"experts": 2, "top_k": 1, "depth": 1, "expert": "performer"}
_INSTALLED = {
    "performer": (
        ["tjepa-performer"],
        _ENCODER.format(name="performer", settings=None),
        "{'tjepa-performer': '0.1.0'} []",
    ),
    "moe": (
        ["tjepa-moe", "tjepa-performer"],
        _ENCODER.format(name="moe", settings=_EXPERTS),
        (
            "{'tjepa-moe': '0.1.0', 'tjepa-performer': '0.1.0'} "
            "['encoder.blocks.0.expert_0_use', 'encoder.blocks.0.expert_1_use']"
        ),
    ),
    "finance": (
        ["tjepa-finance"],
        _DOMAINS.format(names=["indices", "coins"]),
        "AAPL, FB, GOOG, IBM, MSFT, BTC/USD (computed), ETH/USD (computed)",
    ),
    "weather": (["tjepa-weather"], _DOMAINS.format(names=["places", "stations"]), "New York JFK, New York JFK"),
    "text": (["tjepa-text"], _SAMPLES.format(name="hamlet", preset="text-tiny", package="text"), "tjepa-text 0.1.0"),
    "vision": (
        ["tjepa-vision"],
        _SAMPLES.format(name="digits", preset="image-tiny", package="vision"),
        "tjepa-vision 0.1.0",
    ),
    "world": (["tjepa-world"], _VECTORS, "tjepa-world 0.1.0"),
    "webtraffic": (
        ["tjepa-webtraffic"],
        _DOMAINS.format(names=["page_views", "web_logs", "transactions"]),
        "Peyton Manning, computed log, Online Retail II",
    ),
}


@pytest.mark.parametrize(
    ("kind", "name", "distribution"),
    [
        ("encoder", "performer", "tjepa-performer"),
        ("encoder", "perfromer", "tjepa-performer"),
        ("encoder", "moe", "tjepa-moe"),
        ("domain", "indices", "tjepa-finance"),
        ("domain", "coins", "tjepa-finance"),
        ("domain", "stations", "tjepa-weather"),
        ("domain", "places", "tjepa-weather"),
        ("domain", "page_views", "tjepa-webtraffic"),
        ("domain", "web_logs", "tjepa-webtraffic"),
        ("domain", "transactions", "tjepa-webtraffic"),
        ("encoder", "hugging-face", "tjepa-text"),
        ("domain", "hamlet", "tjepa-text"),
        ("tokenizer", "wordpiece", "tjepa-text"),
        ("masker", "image-block", "tjepa-vision"),
        ("preset", "video-tiny", "tjepa-vision"),
        ("tokenizer", "vectors", "tjepa-world"),
        ("command", "demo-world", "tjepa-world"),
    ],
)
def test_without_the_distribution_the_error_names_it(kind, name, distribution):
    catalog = Catalog(entry_points=())
    with pytest.raises(PluginError, match=rf"No {kind} is named '{name}'.*pip install {distribution}"):
        catalog.get(KINDS[kind], name)


@pytest.mark.slow
@pytest.mark.skipif(not PLUGINS.exists(), reason="installed without its repository")
@pytest.mark.parametrize(("distributions", "use", "printed"), _INSTALLED.values(), ids=_INSTALLED)
def test_once_installed_it_is_used_by_name(distributions, use, printed, tmp_path):
    target = tmp_path / "installed"
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    sources = [str(PLUGINS / name) for name in distributions]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), *sources]
    subprocess.run(command, check=True, capture_output=True, text=True)
    modules = [name.replace("-", "_") for name in distributions]
    whence = "".join(
        f"import {one}; assert {one}.__file__.startswith(sys.argv[1]), {one}.__file__\n" for one in modules
    )
    environment = {**os.environ, "PYTHONPATH": str(target), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", use + whence, str(target)],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.strip() == printed
