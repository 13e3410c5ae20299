"""Make ``anomaly_metrics.json`` with the original implementations of the anomaly metrics.

They want old versions of numpy and heavy packages that metrics do not need, so they get an environment of their own,
outside this repository::

    python3.11 -m venv ORIGINALS
    ORIGINALS/bin/pip install "numpy<2" "scikit-learn<1.6" "scipy<1.14" "pandas<2.3" "statsmodels<0.15" matplotlib tqdm
    ORIGINALS/bin/pip install --no-deps tsb-ad==1.5 vus==0.0.6 prts==1.0.0.3
    ORIGINALS/bin/python tests/golden/make_anomaly_metrics.py

TSB-AD brings the volumes, the range-based F1, point adjustment, and the affiliation code of Huet et al. unchanged;
vus is the first code of the volumes, held against TSB-AD's here; prts has the biases of the range-based measures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from itertools import product
from pathlib import Path

import numpy as np
import prts
from TSB_AD.evaluation.affiliation.generics import convert_vector_to_events
from TSB_AD.evaluation.affiliation.metrics import pr_from_events
from TSB_AD.evaluation.basic_metrics import basic_metricor, generate_curve
from TSB_AD.utils.slidingWindows import find_length_rank
from vus.utils.metrics import metricor

PACKAGES = ("tsb-ad", "vus", "prts", "numpy", "scikit-learn", "scipy", "statsmodels")
BIASES = ("flat", "front", "middle", "back")
CARDINALITIES = ("reciprocal", "one")


@dataclass(frozen=True)
class Case:
    """Scores, in thousandths, and events from a first step to before a last one."""

    scores: list[int]
    events: list[tuple[int, int]]
    buffers: list[int] = field(default_factory=lambda: [0, 1, 7, 40])
    threshold: float = 0.6

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        labels = np.zeros(len(self.scores), dtype=int)
        for start, stop in self.events:
            labels[start:stop] = 1
        return np.array(self.scores) / 1000, labels


def cases() -> Iterator[tuple[str, Case]]:
    """Scores of every quality, events of every kind."""
    generator = np.random.default_rng(20261122)

    def scores(steps: int, events: list[tuple[int, int]], *, signal: float, shift: int = 0, levels: int = 1000) -> list:
        raised = np.zeros(steps)
        for start, stop in events:
            raised[max(start + shift, 0) : stop + shift] = signal
        drawn = np.clip(generator.random(steps) * 0.8 + raised, 0.0, 1.2)
        return (np.round(drawn * levels) * (1000 // levels)).astype(int).tolist()

    one, crowded = [(150, 180)], [(60, 62), (64, 70), (71, 72), (90, 100), (140, 141), (200, 240), (251, 260)]
    ends, points = [(0, 12), (100, 110), (285, 300)], [(20, 21), (150, 151), (153, 154), (290, 291)]
    yield "one event, good scores", Case(scores(300, one, signal=0.4), one)
    yield "one event, late scores", Case(scores(300, one, signal=0.4, shift=12), one)
    yield "one event, random scores", Case(scores(300, one, signal=0.0), one, [0, 100])
    yield "crowded events", Case(scores(320, crowded, signal=0.3), crowded, [0, 2, 3, 30, 61])
    yield "events at both ends", Case(scores(300, ends, signal=0.3, shift=-3), ends)
    yield "single steps", Case(scores(300, points, signal=0.4, shift=1), points, [1, 5, 90], threshold=0.4)
    yield "many ties", Case(scores(300, crowded, signal=0.4, levels=5), crowded, [0, 9, 20])
    yield "few steps", Case(scores(12, [(4, 6)], signal=0.2), [(4, 6)], [0, 3, 50])


def volumes(labels: np.ndarray, scores: np.ndarray, buffer: int) -> list[float]:
    """VUS-PR and VUS-ROC by TSB-AD, and the same by vus."""
    roc, pr = generate_curve(labels, scores, buffer)[-2:]
    other_roc, other_pr = metricor().RangeAUC_volume_opt(labels, scores, buffer)[-2:]
    np.testing.assert_allclose([pr, roc], [other_pr, other_roc], rtol=1e-12)
    return [float(pr), float(roc)]


def affiliation(labels: np.ndarray, alarms: np.ndarray) -> list[float]:
    """Precision and recall by the code of Huet et al."""
    found = pr_from_events(convert_vector_to_events(alarms), convert_vector_to_events(labels), (0, len(labels)))
    return [float(found["Affiliation_Precision"]), float(found["Affiliation_Recall"])]


def ranges(labels: np.ndarray, alarms: np.ndarray) -> dict[str, list[float]]:
    """Precision and recall by prts, by bias and cardinality; the weight of existence is 0.3."""
    return {
        f"{bias} {cardinality}": [
            float(prts.ts_precision(labels, alarms, 0.0, cardinality, bias)),
            float(prts.ts_recall(labels, alarms, 0.3, cardinality, bias)),
        ]
        for bias, cardinality in product(BIASES, CARDINALITIES)
    }


def values(case: Case) -> dict[str, object]:
    """All metrics of a case."""
    scores, labels = case.arrays()
    alarms = (scores > case.threshold).astype(int)
    tsb = basic_metricor()
    return {
        "auc": [float(tsb.metric_PR(labels, scores)), float(tsb.metric_ROC(labels, scores))],
        "volumes": {str(buffer): volumes(labels, scores, buffer) for buffer in case.buffers},
        "ranges": ranges(labels, alarms),
        "range_f1": float(tsb.metric_RF1(labels, scores, preds=alarms)),
        "best_range_f1": float(tsb.metric_RF1(labels, scores)),
        "affiliation": affiliation(labels, alarms),
        "best_affiliation_f1": float(tsb.metric_Affiliation(labels, scores)),
        # TSB-AD never adjusts the first step, so an event there has no value to compare with.
        "point_adjusted_f1": None if labels[0] else float(tsb.metric_PointF1PA(labels, scores)),
    }


def periods() -> Iterator[dict[str, object]]:
    """Series, in thousandths, and the period that TSB-AD finds in them."""
    generator = np.random.default_rng(20261123)
    for steps, period in ((400, 24), (700, 50), (300, 4), (900, 350), (40, 9)):
        wave = np.sin(2 * np.pi * np.arange(steps) / period) + 0.3 * generator.standard_normal(steps)
        series = np.round(wave * 1000).astype(int)
        yield {"series": series.tolist(), "period": int(find_length_rank(series / 1000, rank=1))}


def main() -> None:
    """Write the file, a line for each case."""
    made = {"versions": {name: version(name) for name in PACKAGES}}
    made |= {"cases": [{"name": name, **asdict(case), "values": values(case)} for name, case in cases()]}
    made |= {"periods": list(periods())}
    lines = json.dumps(made, separators=(",", ":")).replace('{"name"', '\n{"name"').replace('{"series"', '\n{"series"')
    Path(__file__).with_name("anomaly_metrics.json").write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
