"""Settings survive the way through plain dicts, and mistakes are named with their place."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.config import PRESETS, JEPAConfig
from tjepa_estimators.nn.transformer import TransformerConfig
from tjepa_estimators.settings import as_settings, to_dict
from tjepa_estimators.tasks.forecast import ForecastConfig
from tjepa_estimators.training.config import TrainConfig

KINDS = [JEPAConfig, TrainConfig, TransformerConfig, ForecastConfig]


@pytest.mark.parametrize("kind", KINDS)
def test_settings_come_back_from_json(kind):
    assert as_settings(kind, json.loads(json.dumps(to_dict(kind())))) == kind()


@pytest.mark.parametrize("name", PRESETS)
def test_presets_come_back_from_json(name):
    jepa = PRESETS[name].jepa
    assert as_settings(JEPAConfig, json.loads(json.dumps(to_dict(jepa)))) == jepa


@pytest.mark.parametrize("kind", KINDS)
def test_none_and_an_empty_dict_give_the_defaults_and_settings_stay_as_they_are(kind):
    default = kind()
    assert as_settings(kind, None) == as_settings(kind, {}) == default
    assert as_settings(kind, default) is default


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_key_is_named_beside_the_known_ones(kind):
    with pytest.raises(ConfigError, match=rf"{kind.__name__}: extra fields found \(no_such_key\).*knows \["):
        as_settings(kind, {"no_such_key": 1})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"masking": [{"kind": "future", "optoins": {}}]}, r"extra fields found \(optoins\) @ \$\.masking\[0\]"),
        ({"masking": [{"kind": "random"}, {"kind": 3}]}, r"expected str, but got 3 @ \$\.masking\[1\]\.kind"),
        ({"masking": [{"kind": "future", "options": {"lo": 1}}]}, "unexpected keyword argument 'lo'"),
        ({"masking": [{"kind": "futur"}]}, "'futur' is unknown; choose one of"),
        ({"momentum": [0.5]}, r"@ \$\.momentum"),
        ({"dim": 8.5}, r"expected int, but got 8\.5 @ \$\.dim"),
        ({"dim": "8"}, r"expected int, but got '8' @ \$\.dim"),
        ({"dim": True}, r"expected int, but got True @ \$\.dim"),
        ({"normalize_targets": "no"}, r"expected bool, but got 'no' @ \$\.normalize_targets"),
        ({"variance": "much"}, r"expected float, but got 'much' @ \$\.variance"),
    ],
)
def test_a_mistake_is_named_with_its_place(settings, message):
    with pytest.raises(ConfigError, match=message):
        as_settings(JEPAConfig, settings)


def test_numbers_of_numpy_and_whole_floats_fields_are_taken():
    train = as_settings(TrainConfig, {"steps": np.int64(3), "learning_rate": np.float32(0.5), "epochs": 2})
    assert (train.steps, train.learning_rate, train.epochs) == (3, 0.5, 2.0)
    assert type(train.steps) is int
    assert type(train.epochs) is float


@pytest.mark.parametrize("given", [3, "tiny", ["steps"], TransformerConfig()])
def test_anything_but_settings_a_dict_or_none_is_refused(given):
    with pytest.raises(ConfigError, match="expected TrainConfig, a dict or None, but got"):
        as_settings(TrainConfig, given)
