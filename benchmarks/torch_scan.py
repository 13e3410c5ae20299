"""The fastest selective scan that we could write in plain torch: the control for the kernels.

The loop over time works in place and keeps the state before each segment only; the backward pass, written by hand,
runs a segment again. Autograd through a plain loop keeps all states, a parallel scan writes them several times.
"""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["torch_scan"]

SEGMENT = 16


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u, delta, A, B, C, D, bias):  # noqa: ANN001, ANN205, N803 - torch's own signature
        step = nn.functional.softplus(delta + bias)
        h = u.new_zeros(u.shape[0], *A.shape)
        y, kept = torch.empty_like(u), []
        for begin in range(0, u.shape[1], SEGMENT):
            kept.append(h.clone())
            part = slice(begin, begin + SEGMENT)
            decay, given = _segment(step[:, part], u[:, part], A, B[:, part])
            for t in range(decay.shape[0]):
                h.mul_(decay[t]).add_(given[t])
                y[:, begin + t] = torch.bmm(h, C[:, begin + t].unsqueeze(-1)).squeeze(-1)
        ctx.save_for_backward(u, delta, A, B, C, D, bias, *kept)
        return y.addcmul_(u, D)

    @staticmethod
    def backward(ctx, dy):  # noqa: ANN001, ANN205
        u, delta, A, B, C, D, bias, *kept = ctx.saved_tensors  # noqa: N806
        raw = delta + bias
        step = nn.functional.softplus(raw)
        du, dstep, dA = dy * D, torch.empty_like(u), torch.zeros_like(A)  # noqa: N806
        dB, dC = torch.empty_like(B), torch.empty_like(C)  # noqa: N806
        dh = torch.zeros_like(kept[0])
        for number in range(len(kept) - 1, -1, -1):
            begin = number * SEGMENT
            part = slice(begin, begin + SEGMENT)
            decay, given = _segment(step[:, part], u[:, part], A, B[:, part])
            steps = decay.shape[0]
            states = torch.empty(steps + 1, *kept[0].shape, dtype=u.dtype)
            states[0] = kept[number]
            for t in range(steps):
                torch.addcmul(given[t], decay[t], states[t], out=states[t + 1])
            for t in range(steps):
                dC[:, begin + t] = torch.bmm(dy[:, begin + t].unsqueeze(1), states[t + 1]).squeeze(1)
            dgiven = torch.empty_like(given)
            for t in range(steps - 1, -1, -1):
                dh.addcmul_(dy[:, begin + t].unsqueeze(-1), C[:, begin + t].unsqueeze(1))
                dgiven[t] = dh
                dh.mul_(decay[t])
                decay[t] = dh  # its place is free from here on
            dexponent = decay.mul_(states[:-1])  # (steps, batch, dim, state)
            rate = step[:, part].transpose(0, 1)
            dA += torch.einsum("tbdn,tbd->dn", dexponent, rate)  # noqa: N806
            taken = torch.einsum("tbdn,btn->btd", dgiven, B[:, part])
            dB[:, part] = torch.einsum("tbdn,tbd->btn", dgiven, rate * u[:, part].transpose(0, 1))
            du[:, part] += taken * step[:, part]
            dstep[:, part] = taken * u[:, part] + torch.einsum("tbdn,dn->btd", dexponent, A)
        ddelta = dstep * torch.sigmoid(raw)
        return du, ddelta, dA, dB, dC, (dy * u).sum((0, 1)), ddelta.sum((0, 1))


def _segment(step: torch.Tensor, u: torch.Tensor, A: torch.Tensor, B: torch.Tensor) -> tuple[torch.Tensor, ...]:  # noqa: N803
    """Decay and input of each step, time first: ``(steps, batch, dim, state)``."""
    decay = (step.transpose(0, 1).unsqueeze(-1) * A).exp_()
    return decay, (step * u).transpose(0, 1).unsqueeze(-1) * B.transpose(0, 1).unsqueeze(2)


def torch_scan(*tensors: torch.Tensor) -> torch.Tensor:
    """Scan ``u, delta (B, L, D), A (D, N), B, C (B, L, N), D, bias (D)`` with softplus."""
    return _Scan.apply(*tensors)
