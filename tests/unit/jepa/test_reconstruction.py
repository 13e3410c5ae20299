"""Reconstruction: what is missing costs nothing."""

from __future__ import annotations

import torch

from tjepa_estimators.jepa.reconstruction import PatchDecoder, reconstruction_loss


def test_missing_values_cost_nothing_and_give_no_gradient():
    truth = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    truth[0, 1] = torch.nan
    patches = torch.zeros(2, 3, 4, requires_grad=True)
    loss = reconstruction_loss(patches, truth)
    loss.backward()
    torch.testing.assert_close(loss, truth[~truth.isnan()].square().mean())
    assert not patches.grad[0, 1].any()
    assert patches.grad[0, 0].all()


def test_a_perfect_copy_and_a_batch_of_gaps_cost_nothing():
    truth = torch.randn(2, 3, 4)
    assert reconstruction_loss(truth, truth) == 0.0
    assert reconstruction_loss(truth, torch.full((2, 3, 4), torch.nan)) == 0.0


def test_each_latent_is_decoded_alone():
    decoder, latents = PatchDecoder(dim=4, patch_length=6), torch.randn(2, 3, 4)
    whole = decoder(latents)
    assert whole.shape == (2, 3, 6)
    torch.testing.assert_close(decoder(latents[:, 1:2]), whole[:, 1:2])
