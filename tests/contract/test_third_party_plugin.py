"""The plugins in the documentation of the hooks are built, installed and found by name."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap

import pytest

from tjepa_estimators.plugins import hookspecs

USE_ENCODER = """
import sys
from tjepa_estimators.plugins import get_encoder, list_plugins, provider
spec = get_encoder("mean")
assert "torch" not in sys.modules, "finding a plugin must not import torch"
import torch
model = spec.load()(8, spec.load_config()())
x = torch.randn(2, 5, 8)
padding = torch.zeros(2, 5, dtype=torch.bool)
padding[:, 3:] = True
changed = torch.where(padding.unsqueeze(-1), 100.0, x)
assert torch.allclose(model(x, padding)[:, :3], model(changed, padding)[:, :3], atol=1e-5)
print(*provider("mean"), [row.status for row in list_plugins() if row.name == "mean"])
"""

USE_ENCODER_EVERYWHERE = """
import logging, warnings
warnings.simplefilter("ignore")  # the wrapped libraries announce changes of their own
import numpy as np, pandas as pd
from darts import TimeSeries
from tjepa_estimators import (
    JEPADetector, JEPAEmbedder, JEPAFeatures, JEPAForecaster, JEPAModel, JEPAOutlierDetector,
    JEPAWindowOutlierDetector, PretrainedEncoder, pretrain,
)
wave = np.sin(np.arange(160.0) / 4)
settings = {"encoder": "mean", "train": {"steps": 2}}
frame = pd.DataFrame({"y": wave})
made = [
    JEPAForecaster(**settings).fit(frame, fh=[1, 2]),
    JEPAModel(24, 4, **settings).fit(TimeSeries.from_values(wave), verbose=False),
    JEPADetector(**settings).fit(frame),
    JEPAEmbedder(**settings).fit(frame),
    JEPAOutlierDetector(**settings).fit(wave[:, None]),
    JEPAWindowOutlierDetector(**settings).fit(wave.reshape(10, 16)),
    JEPAFeatures(**settings).fit(wave.reshape(10, 16)),
]
assert all(one.pretrained_.info.encoder == "mean" for one in made)
folder = pretrain(wave, **settings).save("artifact")
print(PretrainedEncoder.load(folder).info.provenance.provided_by)
"""

USE_DOMAIN = """
from tjepa_estimators import load_domain
from tjepa_estimators.plugins import provider
tides = load_domain("tides")
whole, train, test = (tides.series(split)[0] for split in ("all", "train", "test"))
assert len(train) + len(test) == len(whole)
assert len(tides.sample()[0]) == 240
print(*provider("tides"))
"""

USE_TOKENIZER = """
import numpy as np
from tjepa_estimators import PretrainedEncoder, pretrain
from tjepa_estimators.testing import check_tokenizer
melodies = np.random.default_rng(0).integers(0, 128, (12, 16)).tolist()
check_tokenizer("melody", melodies)
encoder = pretrain(melodies, config={"tokenizer": {"kind": "melody"}, "dim": 16}, train={"steps": 2})
twin = PretrainedEncoder.load(encoder.save("artifact"))
print(twin == encoder, twin.embed(melodies).shape, twin.info.provenance.provided_by["tjepa-melodies"])
"""

USE_MASKER = """
from tjepa_estimators.jepa.config import MaskConfig
from tjepa_estimators.plugins import get_masker
from tjepa_estimators.testing import check_masker
check_masker(get_masker("comb").load())
print(MaskConfig(kind="comb", options={"first": 1}).build())
"""

USE_PRESET = """
import numpy as np
from tjepa_estimators import JEPAForecaster
forecaster = JEPAForecaster(config="weekly", train={"steps": 1}).fit(np.sin(np.arange(400.0)), fh=[1])
print(forecaster.pretrained_.info.jepa.patch_length, forecaster.pretrained_.info.encoder_config)
"""

USE_COMMAND = """
from tjepa_estimators.cli import main
main(["count", "weather"])
"""


def example_files(hook):
    """The files in the docstring of a hook: each literal block is named by the first path in its lead-in."""
    text = textwrap.dedent(hook.__doc__.partition("Examples")[2].partition("\n")[2])
    blocks = re.findall(r"``([\w/]+\.\w+)``[^\n]*::\n\n((?:    [^\n]*\n|\s*\n)+)", text)
    return {path: textwrap.dedent(body) for path, body in blocks}


def install(files, folder):
    """Build the distribution without network and install it into a folder of its own."""
    source, target = folder / "source", folder / "installed"
    for path, body in files.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(body, encoding="utf-8")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return target


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hook", "num_files", "code", "output"),
    [
        (hookspecs.tjepa_encoders, 3, USE_ENCODER, "tjepa-mean 0.1.0 ['ok']"),
        (hookspecs.tjepa_encoders, 3, USE_ENCODER_EVERYWHERE, "{'tjepa-mean': '0.1.0'}"),
        (hookspecs.tjepa_domains, 2, USE_DOMAIN, "tjepa-tides 0.1.0"),
        (hookspecs.tjepa_tokenizers, 3, USE_TOKENIZER, "True (12, 16) 0.1.0"),
        (hookspecs.tjepa_maskers, 3, USE_MASKER, "CombMasker(first=1)"),
        (hookspecs.tjepa_presets, 3, USE_PRESET, "7 {'depth': 1}"),
        (hookspecs.tjepa_commands, 3, USE_COMMAND, "1461 steps"),
    ],
    ids=["encoder", "encoder in every wrapper", "domain", "tokenizer", "masker", "preset", "command"],
)
def test_the_documented_plugin_works_once_installed(hook, num_files, code, output, tmp_path):
    files = example_files(hook)
    assert len(files) == num_files
    target = install(files, tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(target), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.strip() == output
