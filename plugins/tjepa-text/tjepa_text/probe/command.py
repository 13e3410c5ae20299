"""``tjepa probe-text``: whether an encoder of text puts paraphrases closer than unrelated sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tjepa_estimators import load_domain, pretrain
from tjepa_estimators.artifact import ArtifactInfo, PretrainedEncoder
from tjepa_estimators.commands.options import build_parser, parse
from tjepa_estimators.commands.tables import say, show_table
from tjepa_estimators.jepa.build import build_jepa
from tjepa_text.features import resolve_text
from tjepa_text.probe.scores import probe, tfidf
from tjepa_text.probe.sentences import TRIPLES

if TYPE_CHECKING:
    from tjepa_text.probe.scores import Embed

__all__ = ["run", "show_probe"]

_EXAMPLES = """\
  tjepa probe-text
  tjepa probe-text encoder
  tjepa probe-text --steps 100
"""


def run(options: Sequence[str]) -> None:
    """Show cosines of paraphrases and of unrelated sentences, for the encoder and for two controls."""
    parser = build_parser("probe-text", "Whether an encoder puts paraphrases closer than unrelated texts.", _EXAMPLES)
    parser.add_argument(
        "artifact", nargs="?", help="folder or hub id of an encoder of text; without it one is trained on Hamlet first"
    )
    parser.add_argument("--steps", type=int, default=600, help="training steps, where one is trained")
    parser.add_argument("--seed", type=int, default=0, help="seed of that training, and of the random encoder")
    given = parse(parser, options)
    show_probe(
        _trained(given.steps, given.seed) if given.artifact is None else resolve_text(given.artifact), given.seed
    )


def show_probe(encoder: PretrainedEncoder, seed: int) -> None:
    """Show the margin between paraphrases and unrelated sentences, of an encoder and of two controls."""
    rows: dict[str, Embed] = {
        "this encoder": encoder.embed,
        "the same, with random weights": _random(encoder, seed).embed,
        "TF-IDF: words in common": tfidf,
    }
    found = {name: probe(embed) for name, embed in rows.items()}
    show_table(
        f"Cosines of {len(TRIPLES)} sentences with a paraphrase and with an unrelated sentence",
        ("embedding", "paraphrase", "unrelated", "margin", "ranked right"),
        [(name, one.paraphrase, one.unrelated, one.margin, one.ranked) for name, one in found.items()],
        ".3f",
    )
    say("The margin and the share of triples that are ranked right tell; a cosine by itself tells nothing.")


def _trained(steps: int, seed: int) -> PretrainedEncoder:
    say(f"No encoder was given, so one is pretrained on Hamlet for {steps} steps")
    return pretrain(load_domain("hamlet").items(), config="text-tiny", train={"steps": steps, "seed": seed})


def _random(encoder: PretrainedEncoder, seed: int) -> PretrainedEncoder:
    """The same network and vocabulary, as it was before any training."""
    info = encoder.info
    model = build_jepa(info.jepa, info.encoder, info.encoder_config, seed=seed)
    fresh = ArtifactInfo(encoder=info.encoder, encoder_config=info.encoder_config, jepa=info.jepa)
    return PretrainedEncoder(fresh, model.state_dict())
