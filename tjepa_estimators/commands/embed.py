"""``tjepa embed``: csv in, one vector for each window out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import torch

from tjepa_estimators.artifact import PretrainedEncoder, resolve_pretrained
from tjepa_estimators.commands.csv_files import check_output, read_csv, write_csv
from tjepa_estimators.commands.options import add_columns, build_parser, parse
from tjepa_estimators.commands.tables import say
from tjepa_estimators.data.windows import WindowSource

if TYPE_CHECKING:
    from tjepa_estimators.commands.csv_files import CsvFile
    from tjepa_estimators.data.series import Series

__all__ = ["run"]

_EXAMPLES = """\
  tjepa embed sales.csv --pretrained encoder --output embeddings.csv
  tjepa embed panel.csv --group shop --pretrained encoder --stride 7 --output embeddings.csv
"""


def run(options: Sequence[str]) -> None:
    """Embed the windows of each series; a row is named by the time at which its window ends."""
    parser = build_parser("embed", "Embed the windows of the series of a csv file.", _EXAMPLES)
    parser.add_argument("csv", help="csv file with the series")
    parser.add_argument("--pretrained", required=True, help="folder or hub id of a pretrained encoder")
    parser.add_argument("--output", required=True, metavar="CSV", help="file for the embeddings")
    parser.add_argument("--length", type=int, metavar="STEPS", help="steps of a window; those of the encoder if None")
    parser.add_argument("--stride", type=int, default=1, metavar="STEPS", help="steps between ends of windows")
    add_columns(parser)
    given = parse(parser, options)
    check_output(given.output, given.csv)
    file = read_csv(given.csv, given)
    encoder = resolve_pretrained(given.pretrained)
    length = given.length or encoder.context_length
    tables = [_table(file, one, encoder, length, given.stride) for one in file.series]
    write_csv(tables, given.output)
    say(f"{sum(map(len, tables))} windows of {length} steps are embedded in {given.output}")


def _table(file: CsvFile, series: Series, encoder: PretrainedEncoder, length: int, stride: int) -> pd.DataFrame:
    windows = WindowSource([series.values], length, stride=stride, per_channel=False)
    numbers = torch.arange(len(windows))
    features = encoder.embed(windows.gather(numbers).numpy())
    names = [f"{channel}_{unit}" for channel in series.channels for unit in range(encoder.dim)]
    ends = file.stamps(series)[(windows.origin(numbers).end - 1).numpy()]
    return file.label(pd.DataFrame(features, columns=names), series, ends)
