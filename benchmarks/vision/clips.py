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

__all__ = ["HORIZONS", "WAYS", "errors", "read_clips", "train_on_clips"]

HORIZONS = range(1, 9)
WAYS = ("JEPA", "JEPA, frames shuffled", "last frame", "linear")
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


def train_on_clips(videos: list[np.ndarray], steps: int, seed: int) -> PretrainedEncoder:
    """An encoder that is taught to predict eight frames from four."""
    preset = as_preset("video-tiny")
    options = {"patch": 16, "frames": _SEEN + len(HORIZONS)}
    jepa = replace(
        preset.jepa,
        tokenizer=TokenizerConfig(kind="video-tubelets", options=options),
        masking=(MaskConfig(kind="future-frames", options={"predict_horizon": len(HORIZONS)}),),
    )
    train = preset.train | {"steps": steps, "seed": seed, "progress": False}
    return pretrain(videos, config=jepa, encoder_config=preset.encoder, train=train)


def errors(encoder: PretrainedEncoder, videos: list[np.ndarray], seed: int) -> dict[str, list[float]]:
    """Mean squared error of latents at each horizon, in variances of all latents of the test.

    Latents are the teacher's, which sees the whole clip; so the last frame's latent, too, knows what follows.
    """
    model = encoder.build().eval()
    samples = encoder.info.jepa.tokenizer.settings().samples(videos)
    shuffled = torch.from_numpy(
        np.random.default_rng(seed).permuted(np.tile(np.arange(_SEEN), (len(samples), 1)), axis=1)
    )
    found: dict[str, list[torch.Tensor]] = {way: [] for way in WAYS}
    every = []
    with torch.inference_mode():
        for index in torch.arange(len(samples)).split(_BATCH):
            raw = samples.gather(index)
            truth = _by_frame(model.encode(raw).values)
            mixed = raw.clone()
            mixed[:, :_SEEN] = raw[torch.arange(len(raw))[:, None], shuffled[index]]
            last, step = truth[:, _SEEN - 1 : _SEEN], truth[:, _SEEN - 1 : _SEEN] - truth[:, _SEEN - 2 : _SEEN - 1]
            ahead = torch.tensor(HORIZONS)[None, :, None, None]
            guesses = {
                "JEPA": _predict(model, raw), "JEPA, frames shuffled": _predict(model, mixed),
                "last frame": last, "linear": last + ahead * step,
            }  # fmt: skip
            for way, guess in guesses.items():
                found[way].append((guess - truth[:, _SEEN:]).square().mean(dim=(2, 3)))
            every.append(truth)
    spread = torch.cat(every).var(dim=0).mean()  # of clips, at each place and dimension
    return {way: (torch.cat(parts).mean(dim=0) / spread).tolist() for way, parts in found.items()}


def _predict(model: torch.nn.Module, raw: torch.Tensor) -> torch.Tensor:
    frames = raw.shape[1]
    tokens = torch.arange(model.student(raw[:1]).values.shape[1]).expand(len(raw), -1)
    cut = tokens.shape[1] // frames * _SEEN
    output = model(raw, Masks(tokens[:, :cut], tokens[:, None, cut:]))
    return _by_frame(output.prediction, len(HORIZONS))


def _by_frame(latents: torch.Tensor, frames: int = _SEEN + len(HORIZONS)) -> torch.Tensor:
    return latents.unflatten(1, (frames, -1))
