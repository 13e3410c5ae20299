"""What this distribution brings itself, through the same hooks that everyone else uses."""

from __future__ import annotations

from tjepa_estimators.plugins.hookspecs import hookimpl
from tjepa_estimators.plugins.specs import CommandSpec, DomainSpec, EncoderSpec, MaskerSpec, PresetSpec

__all__ = ["tjepa_commands", "tjepa_domains", "tjepa_encoders", "tjepa_maskers", "tjepa_presets"]

_DOMAINS = {
    "stocks": "Daily closing price of AAPL, FB, GOOG, IBM and MSFT, 2009 to 2013",
    "stock_returns": "Daily returns of nine stock indices, 2009 to 2011",
    "crypto": "Bitcoin transactions per day, 2009 to 2021",
    "weather": "Daily precipitation, temperature and wind in Seattle, 2012 to 2015",
    "weather_hourly": "Hourly weather at New York JFK, 2013",
    "webtraffic": "Page views per day of one Wikipedia article, 2007 to 2016",
    "ecommerce": "Daily revenue, units, orders and more of an online shop, 2009 to 2011",
    "ecg": "One electrocardiogram with a labelled abnormal stretch",
}

_COMMANDS = {
    "demo": "pretrain, forecast and detect on the bundled data; tables and plots",
    "pretrain": "csv files or data domains in, a pretrained encoder out",
    "forecast": "csv in, forecasts with quantiles out",
    "detect": "csv in, a score for how abnormal each step is out",
    "embed": "csv in, one vector for each window out",
    "plugins": "the encoders and data domains that are installed",
    "info": "what a pretrained encoder is and where it comes from",
    "check": "whether an encoder, domain, masker or loss term keeps the contract",
}


@hookimpl
def tjepa_encoders() -> list[EncoderSpec]:
    """Return the transformer, the state-space encoders and their hybrid."""
    return [
        EncoderSpec(
            name="transformer",
            target="tjepa_estimators.nn.transformer:TransformerEncoder",
            config="tjepa_estimators.nn.transformer:TransformerConfig",
            summary="Bidirectional transformer on scaled dot-product attention",
        ),
        EncoderSpec(
            name="mamba",
            target="tjepa_estimators.nn.mamba:MambaEncoder",
            config="tjepa_estimators.nn.mamba:MambaConfig",
            summary="Selective state spaces in both directions; linear in the number of tokens",
        ),
        EncoderSpec(
            name="mamba2",
            target="tjepa_estimators.nn.mamba2:Mamba2Encoder",
            config="tjepa_estimators.nn.mamba2:Mamba2Config",
            summary="State-space dual in both directions, as matrix products; linear in the number of tokens",
        ),
        EncoderSpec(
            name="transmamba",
            target="tjepa_estimators.nn.transmamba:TransMambaEncoder",
            config="tjepa_estimators.nn.transmamba:TransMambaConfig",
            summary="Mamba blocks and transformer blocks in one stack",
        ),
    ]


@hookimpl
def tjepa_domains() -> list[DomainSpec]:
    """Return the eight bundled data domains and the one that is computed."""
    return [
        *(
            DomainSpec(name=name, target=f"tjepa_estimators.data.domains:{name}", summary=summary)
            for name, summary in _DOMAINS.items()
        ),
        DomainSpec(
            name="synthetic",
            target="tjepa_estimators.data.synthetic:synthetic",
            summary="Computed series: seasons, Gaussian processes, stochastic processes, counts, dynamical systems",
        ),
    ]


@hookimpl
def tjepa_maskers() -> list[MaskerSpec]:
    """Return the maskers that know sequences only."""
    return [
        MaskerSpec(
            name="random",
            target="tjepa_estimators.jepa.masking:RandomMasker",
            summary="Tokens here and there",
        ),
        MaskerSpec(
            name="block",
            target="tjepa_estimators.jepa.masking:BlockMasker",
            summary="Contiguous blocks of tokens",
        ),
        MaskerSpec(
            name="future",
            target="tjepa_estimators.jepa.masking:FutureMasker",
            summary="The end of each sequence",
        ),
    ]


@hookimpl
def tjepa_presets() -> list[PresetSpec]:
    """Return our default recipe and those of published descriptions."""
    module = "tjepa_estimators.jepa.config.presets"
    return [
        PresetSpec(name="tiny", target=f"{module}:TINY", summary="Our default for series"),
        PresetSpec(
            name="temporal-jepa",
            target=f"{module}:TEMPORAL_JEPA",
            summary="Overlapping patches of short series, 70 % of them hidden",
        ),
        PresetSpec(
            name="pooled-jepa",
            target=f"{module}:POOLED_JEPA",
            summary="Pooled latents of time steps, predicted by an MLP",
        ),
        PresetSpec(
            name="mts-jepa", target=f"{module}:MTS_JEPA", summary="Codes of the next window, at two resolutions"
        ),
        PresetSpec(
            name="mts-jepa-latent",
            target=f"{module}:MTS_JEPA_LATENT",
            summary="Latents of the next window, at two resolutions",
        ),
    ]


@hookimpl
def tjepa_commands() -> list[CommandSpec]:
    """Return the verbs of the command line; each is a module of ``tjepa_estimators.commands``."""
    return [
        CommandSpec(name=name, target=f"tjepa_estimators.commands.{name}:run", summary=summary)
        for name, summary in _COMMANDS.items()
    ]
