"""``tjepa pretrain``: csv files, data domains or what a tokenizer reads in, a pretrained encoder out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tjepa_estimators.artifact_folder import check_folder
from tjepa_estimators.commands.csv_files import read_csv
from tjepa_estimators.commands.domains import show_domains
from tjepa_estimators.commands.info import show_health
from tjepa_estimators.commands.options import add_columns, build_parser, parse
from tjepa_estimators.commands.tables import say
from tjepa_estimators.data.domains import load_domain
from tjepa_estimators.data.mixture import MixtureConfig
from tjepa_estimators.errors import DataError
from tjepa_estimators.jepa.config import PRESETS, JEPAConfig, Preset, as_preset
from tjepa_estimators.settings import to_dict
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.run import pretrain

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace

__all__ = ["run"]

_EXAMPLES = """\
  tjepa pretrain sales.csv traffic.csv.gz --output encoder
  tjepa pretrain --domains stocks,crypto,weather,webtraffic --steps 600 --output encoder
  tjepa pretrain sales.csv --domains weather --mixture.temperature 1 --mixture.validation 0.2 --output encoder
  tjepa pretrain panel.csv --group shop --columns revenue,orders --output encoder
  tjepa pretrain sales.csv --output encoder --checkpoint run    (again after a stop: goes on)
  tjepa pretrain sales.csv --output encoder --jepa.context_length 256 --jepa.patch_length 16 --train.seed 1
"""


def run(options: Sequence[str]) -> None:
    """Pretrain an encoder, save it and show the health of its representation, also on each of several domains."""
    parser = _parser()
    given = parse(parser, options)
    preset = as_preset(given.preset)
    # what was not given comes from the preset, so the options are read again on top of it
    parser.set_defaults(_defaults(preset, given.encoder))
    given = parse(parser, options)
    check_folder(given.output)
    shortcuts = {"steps": given.steps, "checkpoint_dir": given.checkpoint}
    encoder = pretrain(
        _data(given),
        encoder=given.encoder,
        encoder_config=given.encoder_config,
        config=given.jepa,
        train=replace(given.train, **{name: value for name, value in shortcuts.items() if value is not None}),
        mixture=given.mixture if given.jepa.tokenizer is None else None,
    )
    folder = encoder.save(given.output)
    show_health(encoder)
    show_domains(encoder.info.provenance)
    say(f"{encoder!r} from {encoder.info.provenance.windows} samples is saved in {folder}")


def _parser() -> ArgumentParser:
    parser = build_parser("pretrain", "Pretrain an encoder on unlabelled series.", _EXAMPLES)
    parser.add_argument(
        "data", nargs="*", default=[], help="csv files, or files and folders that the tokenizer of the preset reads"
    )
    parser.add_argument("--domains", metavar="NAMES", help="data domains, as in weather,crypto; see tjepa plugins")
    parser.add_argument("--output", required=True, metavar="FOLDER", help="folder for the pretrained encoder")
    parser.add_argument("--preset", default="tiny", help=f"one of {', '.join(PRESETS)}, or see tjepa plugins")
    parser.add_argument("--encoder", default="transformer", help="see tjepa plugins")
    parser.add_argument("--encoder_config", type=dict[str, Any], default={}, help="settings of the encoder")
    parser.add_argument("--steps", type=int, help="short for --train.steps")
    parser.add_argument("--checkpoint", metavar="FOLDER", help="short for --train.checkpoint_dir")
    add_columns(parser)
    parser.add_class_arguments(JEPAConfig, "jepa")
    parser.add_class_arguments(TrainConfig, "train")
    parser.add_class_arguments(MixtureConfig, "mixture")
    return parser


def _defaults(preset: Preset, encoder: str) -> dict[str, Any]:
    settings = {f"jepa.{name}": value for name, value in to_dict(preset.jepa).items()}
    settings |= {f"train.{name}": value for name, value in preset.train.items()}
    return settings | {"encoder_config": preset.encoder if encoder == "transformer" else {}}


def _data(given: Namespace) -> object:
    """The series of all files, and all domains; with a tokenizer, the files as they are."""
    names = [name.strip() for name in (given.domains or "").split(",") if name.strip()]
    if not given.data and not names:
        raise DataError(
            "Nothing to pretrain on; give csv files or --domains NAME,NAME (tjepa plugins lists the names)."
        )
    if given.jepa.tokenizer is not None and not names:
        paths = [Path(path) for path in given.data]
        return paths[0] if len(paths) == 1 else paths
    files = [one for path in given.data for one in read_csv(path, given).series]
    return [*files, *(load_domain(name) for name in names)]
