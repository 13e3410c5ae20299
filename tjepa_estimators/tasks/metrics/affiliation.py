"""Affiliation precision and recall: how near alarms are to events, against alarms placed at random."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tjepa_estimators.tasks.metrics.inputs import alarms_above, check_scored
from tjepa_estimators.tasks.metrics.precision_recall import PrecisionRecall
from tjepa_estimators.tasks.metrics.runs import Runs, find_runs

if TYPE_CHECKING:
    from jaxtyping import Float, Int, Real

__all__ = ["affiliation_precision_recall"]


def affiliation_precision_recall(
    scores: Real[np.ndarray, "time"], labels: Real[np.ndarray, "time"], threshold: float
) -> PrecisionRecall:
    """Affiliation precision and recall: distances in time, as probabilities of doing no better by chance.

    Time is cut half-way between events into one zone for each. Precision of a zone is the mean over its alarmed time
    of the chance that a random instant of the zone is at least as far from the event; recall the mean over the event
    of the chance that a random instant is at least as far away as the nearest alarm. Precision is averaged over the
    zones with an alarm, recall over all of them.

    A single alarm at random in every zone gets about 0.5 or more, and nearly all methods lie between 0.7 and 0.9: read
    it beside the figure of random scores, never alone.

    Parameters
    ----------
    scores
        Higher is more abnormal, one for each step.
    labels
        1 where a step is abnormal, else 0.
    threshold
        An alarm is a score above it.

    Raises
    ------
    DataError
        For scores that are not finite, unequal lengths, labels other than 0 and 1, or none that is 1.

    Notes
    -----
    A step ``i`` is the time from ``i`` to ``i + 1``, and the integrals over time are exact, as in the authors' code.
    Precision without any alarm is undefined there; here it is 0.

    Source: Huet et al., "Local Evaluation of Time Series Anomaly Detection Algorithms" (KDD 2022, arXiv 2206.13167).

    Examples
    --------
    >>> labels = np.repeat([0, 1, 0], [40, 5, 55])
    >>> early = affiliation_precision_recall(np.roll(labels, -5), labels, threshold=0.5)
    >>> round(early.precision, 3), round(early.recall, 3)
    (0.9, 0.95)
    """
    values, truth = check_scored(scores, labels)
    alarms = alarms_above(values, threshold)
    if not alarms.any():
        return PrecisionRecall(0.0, 0.0, threshold)
    zones = _Zones.around(find_runs(truth), len(values))
    pieces = _cut(find_runs(alarms), zones)
    count = len(zones.start)
    alarmed = np.bincount(pieces.zone, pieces.stop - pieces.start, count)
    far_off = np.bincount(pieces.zone, _precision_integral(pieces, zones), count)
    missed = np.bincount(pieces.zone, _recall_loss(pieces, zones), count)
    used = alarmed > 0
    precision = (far_off[used] / alarmed[used]).mean()
    recall = np.where(used, 1.0 - missed / (zones.event_stop - zones.event_start), 0.0).mean()
    return PrecisionRecall(float(precision), float(recall), threshold)


class _Zones(NamedTuple):
    """For each event the time that is nearer to it than to any other."""

    start: Float[np.ndarray, "zones"]
    stop: Float[np.ndarray, "zones"]
    event_start: Float[np.ndarray, "zones"]
    event_stop: Float[np.ndarray, "zones"]

    @classmethod
    def around(cls, events: Runs, steps: int) -> _Zones:
        between = (events.stop[:-1] + events.start[1:]) / 2.0
        start, stop = np.concatenate([[0.0], between]), np.concatenate([between, [float(steps)]])
        return cls(start, stop, events.start.astype(np.float64), events.stop.astype(np.float64))

    def at(self, index: Int[np.ndarray, "pieces"]) -> _Zones:
        return _Zones(*(bound[index] for bound in self))


class _Pieces(NamedTuple):
    """Alarmed time, cut at the bounds of the zones."""

    start: Float[np.ndarray, "pieces"]
    stop: Float[np.ndarray, "pieces"]
    zone: Int[np.ndarray, "pieces"]


def _cut(alarms: Runs, zones: _Zones) -> _Pieces:
    first = np.searchsorted(zones.stop, alarms.start, side="right")
    last = np.searchsorted(zones.start, alarms.stop, side="left") - 1
    parts = last - first + 1
    begun = np.repeat(np.cumsum(parts) - parts, parts)
    zone = np.repeat(first, parts) + np.arange(parts.sum()) - begun
    start = np.maximum(np.repeat(alarms.start, parts), zones.start[zone])
    stop = np.minimum(np.repeat(alarms.stop, parts), zones.stop[zone])
    return _Pieces(start, stop, zone)


def _precision_integral(pieces: _Pieces, zones: _Zones) -> Float[np.ndarray, "pieces"]:
    """Integral over each piece of the chance that a random instant of its zone is at least as far from the event."""
    zone = zones.at(pieces.zone)
    rooms = (zone.event_start - zone.start, zone.stop - zone.event_stop)

    def up_to_distance(distance: Float[np.ndarray, "pieces"]) -> Float[np.ndarray, "pieces"]:
        """Integral over one side of the event; the instants farther away lie on both sides."""
        near = [np.minimum(distance, room) for room in rooms]
        farther = sum(room * reach - reach**2 / 2 for room, reach in zip(rooms, near, strict=True))
        return farther / (zone.stop - zone.start)

    def up_to_time(time: Float[np.ndarray, "pieces"]) -> Float[np.ndarray, "pieces"]:
        """Integral from the start of the event, negative before it."""
        inside = np.clip(time, zone.event_start, zone.event_stop) - zone.event_start
        before, after = np.maximum(zone.event_start - time, 0.0), np.maximum(time - zone.event_stop, 0.0)
        return inside - up_to_distance(before) + up_to_distance(after)

    return up_to_time(pieces.stop) - up_to_time(pieces.start)


def _recall_loss(pieces: _Pieces, zones: _Zones) -> Float[np.ndarray, "pieces"]:
    """Integral over the part of the event nearest to each piece of the chance of a random instant to be nearer.

    From an instant at distance ``d`` of the piece, the nearer ones lie within ``2 d`` of the piece's edge, on the
    instant's side and inside the zone.
    """
    zone = zones.at(pieces.zone)
    first = np.diff(pieces.zone, prepend=-1) != 0
    last = np.append(first[1:], True)
    half_way = (pieces.stop[:-1] + pieces.start[1:]) / 2.0
    reach_start = np.where(first, zone.start, np.append(0.0, half_way))
    reach_stop = np.where(last, zone.stop, np.append(half_way, 0.0))
    before = _nearer(
        pieces.start - np.minimum(pieces.start, zone.event_stop),
        pieces.start - np.maximum(reach_start, zone.event_start),
        pieces.start - zone.start,
    )
    after = _nearer(
        np.maximum(pieces.stop, zone.event_start) - pieces.stop,
        np.minimum(reach_stop, zone.event_stop) - pieces.stop,
        zone.stop - pieces.stop,
    )
    return (before + after) / (zone.stop - zone.start)


def _nearer(
    low: Float[np.ndarray, "pieces"], high: Float[np.ndarray, "pieces"], room: Float[np.ndarray, "pieces"]
) -> Float[np.ndarray, "pieces"]:
    """Integral of ``min(2 d, room)`` over distances from low to high; 0 where high is below low."""

    def up_to(distance: Float[np.ndarray, "pieces"]) -> Float[np.ndarray, "pieces"]:
        return np.where(distance <= room / 2, distance**2, room * distance - room**2 / 4)

    return np.where(high > low, up_to(high) - up_to(low), 0.0)
