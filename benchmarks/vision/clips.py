"""Frames to come, as latents: predicted ones beside the last one and its straight continuation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators import pretrain
from tjepa_estimators.contracts import Masks
from tjepa_estimators.jepa.config import MaskConfig, TokenizerConfig, as_preset

if TYPE_CHECKING:
    from tjepa_estimators import PretrainedEncoder
    from tjepa_estimators.contracts import Samples
    from tjepa_estimators.jepa.model import JEPA
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["HORIZONS", "WAYS", "errors", "read_clips", "train_on_clips"]

HORIZONS = range(1, 9)
WAYS = ("JEPA", "JEPA, frames shuffled", "last frame", "last frame and mean change", "linear")
_SEEN, _BATCH = 4, 32
_CUT = 0.75
"""The share of each video that is trained on; what follows is for the test."""


def read_clips(folder: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Beginnings and ends of the videos of 64 x 64 grey pixels whose end holds a clip."""
    with np.load(folder / "vision" / "video_clips_64x64_gray.npz") as file:
        videos = [file[name] for name in file.files]
    least = _SEEN + len(HORIZONS)
    videos = [video for video in videos if len(video) - round(len(video) * _CUT) >= least]
    cuts = [round(len(video) * _CUT) for video in videos]
    return [video[:cut] for video, cut in zip(videos, cuts, strict=True)], [
        video[cut:] for video, cut in zip(videos, cuts, strict=True)
    ]


def train_on_clips(videos: list[np.ndarray], train: TrainConfig) -> PretrainedEncoder:
    """An encoder that is taught to predict eight frames from four."""
    preset = as_preset("video-tiny")
    options = {"patch": 16, "frames": _SEEN + len(HORIZONS)}
    jepa = replace(
        preset.jepa,
        tokenizer=TokenizerConfig(kind="video-tubelets", options=options),
        masking=(MaskConfig(kind="future-frames", options={"predict_horizon": len(HORIZONS)}),),
    )
    return pretrain(videos, config=jepa, encoder_config=preset.encoder, train=train)


def errors(
    encoder: PretrainedEncoder, videos: list[np.ndarray], known: list[np.ndarray], seed: int
) -> dict[str, list[float]]:
    """Mean squared error of latents at each horizon, in variances of all latents of the test.

    Latents are the teacher's, which sees the whole clip; so the last frame's latent, too, knows what follows. The mean
    change is that of the videos that are ``known``: a latent tells its place, also in time, and the last one another.
    """
    model = encoder.build().eval()
    settings = encoder.info.jepa.tokenizer.settings()
    samples = settings.samples(videos)
    shuffled = torch.from_numpy(
        np.random.default_rng(seed).permuted(np.tile(np.arange(_SEEN), (len(samples), 1)), axis=1)
    )
    truth = _truth(model, settings.samples(known))
    mean_change = (truth[:, _SEEN:] - truth[:, _SEEN - 1 : _SEEN]).mean(dim=0)
    truth = _truth(model, samples)
    last = truth[:, _SEEN - 1 : _SEEN]
    ahead = torch.tensor(HORIZONS)[None, :, None, None]
    guesses = {
        "JEPA": _predict(model, samples), "JEPA, frames shuffled": _predict(model, samples, shuffled),
        "last frame": last, "last frame and mean change": last + mean_change,
        "linear": last + ahead * (last - truth[:, _SEEN - 2 : _SEEN - 1]),
    }  # fmt: skip
    spread = truth.var(dim=0).mean()  # of clips, at each place and dimension
    return {way: ((guesses[way] - truth[:, _SEEN:]).square().mean(dim=(0, 2, 3)) / spread).tolist() for way in WAYS}


@torch.inference_mode()
def _truth(model: JEPA, clips: Samples) -> torch.Tensor:
    parts = [model.encode(clips.gather(index)).values for index in torch.arange(len(clips)).split(_BATCH)]
    return _by_frame(torch.cat(parts))


@torch.inference_mode()
def _predict(model: JEPA, clips: Samples, order: torch.Tensor | None = None) -> torch.Tensor:
    """Latents of the frames to come, from those seen, in their order or in another one."""
    parts = []
    for index in torch.arange(len(clips)).split(_BATCH):
        raw = clips.gather(index)
        if order is not None:
            raw[:, :_SEEN] = raw[torch.arange(len(raw))[:, None], order[index]]
        count = model.student(raw[:1]).values.shape[1]
        tokens = torch.arange(count).expand(len(raw), -1)
        cut = count // raw.shape[1] * _SEEN
        parts.append(model(raw, Masks(tokens[:, :cut], tokens[:, None, cut:])).prediction)
    return _by_frame(torch.cat(parts), len(HORIZONS))


def _by_frame(latents: torch.Tensor, frames: int = _SEEN + len(HORIZONS)) -> torch.Tensor:
    return latents.unflatten(1, (frames, -1))
