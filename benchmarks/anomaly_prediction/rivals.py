"""Frozen features of published networks, pretrained on the official training parts, as their packages have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.anomaly_prediction.datasets import WINDOW
from tjepa_estimators.tasks.prediction_features import pooled

if TYPE_CHECKING:
    from jaxtyping import Float

    from benchmarks.anomaly_prediction.datasets import Prediction

__all__ = ["PATCHTST_STEPS", "TS2VEC_STEPS", "patchtst", "ts2vec"]

PATCHTST_STEPS, TS2VEC_STEPS = 500, 100
_PATCH, _WIDTH, _BATCH = 10, 64, 128
_RATE = 1e-3
_ROWS = 4096
"""Windows times channels in one forward pass."""


def patchtst(data: Prediction, seed: int) -> Float[np.ndarray, "rows features"]:
    """Masked pretraining of PatchTST, channel by channel; mean of a window's tokens, maximum and mean over channels."""
    from transformers import PatchTSTConfig, PatchTSTForPretraining

    torch.manual_seed(seed)
    config = PatchTSTConfig(
        num_input_channels=1, context_length=WINDOW, patch_length=_PATCH, patch_stride=_PATCH, d_model=_WIDTH,
        ffn_dim=2 * _WIDTH, num_hidden_layers=3, num_attention_heads=4, do_mask_input=True,
    )  # fmt: skip
    network = PatchTSTForPretraining(config)
    rows = _channels(data.normal_windows)
    rows = rows[rows.std(dim=1)[:, 0] > 0]
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE)
    for _ in range(PATCHTST_STEPS):
        optimizer.zero_grad()
        network(past_values=rows[torch.randint(len(rows), (_BATCH,))]).loss.backward()
        optimizer.step()
    encoder = network.eval().model
    encoder.do_mask_input, encoder.masking = False, torch.nn.Identity()  # it would mask all the same
    with torch.inference_mode():
        chunks = _channels(data.windows).split(_ROWS)
        latents = torch.cat([encoder(past_values=chunk).last_hidden_state.mean(dim=(1, 2)) for chunk in chunks])
    return pooled(latents.reshape(len(data.windows), -1, _WIDTH).numpy())


def ts2vec(data: Prediction, seed: int) -> Float[np.ndarray, "rows features"]:
    """TS2Vec with the settings of its authors, on all channels; the maximum over a window's steps."""
    from ts2vec import TS2Vec

    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - it crops with the global generator
    network = TS2Vec(input_dims=data.windows.shape[2], device="cpu")
    network.fit(data.normal_windows, n_iters=TS2VEC_STEPS)
    made: Float[np.ndarray, "rows features"] = network.encode(data.windows, encoding_window="full_series")
    return made


def _channels(windows: Float[np.ndarray, "windows time channels"]) -> torch.Tensor:
    """Each channel of each window as a series of its own."""
    return torch.from_numpy(np.moveaxis(windows, 2, 1).reshape(-1, windows.shape[1], 1)).float()
