"""``tjepa info``: what a pretrained encoder is and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tjepa_estimators.artifact import ArtifactInfo, PretrainedEncoder
from tjepa_estimators.commands.domains import show_domains
from tjepa_estimators.commands.options import build_parser, parse
from tjepa_estimators.commands.tables import show_table
from tjepa_estimators.settings import to_dict

__all__ = ["run", "show_health"]

_LONGEST = 200
"""Characters of a value that are shown: a vocabulary has thousands of words."""

_EXAMPLES = """\
  tjepa info encoder
  tjepa info demo_output/encoder
"""


def run(options: Sequence[str]) -> None:
    """Show settings, training data with licences, health and hash of an artifact; the weights are checked."""
    parser = build_parser("info", "What a pretrained encoder is and where it comes from.", _EXAMPLES)
    parser.add_argument("artifact", help="folder or hub id of a pretrained encoder")
    encoder = PretrainedEncoder.load(parse(parser, options).artifact)
    info = encoder.info
    show_table("Pretrained encoder", ("setting", "value"), _settings(info))
    show_table(
        "Training data",
        ("name", "licence"),
        [(source.get("name", "?"), source.get("licence", "not stated")) for source in info.provenance.data],
    )
    show_health(encoder)
    show_domains(info.provenance)


def show_health(encoder: PretrainedEncoder) -> None:
    """Show how healthy the representation was at the end of pretraining."""
    meanings = {
        "std": "spread of the latents; near 0 is collapse",
        "dead_positions": "share of latents that do not vary",
        "rank": f"directions in use, of {encoder.dim}",
        "pc1": "share of the variance in one direction",
        "lift_over_copy": "better than copying the last latent if above 0",
        "lift_over_mean": "better than the mean latent if above 0",
        "loss": "error of the predicted latents",
        "quantiles.loss": "error of the decoded quantiles",
        "perplexity": "codes that all tokens together use",
        "token_perplexity": "codes that one token mixes",
    }
    rows = [
        (name, value, meanings.get(name, meanings.get(name.rpartition(".")[2], "")))
        for name, value in encoder.info.provenance.diagnostics.items()
    ]
    show_table("Health of the representation", ("measure", "value", "meaning"), rows)


def _settings(info: ArtifactInfo) -> list[tuple[str, str]]:
    made_with = {**info.provenance.provided_by, **info.provenance.versions}
    return [
        ("encoder", info.encoder),
        *_flat("encoder", info.encoder_config),
        *_flat("jepa", to_dict(info.jepa)),
        ("windows seen", str(info.provenance.windows)),
        ("seed", str(info.provenance.seed)),
        *_flat("train", info.provenance.train),
        ("made with", ", ".join(f"{name} {version}" for name, version in made_with.items())),
        ("sha256 of the weights", info.weights_sha256),
    ]


def _flat(name: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A line for each setting, also for those that lie within another."""
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(f"{name}.{key}", value)
        else:
            text = str(value)
            yield f"{name}.{key}", text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
