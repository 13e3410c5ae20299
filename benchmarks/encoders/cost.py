"""What an encoder costs: time and memory of a JEPA training step, and windows embedded per second."""

from __future__ import annotations

import dataclasses
import itertools
import multiprocessing
import resource
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import torch
from torch import nn

from benchmarks.encoders.networks import NOTHING, Network
from benchmarks.timing import measure, take_turns
from tjepa_estimators import JEPAConfig
from tjepa_estimators.contracts import Masks
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.masking import FutureMasker
from tjepa_estimators.jepa.objective import build_objective

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["PATCH", "Run", "embedding_speed", "memory", "speed", "windows"]

PATCH = 4
"""Steps of a token."""
_HIDDEN = 0.4
"""Share of the tokens that is hidden, about what the default settings hide; the student sees the rest."""


class Run:
    """A JEPA around an encoder, with a batch of noise to train on or to embed: time does not depend on the values.

    Parameters
    ----------
    network
        What is run.
    jepa
        All around it: windows, tokens, predictor.
    batch
        Windows of a batch.
    device
        Where it runs.
    """

    def __init__(self, network: Network, jepa: JEPAConfig, batch: int, device: str = "cpu") -> None:
        jepa = dataclasses.replace(jepa, dim=network.width)
        is_bare = network.encoder == NOTHING
        model = build_jepa(jepa, *(("transformer", {}) if is_bare else (network.encoder, network.config)))
        if is_bare:
            model.student.encoder, model.teacher.module.encoder = _Nothing(), _Nothing()
        self.model = model.to(device)
        self.objective = build_objective(jepa)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        self.draw(jepa, batch)

    def draw(self, jepa: JEPAConfig, batch: int) -> None:
        """Take other windows."""
        device = next(self.model.parameters()).device
        generator = torch.Generator().manual_seed(0)
        masks = FutureMasker(_HIDDEN, _HIDDEN)(jepa.num_tokens, batch, generator)
        self.raw = torch.randn(batch, jepa.window_length, generator=generator).to(device)
        self.masks = Masks(masks.context.to(device), masks.targets.to(device))

    def train(self) -> None:
        """One step: student, teacher, predictor, loss, gradients, AdamW and the teacher's update."""
        self.model.train()
        self.optimizer.zero_grad()
        self.objective(self.model(self.raw, self.masks)).total.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.model.update_teacher(0.99)

    def embed(self) -> Tensor:
        """The mean latent of each window."""
        self.model.eval()
        with torch.inference_mode():
            return self.model.student.pooled(self.raw)


def windows(tokens: int) -> JEPAConfig:
    """Windows of so many tokens, side by side."""
    return JEPAConfig(context_length=tokens * PATCH, future_length=0, patch_length=PATCH)


class _Nothing(nn.Module):
    """An encoder that does nothing."""

    def forward(
        self,
        x: Float[Tensor, "batch tokens dim"],
        padding: Bool[Tensor, "batch tokens"] | None = None,  # noqa: ARG002 - what an encoder takes
    ) -> Float[Tensor, "batch tokens dim"]:
        return x


def speed(networks: Sequence[Network], tokens: int, batch: int, device: str, rounds: int) -> list[tuple[float, float]]:
    """Seconds to train on 1,000 windows and windows embedded per second, of networks that take turns.

    CPU seconds on a CPU, which others' work changes little; seconds on the clock on another device.
    """
    runs = [Run(network, windows(tokens), batch, device) for network in networks]
    works = {f"{what} {number}": getattr(run, what) for what in ("train", "embed") for number, run in enumerate(runs)}
    found = take_turns({key: _finished(work, device) for key, work in works.items()}, rounds)
    seconds = {key: timing.cpu if device == "cpu" else timing.wall for key, timing in found.items()}
    return [(1000 * seconds[f"train {n}"] / batch, batch / seconds[f"embed {n}"]) for n in range(len(runs))]


def embedding_speed(networks: Sequence[Network], jepa: JEPAConfig, batch: int, device: str, rounds: int) -> list[float]:
    """Windows embedded per second on the clock, with as many threads as torch now has.

    In the best of the rounds: threads that wait for one another stand still while others use a core.
    """
    works = [_finished(Run(network, jepa, batch, device).embed, device) for network in networks]
    found = [[measure(work).wall for work in works] for _ in range(1 + rounds)]
    return [batch / min(times) for times in zip(*found, strict=True)]


def memory(networks: Sequence[Network], tokens: int, batch: int, device: str) -> Iterator[float]:
    """Megabytes that a training step adds at its peak to network, gradients and state of the optimiser."""
    asked = [(network, tokens, batch, device) for network in networks]
    if device != "cpu":
        yield from itertools.starmap(_memory_of_device, asked)
        return
    context = multiprocessing.get_context("forkserver")  # a process each, as a peak never comes down again
    context.set_forkserver_preload([__name__, "numba", "torch._dynamo"])  # or each process would import them
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
        yield from pool.map(_memory_of_process, *zip(*asked, strict=True))


def _memory_of_process(network: Network, tokens: int, batch: int, device: str) -> float:
    torch.set_num_threads(1)
    run = _ready(network, tokens, batch, device)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run.train()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def _memory_of_device(network: Network, tokens: int, batch: int, device: str) -> float:
    run = _ready(network, tokens, batch, device)
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    run.train()
    return (torch.cuda.max_memory_allocated() - before) / 2**20


def _ready(network: Network, tokens: int, batch: int, device: str) -> Run:
    """A run that has made one small step, which loads the kernels and makes the state of the optimiser."""
    run = Run(network, windows(2), 1, device)
    run.train()
    run.draw(windows(tokens), batch)
    return run


def _finished(work: Callable[[], object], device: str) -> Callable[[], object]:
    """The work until the device has done it."""
    if device == "cpu":
        return work

    def done() -> None:
        work()
        torch.cuda.synchronize()

    return done
