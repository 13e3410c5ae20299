"""Impossible settings of a JEPA are refused, with the rule that they break."""

from __future__ import annotations

import pytest

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.codebook import CodebookConfig
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.settings import as_settings


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"context_length": 0}, "context_length must be at least 1"),
        ({"future_length": -1}, "future_length at least 0"),
        ({"patch_length": 0}, "patch_length must be at least 1"),
        ({"patch_length": 1000}, "fit in the window"),
        ({"patch_length": 4, "patch_stride": 5}, "patch_stride must lie in"),
        ({"patch_stride": 0}, "patch_stride must lie in"),
        ({"embedding": "fourier"}, "embedding must be"),
        ({"prediction": "pixels"}, "prediction must be"),
        ({"loss": "hinge"}, "loss must be one of"),
        ({"dim": 0}, "dim, predictor_dim"),
        ({"predictor_heads": 5}, "predictor_heads must divide"),
        ({"momentum": (0.9, 1.1)}, "momentum must lie in"),
        ({"sigreg": -1.0}, "must not be negative"),
        ({"variance": 1.0}, "variance needs a positive covariance"),
        ({"masking": ()}, "at least one way"),
        ({"context_length": 24, "future_length": 0}, "at least two tokens"),
        ({"resolutions": ()}, "resolutions must begin with 1"),
        ({"resolutions": (4, 16)}, "resolutions must begin with 1"),
        ({"resolutions": (1, 16, 4)}, "and increase"),
        ({"resolutions": (1, 1)}, "and increase"),
        ({"resolutions": (1, 4), "resolution_weights": (1.0,)}, "one weight for each of the resolutions"),
        ({"resolution_weights": (0.5, 0.5)}, "one weight for each of the resolutions"),
        ({"resolutions": (1, 4), "resolution_weights": (1.0, 0.0)}, "leave out a resolution"),
        ({"resolution_weights": (float("nan"),)}, "must be positive and finite"),
        ({"coarse": -0.5}, "coarse and reconstruction must be finite"),
        ({"residual": True, "prediction": "pooled"}, "residual adds to latents of tokens"),
        ({"residual": True, "codebook": CodebookConfig(), "normalize_targets": False}, "residual adds"),
        ({"coarse": 0.5, "prediction": "pooled"}, "coarse needs prediction='token'"),
        ({"coarse": 0.5, "patch_stride": 12}, "leave patch_stride at None"),
        ({"reconstruction": (0.5, -0.1)}, "coarse and reconstruction must be finite"),
        ({"reconstruction": (0.5, 0.1), "prediction": "pooled"}, "reconstruction decodes tokens"),
        ({"codebook": CodebookConfig(), "normalize_targets": False, "prediction": "pooled"}, "codes tokens one by one"),
        ({"codebook": CodebookConfig()}, "set normalize_targets=False"),
    ],
)
def test_impossible_settings_are_refused_with_the_rule(settings, rule):
    with pytest.raises(ConfigError, match=rule):
        JEPAConfig(**settings)


def test_a_misspelt_setting_of_the_codebook_is_refused():
    with pytest.raises(ConfigError, match="heat"):
        as_settings(JEPAConfig, {"codebook": {"heat": 0.1}})
