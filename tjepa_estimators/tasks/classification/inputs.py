"""What a classifier reads: windows with their levels, or samples of a tokenizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from einops import rearrange

from tjepa_estimators.data.stacked import StackedSamples

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor

    from tjepa_estimators.contracts import Samples
    from tjepa_estimators.tasks.levels import ChannelLevels

__all__ = ["ChosenInputs", "Inputs", "SampleInputs", "WindowInputs"]


class Inputs(Protocol):
    """Rows to classify, read in batches."""

    @property
    def channels(self) -> int:
        """Sequences that an encoder makes of a row, one after the other."""
        ...

    def __len__(self) -> int:
        """Number of rows."""
        ...

    def digest(self) -> str:
        """A short identity of the rows."""
        ...

    def batches(self, size: int) -> list[Int[Tensor, " batch"]]:
        """The number of each row once."""
        ...

    def raw(self, index: Int[Tensor, " batch"]) -> Tensor:
        """What the tokenizer reads of these rows: ``channels`` sequences each."""
        ...

    def beside(self, index: Int[Tensor, " batch"]) -> Float[Tensor, "batch extra"]:
        """What is known of these rows beside that."""
        ...


@dataclass(frozen=True, slots=True)
class WindowInputs:
    """Windows of series, each channel a sequence of its own."""

    windows: Float[np.ndarray, "rows time channels"]
    levels: ChannelLevels | None

    @property
    def channels(self) -> int:
        """Channels of a window."""
        return int(self.windows.shape[2])

    def __len__(self) -> int:
        return len(self.windows)

    def digest(self) -> str:
        """Of all values."""
        return StackedSamples(self.windows).digest()

    def batches(self, size: int) -> list[Int[Tensor, " batch"]]:
        """All rows, in order."""
        return list(torch.arange(len(self)).split(size))

    def raw(self, index: Int[Tensor, " batch"]) -> Float[Tensor, "sequences time"]:
        """The channels of these windows."""
        chosen = np.asarray(self.windows[index.cpu().numpy()], dtype=np.float64)
        return torch.from_numpy(rearrange(chosen, "rows time channels -> (rows channels) time"))

    def beside(self, index: Int[Tensor, " batch"]) -> Float[Tensor, "batch extra"]:
        """Level, distance from the usual level, and spread of each channel."""
        if self.levels is None:
            return torch.zeros(len(index), 0, dtype=torch.float64)
        return torch.from_numpy(self.levels(self.windows[index.cpu().numpy()])).flatten(1)


@dataclass(frozen=True, slots=True)
class SampleInputs:
    """Samples of a tokenizer."""

    samples: Samples
    channels: int = 1

    def __len__(self) -> int:
        return len(self.samples)

    def digest(self) -> str:
        """That of the samples."""
        return self.samples.digest()

    def batches(self, size: int) -> list[Int[Tensor, " batch"]]:
        """All rows, in the order that is quickest."""
        return list(self.samples.batches(size))

    def raw(self, index: Int[Tensor, " batch"]) -> Tensor:
        """These samples."""
        return self.samples.gather(index)

    def beside(self, index: Int[Tensor, " batch"]) -> Float[Tensor, "batch extra"]:
        """Nothing."""
        return torch.zeros(len(index), 0, dtype=torch.float64)


@dataclass(frozen=True, slots=True)
class ChosenInputs:
    """Some of the rows of others, numbered anew."""

    inputs: Inputs
    chosen: Int[Tensor, " chosen"]

    @property
    def channels(self) -> int:
        """As of all rows."""
        return self.inputs.channels

    def __len__(self) -> int:
        return len(self.chosen)

    def digest(self) -> str:
        """That of all rows."""
        return self.inputs.digest()

    def batches(self, size: int) -> list[Int[Tensor, " batch"]]:
        """All chosen rows, in order."""
        return list(torch.arange(len(self)).split(size))

    def raw(self, index: Int[Tensor, " batch"]) -> Tensor:
        """What the tokenizer reads of them."""
        return self.inputs.raw(self.chosen[index])

    def beside(self, index: Int[Tensor, " batch"]) -> Float[Tensor, "batch extra"]:
        """What is known beside that."""
        return self.inputs.beside(self.chosen[index])
