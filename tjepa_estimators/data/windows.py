"""Windows of a panel, gathered by number: one indexed read for a whole batch, from memory or from a mapped file.

Windows are numbered series by series, then from the past to the present, then channel by channel: the channels
that share a time span are neighbours. A window with end e covers the steps [e - length, e) of its series.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tjepa_estimators.data.buffers import flatten_panel
from tjepa_estimators.errors import ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float, Int
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["WindowOrigin", "WindowSource", "batch_indices", "count_ends", "first_end", "locate"]


_LARGEST_PERMUTATION = 4_000_000


@dataclass(frozen=True, slots=True)
class WindowOrigin:
    """Where the windows of a batch come from."""

    series: Int[Tensor, " batch"]
    """Position of the series in the panel."""
    channel: Int[Tensor, " batch"]
    """Channel of the series; -1 where a window holds all of them."""
    end: Int[Tensor, " batch"]
    """The step after the last one of the window."""


class WindowSource:
    """Every window of a panel, addressed by number.

    Windows end every ``stride`` steps, counted back from the end of each series, so the most recent window is
    always there. Where a window reaches beyond the start of its series it is padded with NaN on the left. Each
    series gives at least one window, however short it is.

    Arrays in memory are joined into one buffer, once; a single one is not copied. Memory-mapped arrays are never
    copied and only the elements of the windows asked for are read.

    Parameters
    ----------
    values
        One array of shape (time, channels) for each series, 32 or 64-bit floats.
    length
        Steps of a window.
    stride
        Steps between the ends of neighbouring windows.
    min_observed
        Steps that a window must have inside its series, as far as the series has so many; None: ``length``. A
        smaller number adds padded windows at the start of each series.
    per_channel
        Whether a window holds one channel, or all channels side by side.

    Raises
    ------
    ConfigError
        If ``length`` or ``stride`` is less than 1, or ``min_observed`` is not within [1, length].
    DataError
        If there is no series or one is no such array, or, without ``per_channel``, if channel counts differ.

    Examples
    --------
    >>> import numpy as np
    >>> ramp = np.arange(5.0)[:, None]
    >>> windows = WindowSource([ramp, 10 * ramp[:2]], length=3)
    >>> len(windows)
    4
    >>> windows.gather(torch.tensor([0, 2, 3])).tolist()
    [[0.0, 1.0, 2.0], [2.0, 3.0, 4.0], [nan, 0.0, 10.0]]
    """

    def __init__(
        self,
        values: Sequence[NDArray[np.floating[Any]]],
        length: int,
        *,
        stride: int = 1,
        min_observed: int | None = None,
        per_channel: bool = True,
    ) -> None:
        _check_settings(length, stride, min_observed)
        _check_arrays(values, needs_equal_channels=not per_channel)
        self.length = length
        self.stride = stride
        self.per_channel = per_channel
        self._panel = flatten_panel(values)
        self._steps = np.array([array.shape[0] for array in values], np.int64)
        self._num_channels = values[0].shape[1]
        self._per_end = np.array([array.shape[1] if per_channel else 1 for array in values], np.int64)
        num_ends = count_ends(self._steps, first_end(self._steps, min_observed or length), stride)
        self._totals = np.cumsum(num_ends * self._per_end)

    def __len__(self) -> int:
        return int(self._totals[-1])

    def gather(self, index: Int[Tensor, " batch"]) -> Float[Tensor, "batch time *channels"]:
        """Read the windows numbered ``index`` into a new tensor.

        Returns
        -------
        Tensor
            Shape (batch, time), or (batch, time, channels) without ``per_channel``; double precision if any series
            has it, else single.

        Raises
        ------
        IndexError
            If a number is not within [0, len(self)).
        """
        series, channel, end = self._locate(index)
        steps = end[:, np.newaxis] + np.arange(-self.length, 0)
        channels = channel[:, np.newaxis] if self.per_channel else np.arange(self._num_channels)[np.newaxis]
        windows = self._panel.read(series, np.maximum(steps, 0), channels)
        windows[steps < 0] = np.nan
        return torch.from_numpy(windows[:, :, 0] if self.per_channel else windows)

    def draw(self, step: int, batch_size: int, seed: int) -> Int[Tensor, " batch"]:
        """Numbers of the windows of training step ``step``, see :func:`batch_indices`."""
        return batch_indices(len(self), batch_size, step, seed)

    def origin(self, index: Int[Tensor, " batch"]) -> WindowOrigin:
        """Tell which series, channel and end the windows numbered ``index`` have."""
        series, channel, end = (torch.from_numpy(part) for part in self._locate(index))
        return WindowOrigin(
            series=series, channel=channel if self.per_channel else torch.full_like(channel, -1), end=end
        )

    def _locate(self, index: Int[Tensor, " batch"]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        number = index.cpu().numpy().astype(np.int64, copy=False)
        if number.size and not 0 <= number.min() <= number.max() < len(self):
            raise IndexError(f"window numbers {number.min()} to {number.max()} given; expected 0 to {len(self) - 1}")
        return locate(number, self._totals, self._steps, self._per_end, self.stride)


def first_end(steps: NDArray[np.int64], min_observed: int) -> NDArray[np.int64]:
    """Earliest end that a window may have: with ``min_observed`` steps before it, or all that the series has."""
    return np.minimum(steps, min_observed)


def count_ends(steps: NDArray[np.int64], first: NDArray[np.int64], stride: int) -> NDArray[np.int64]:
    """Count the ends from ``steps`` down to ``first``, every ``stride``."""
    return (steps - first) // stride + 1


def locate(
    number: NDArray[np.int64],
    totals: NDArray[np.int64],
    steps: NDArray[np.int64],
    per_end: NDArray[np.int64],
    stride: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Find the windows numbered ``number``.

    Parameters
    ----------
    number
        Shape (batch,); from 0 to the last of ``totals``, excluded.
    totals
        For each series, how many windows it and those before it have.
    steps
        For each series, its length.
    per_end
        For each series, how many windows share an end.
    stride
        Steps between neighbouring ends.

    Returns
    -------
    tuple of ndarray
        Series, rank among the windows with the same end, and end; each of shape (batch,).
    """
    series = np.searchsorted(totals, number, side="right")
    backward = totals[series] - 1 - number  # 0 is the last window of its series
    back, rank_from_last = np.divmod(backward, per_end[series])
    return series, per_end[series] - 1 - rank_from_last, steps[series] - back * stride


def batch_indices(num_windows: int, batch_size: int, step: int, seed: int) -> Int[Tensor, " batch"]:
    """Window numbers of training step ``step``: a pure function, so that a killed training goes on as it would have.

    Each window is drawn once per epoch, in an order of its own for each epoch; a batch may span epochs. From more
    than four million windows on, windows are drawn independently of each other.

    Raises
    ------
    ConfigError
        If ``num_windows`` or ``batch_size`` is less than 1 or ``step`` is negative.

    Examples
    --------
    >>> both = torch.cat([batch_indices(num_windows=6, batch_size=3, step=step, seed=0) for step in range(2)])
    >>> sorted(both.tolist())
    [0, 1, 2, 3, 4, 5]
    """
    if num_windows < 1 or batch_size < 1 or step < 0:
        raise ConfigError(
            f"num_windows={num_windows}, batch_size={batch_size}, step={step} given; expected at least one window, "
            "a batch of at least one, and a step of 0 or more: correct the batch size or pass more data"
        )
    if num_windows > _LARGEST_PERMUTATION:
        # a permutation would take 8 bytes a window; no run sees so many windows often enough to miss it
        return torch.randint(num_windows, (batch_size,), generator=_generator(seed, step))
    position = torch.arange(step * batch_size, (step + 1) * batch_size)
    epochs = range(step * batch_size // num_windows, ((step + 1) * batch_size - 1) // num_windows + 1)
    ranks = [position[position // num_windows == epoch] % num_windows for epoch in epochs]
    return torch.cat([_permutation(num_windows, epoch, seed)[rank] for epoch, rank in zip(epochs, ranks, strict=True)])


@lru_cache(maxsize=2)  # a batch at the turn of an epoch needs both
def _permutation(num_windows: int, epoch: int, seed: int) -> Int[Tensor, " windows"]:
    return torch.randperm(num_windows, generator=_generator(seed, epoch))


def _generator(seed: int, count: int) -> torch.Generator:
    """Make a generator of its own for each pair, without touching torch's global one."""
    mixed = np.random.SeedSequence([seed % 2**64, count]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(mixed[0]))


def _check_settings(length: int, stride: int, min_observed: int | None) -> None:
    if length < 1 or stride < 1:
        raise ConfigError(f"length={length}, stride={stride} given; expected both at least 1: pass positive numbers")
    if min_observed is not None and not 1 <= min_observed <= length:
        raise ConfigError(
            f"min_observed={min_observed} given; expected 1 to length={length}: pass None to have full windows"
        )


def _check_arrays(values: Sequence[NDArray[np.floating[Any]]], *, needs_equal_channels: bool) -> None:
    if not len(values):
        raise DataError("no series given; expected at least one: pass the values of your Series")
    for array in values:
        if array.ndim != 2 or not array.size or array.dtype.kind != "f" or array.itemsize not in (4, 8):
            raise DataError(
                f"an array of shape {array.shape} and type {array.dtype} given; expected (time, channels), not empty, "
                "32 or 64-bit floats: pass the values of a Series, which sees to it"
            )
    counts = sorted({array.shape[1] for array in values})
    if needs_equal_channels and len(counts) > 1:
        raise DataError(
            f"series of {counts} channels given with per_channel=False; expected equal channel counts: "
            "pass per_channel=True, or series of the same channels"
        )
