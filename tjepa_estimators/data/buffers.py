"""The series of a panel as few flat buffers, so that one indexed read fetches elements of many series.

Arrays in memory are joined once. Memory-mapped arrays stay on disk: a buffer spans their whole file, whatever
part of it, in whatever order, each array shows; so a thousand series in one file are still one buffer.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["FlatPanel", "flatten_panel"]


@dataclass(frozen=True, slots=True)
class FlatPanel:
    """Flat buffers, and where in them each series lies.

    Step t and channel c of series s is element ``start[s] + t * time_stride[s] + c * channel_stride[s]`` of
    ``buffers[buffer[s]]``.
    """

    buffers: tuple[NDArray[np.floating[Any]], ...]
    buffer: NDArray[np.int64]
    start: NDArray[np.int64]
    time_stride: NDArray[np.int64]
    channel_stride: NDArray[np.int64]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Double precision if any buffer has it, else single; in the byte order of this machine."""
        return np.result_type(*(buffer.dtype.newbyteorder("=") for buffer in self.buffers))

    def read(
        self, series: NDArray[np.int64], steps: NDArray[np.int64], channels: NDArray[np.int64]
    ) -> NDArray[np.floating[Any]]:
        """Fetch elements into a new array; one indexed read for each buffer that is touched.

        Parameters
        ----------
        series
            Shape (batch,).
        steps
            Shape (batch, time); within the series.
        channels
            Shape (batch or 1, channels); within the series.

        Returns
        -------
        ndarray
            Shape (batch, time, channels), of type :attr:`dtype`.
        """
        starts, time_strides, channel_strides = (
            place[series, np.newaxis] for place in (self.start, self.time_stride, self.channel_stride)
        )
        elements = (starts + steps * time_strides)[:, :, np.newaxis] + (channels * channel_strides)[:, np.newaxis, :]
        found = np.empty(elements.shape, self.dtype)
        buffer = self.buffer[series]
        for number in np.unique(buffer):
            rows = slice(None) if len(self.buffers) == 1 else np.flatnonzero(buffer == number)
            # not ndarray.take: it copies the whole buffer where bytes are swapped or not aligned
            found[rows] = self.buffers[number][elements[rows]]
        return found


def flatten_panel(values: Sequence[NDArray[np.floating[Any]]]) -> FlatPanel:
    """Lay out arrays of shape (time, channels) in flat buffers, copying as little as possible.

    A single contiguous array in memory is not copied, a memory-mapped array never.

    Raises
    ------
    DataError
        If a memory-mapped array shows a part only of the bytes of each record.
    """
    buffers: list[NDArray[np.floating[Any]]] = []
    places = np.zeros((len(values), 4), np.int64)
    maps = [_map_of(array) for array in values]
    resident = [number for number, mapped in enumerate(maps) if mapped is None]
    if resident:
        buffers.append(_join([values[number] for number in resident]))
        places[resident] = _places_in_a_row([values[number].shape for number in resident])
    known: dict[tuple[int, np.dtype[Any], int], int] = {}
    for number, (array, mapped) in enumerate(zip(values, maps, strict=True)):
        if mapped is not None:
            start, lead = divmod(_address(array) - _address(np.frombuffer(mapped, np.uint8)), array.itemsize)
            key = (id(mapped), array.dtype, lead)
            if key not in known:
                known[key] = len(buffers)
                buffers.append(_span(mapped, array.dtype, lead))
            places[number] = (known[key], start, *_element_strides(array))
    return FlatPanel(tuple(buffers), *places.T)


def _join(arrays: list[NDArray[np.floating[Any]]]) -> NDArray[np.floating[Any]]:
    if len(arrays) == 1 and arrays[0].flags.c_contiguous:
        return arrays[0].reshape(-1)
    return np.concatenate([array.reshape(-1) for array in arrays])


def _places_in_a_row(shapes: list[tuple[int, ...]]) -> NDArray[np.int64]:
    """Rows of (buffer, start, time stride, channel stride) for arrays that follow each other in buffer 0."""
    sizes = np.array([steps * channels for steps, channels in shapes], np.int64)
    channels = np.array([channels for _, channels in shapes], np.int64)
    return np.stack([np.zeros_like(sizes), np.cumsum(sizes) - sizes, channels, np.ones_like(sizes)], axis=1)


def _map_of(array: NDArray[np.floating[Any]]) -> mmap.mmap | None:
    """Find the mapped file that ``array`` is a view of."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None


def _span(mapped: mmap.mmap, dtype: np.dtype[Any], lead: int) -> NDArray[np.floating[Any]]:
    """View the whole file as numbers, but for ``lead`` bytes before the first."""
    return np.ndarray(((len(mapped) - lead) // dtype.itemsize,), dtype, buffer=mapped, offset=lead)


def _address(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])


def _element_strides(array: NDArray[np.floating[Any]]) -> tuple[int, int]:
    (time, time_rest), (channel, channel_rest) = (divmod(stride, array.itemsize) for stride in array.strides)
    if time_rest or channel_rest:
        raise DataError(
            f"a memory-mapped array has strides {array.strides} for elements of {array.itemsize} bytes; expected "
            "multiples: save this field of the records as an array of its own, or load it into memory"
        )
    return time, channel
