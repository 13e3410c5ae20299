"""Put a JEPA together from settings and a registered encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.codebook import Codebook
from tjepa_estimators.jepa.forecaster import PatchForecaster
from tjepa_estimators.jepa.invariance import Expander
from tjepa_estimators.jepa.model import JEPA
from tjepa_estimators.jepa.multi_resolution import MultiResolutionJEPA
from tjepa_estimators.jepa.predictor import MLPPredictor, PooledPredictor, TokenPredictor
from tjepa_estimators.jepa.quantiles import QuantileDecoder
from tjepa_estimators.jepa.reconstruction import PatchDecoder
from tjepa_estimators.nn.backbone import Backbone
from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.nn.tokens import PatchTokenizer
from tjepa_estimators.plugins.catalog import get_encoder
from tjepa_estimators.settings import as_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tjepa_estimators.contracts import Tokenizer
    from tjepa_estimators.jepa.config import JEPAConfig

__all__ = ["build_backbone", "build_forecaster", "build_jepa"]


def build_backbone(config: JEPAConfig, encoder: str, encoder_config: Mapping[str, Any] | None = None) -> Backbone:
    """A tokenizer and the encoder registered as ``encoder``, freshly initialised.

    Raises
    ------
    PluginError
        No such encoder; the message suggests a name or a package.
    ConfigError
        ``encoder_config`` has a key that the encoder does not know.
    """
    spec = get_encoder(encoder)
    settings = as_settings(spec.load_config(), encoder_config)
    return Backbone(_build_tokenizer(config), spec.load()(config.dim, settings))


def build_jepa(
    config: JEPAConfig, encoder: str, encoder_config: Mapping[str, Any] | None = None, *, seed: int = 0
) -> JEPA:
    """A freshly initialised JEPA, for each resolution of ``config``; the same ``seed`` gives the same weights."""
    with scoped_seed(seed):
        finest = _build_one(config, build_backbone(config, encoder, encoder_config))
        if len(config.resolutions) == 1:
            return finest
        coarser = {
            factor: _build_one(config, finest.student, beside=finest)
            if config.share_encoder
            else _build_one(config, build_backbone(config, encoder, encoder_config))
            for factor in config.resolutions[1:]
        }
        return MultiResolutionJEPA({1: finest, **coarser})


def build_forecaster(jepa: JEPA, config: JEPAConfig) -> PatchForecaster:
    """What forecasts with the parts of ``jepa``, which it shares.

    Raises
    ------
    ConfigError
        ``config`` decodes no quantiles.
    """
    if jepa.quantiles is None or not isinstance(jepa.predictor, TokenPredictor):
        msg = (
            "This encoder decodes no values, so it cannot forecast by itself. Pretrain with "
            "JEPAConfig(quantiles=QuantileConfig()), or load one that was, such as pretrained='tjepa-tiny'."
        )
        raise ConfigError(msg)
    block = max(1, config.future_length // config.patch_length) * config.patch_length
    return PatchForecaster(jepa.student, jepa.predictor, jepa.quantiles, config.context_length, block)


def _build_one(config: JEPAConfig, backbone: Backbone, beside: JEPA | None = None) -> JEPA:
    book = config.codebook if beside is None else None
    return JEPA(
        backbone,
        _build_predictor(config),
        normalize_targets=config.normalize_targets,
        coarse=_build_token_predictor(config) if config.coarse > 0.0 else None,
        codebook=None if book is None else Codebook(book.codes, config.dim, book.temperature),
        decoder=PatchDecoder(config.dim, config.patch_length) if max(config.reconstruction) > 0.0 else None,
        quantiles=_build_quantiles(config),
        expander=None if config.invariance is None else Expander(config.dim, config.invariance.width),
        residual=config.residual,
        beside=beside,
    )


def _build_tokenizer(config: JEPAConfig) -> Tokenizer:
    if config.tokenizer is not None:
        return config.tokenizer.build(config.dim)
    return PatchTokenizer(config.dim, config.patch_length, config.patch_stride, config.embedding)


def _build_quantiles(config: JEPAConfig) -> QuantileDecoder | None:
    if config.quantiles is None:
        return None
    return QuantileDecoder(config.predictor_dim, config.patch_length, config.quantiles.levels)


def _build_predictor(config: JEPAConfig) -> TokenPredictor | MLPPredictor | PooledPredictor:
    predictor = _build_layers_of_predictor(config)
    if config.residual and not isinstance(predictor, PooledPredictor):  # begin with no change
        nn.init.zeros_(predictor.project_out.weight)
        nn.init.zeros_(predictor.project_out.bias)
    return predictor


def _build_layers_of_predictor(config: JEPAConfig) -> TokenPredictor | MLPPredictor | PooledPredictor:
    if config.prediction == "token":
        return _build_token_predictor(config)
    layers = MLPPredictor if config.prediction == "mlp" else PooledPredictor
    return layers(config.dim, config.predictor_dim, config.predictor_depth)


def _build_token_predictor(config: JEPAConfig) -> TokenPredictor:
    return TokenPredictor(config.dim, config.predictor_dim, config.predictor_depth, config.predictor_heads)
