"""The page of the study: what was done, how it is to be read, and its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.report import Report
from benchmarks.transfer.daily import DAILY, MOMENTS
from benchmarks.transfer.domain import CONTEXT, HORIZON
from benchmarks.transfer.encoders import BATCH, NETWORK, STEPS
from benchmarks.transfer.rows import CARRIED, HEAD, OURS, RIDGE, SCRATCH
from benchmarks.transfer.runs import SHARES
from benchmarks.transfer.tables import claims, gains, prices, scales, scores

if TYPE_CHECKING:
    from benchmarks.transfer.results import Results

__all__ = ["make_report"]

_PARTS = "; ".join(f"{name} {' and '.join(days)}" for name, days in MOMENTS.items())
_COMPARED = f"""One small network ({NETWORK.dim} wide, windows of {CONTEXT} steps in patches of \
{NETWORK.patch_length}, 36,202 parameters) is pretrained on one domain and forecasts {HORIZON} steps of another, from \
the last 1, 5, 10 or 100 % of the windows in the training part of each target series: what someone has whose records \
began late. All rows see the same windows. What is chosen for a forecast (strengths, blocks, when to stop) is chosen \
on the last fifth of that history. Errors are those of up to 60 forecasts, spread evenly over the test part of each \
series, in units of the deviation of its training part; prices, views and sales are logarithms. Averages over series, \
and over sources, are geometric means, in which a wild one counts as any other. Deviations are over seeds.

- Validation and test parts begin at one moment in each domain: {_PARTS}. Series that end before it are sources only. \
Stocks are 19 indices from 2000 on; crypto 8 coins; weather Beijing, Delhi and Seattle (as sources also New York and \
Melbourne); web traffic ten Wikipedia pages (as sources also two long ones); e-commerce 20 products of Online Retail \
and the shop's totals. M5 is left out: it begins where the shop's training part ends.
- *seasonal naive*: of weekdays, weather of the day a year before. *{RIDGE}*: on the target's windows. *{CARRIED}*: \
fitted on those of the source and applied as it is; windows are normalised, as for all rows.
- *{SCRATCH}*: the network with random weights, all of it trained on the target's windows. *{OURS}*: the same from \
weights that were pretrained on the source, {STEPS} steps of {BATCH} windows, on latents and quantiles of the next \
values at once (the objective of `strategy="online"`). Steps follow from the number of windows and are the same for \
both; the weights that did best on the last fifth are kept. These rows are what the network decodes by itself; with \
*{HEAD.strip()}* the closed-form head is solved on top, which is what `strategy="finetune"` returns.
- *random encoder*, *JEPA, frozen*: that head alone, on random and on pretrained weights. *JEPA, zero-shot*: nothing \
of the target is used.
- *reconstruction, finetune*: on the source the network rebuilt the values of patches hidden at random (half of them; \
no latents, no teacher); it is tuned as ours."""
_CHOSEN = (
    "Chosen on validation parts: the rate of learning (4e-3 from random and 1e-3 from pretrained weights, among 3e-4, "
    "1e-3 and 4e-3) and the encoder's share in it (1, among .1 and 1), on stocks → crypto and crypto → weather at 5 %, "
    "first seed"
)


def make_report(results: Results) -> Report:
    """All tables; targets that nothing is known of are left out."""
    targets = [name for name in DAILY if (results.table["target"] == name).any()]
    pairs = [(source, target) for target in targets for source in DAILY if source != target]
    return Report(
        title="Transfer between domains",
        compared=_COMPARED,
        tables=[
            claims(results),
            *(scores(results, pairs, share) for share in SHARES),
            *gains(results, pairs),
            prices(results),
            *scales(results),
        ],
        seeds=", ".join(map(str, sorted(results.table["seed"].unique()))) + " (weights, batches, masks)",
        notes=[_CHOSEN, "Plot: ![Errors over the share of windows](transfer.svg)"],
        packages=("torch", "numpy", "pandas"),
    )
