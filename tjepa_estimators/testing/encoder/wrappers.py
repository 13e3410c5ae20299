"""Checks that an encoder works inside every estimator, by its registered name."""

from __future__ import annotations

from typing import Any

import numpy as np

import tjepa_estimators
from tjepa_estimators.testing.encoder.making import MakeEncoder, registered
from tjepa_estimators.testing.families import family_of, quiet
from tjepa_estimators.testing.report import Check, SkipCheck, expect
from tjepa_estimators.testing.subjects import TINY_JEPA, TINY_TRAIN

__all__ = ["WRAPPER_CHECKS"]


def _expect_it_works(estimator: str, make: MakeEncoder, **params: Any) -> None:  # noqa: ANN401 - depends on the class
    """Pretrain for one step, fit, and look at the output."""
    encoder = registered(make)
    try:
        kind = getattr(tjepa_estimators, estimator)
    except ImportError as error:
        raise SkipCheck(str(error)) from error
    with quiet():
        made = kind(
            encoder=encoder.name, encoder_config=dict(encoder.settings), config=TINY_JEPA, train=TINY_TRAIN, **params
        )
        family = family_of(made)
        fitted = family.fit(made)
        used = fitted.pretrained_.info.encoder
        expect(used == encoder.name, f"{estimator} used the encoder {used!r}.")
        expect(bool(np.isfinite(family.outputs(fitted)).all()), f"{estimator} gives numbers that are not finite.")


def check_in_jepa_forecaster(make: MakeEncoder) -> None:
    """JEPAForecaster for sktime pretrains, fits and predicts with the encoder.

    If the checks of padding and gradients pass, suspect settings: without ``encoder_config`` the defaults must work.
    """
    _expect_it_works("JEPAForecaster", make, blocks="both")


def check_in_jepa_model(make: MakeEncoder) -> None:
    """JEPAModel for Darts pretrains, fits and predicts with the encoder.

    Darts copies and moves models: keep tensors in parameters and buffers, and take the device from the input.
    """
    sizes = {"input_chunk_length": 24, "output_chunk_length": 3}
    _expect_it_works("JEPAModel", make, blocks="both", pl_trainer_kwargs={"enable_progress_bar": False}, **sizes)


def check_in_jepa_detector(make: MakeEncoder) -> None:
    """JEPADetector for sktime pretrains and scores each step with the encoder.

    Scores hide one part of a window after another, so the encoder meets other token counts than in training.
    """
    _expect_it_works("JEPADetector", make)


def check_in_jepa_embedder(make: MakeEncoder) -> None:
    """JEPAEmbedder for sktime pretrains and embeds a series with the encoder.

    Series shorter than the window are padded at the start: see the checks of padding.
    """
    _expect_it_works("JEPAEmbedder", make)


def check_in_jepa_outlier_detector(make: MakeEncoder) -> None:
    """JEPAOutlierDetector for scikit-learn pretrains and scores time steps with the encoder.

    Short series make short windows: few tokens must work.
    """
    _expect_it_works("JEPAOutlierDetector", make)


def check_in_jepa_window_outlier_detector(make: MakeEncoder) -> None:
    """JEPAWindowOutlierDetector for scikit-learn pretrains and scores windows with the encoder.

    Short windows make few tokens, which must work.
    """
    _expect_it_works("JEPAWindowOutlierDetector", make)


def check_in_jepa_features(make: MakeEncoder) -> None:
    """JEPAFeatures for scikit-learn pretrains and embeds windows with the encoder.

    Short windows make few tokens, which must work.
    """
    _expect_it_works("JEPAFeatures", make)


def check_in_jepa_od(make: MakeEncoder) -> None:
    """JEPAOD for PyOD pretrains and scores time steps with the encoder.

    Short series make short windows: few tokens must work.
    """
    _expect_it_works("JEPAOD", make)


WRAPPER_CHECKS: tuple[Check, ...] = (
    check_in_jepa_forecaster,
    check_in_jepa_model,
    check_in_jepa_detector,
    check_in_jepa_embedder,
    check_in_jepa_outlier_detector,
    check_in_jepa_window_outlier_detector,
    check_in_jepa_features,
    check_in_jepa_od,
)
