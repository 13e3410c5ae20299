"""Layers of a backbone by their depth, and how fast each of them is to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tjepa_estimators.nn.backbone import Backbone

__all__ = ["decayed_rates", "layers_of"]


def layers_of(backbone: Backbone) -> list[list[nn.Parameter]]:
    """The weights of the embedding, then those of each block of the encoder.

    Blocks are what a ``ModuleList`` of this name holds; an encoder without one is a single layer. What an encoder has
    beside its blocks, such as a norm at the end, belongs to the last of them.
    """
    tokenizer, encoder = cast("nn.Module", backbone.tokenizer), cast("nn.Module", backbone.encoder)
    blocks = getattr(encoder, "blocks", None)
    layers = [list(block.parameters()) for block in blocks] if isinstance(blocks, nn.ModuleList) else []
    inside = {id(weight) for layer in layers for weight in layer}
    rest = [weight for weight in encoder.parameters() if id(weight) not in inside]
    layers = [*layers[:-1], [*layers[-1], *rest]] if layers else [rest]
    return [list(tokenizer.parameters()), *layers]


def decayed_rates(
    layers: Sequence[list[nn.Parameter]], rate: float, decay: float
) -> list[tuple[list[nn.Parameter], float]]:
    """Each layer with its share of the learning rate: ``rate`` for the last, ``decay`` times that for the one below.

    What is near to the input is most general, and worth most to keep. Source: discriminative fine-tuning (ULMFiT,
    arXiv 1801.06146, section 3.2); layer-wise decay as in BEiT (arXiv 2106.08254).

    Examples
    --------
    >>> layers = [[nn.Parameter()], [nn.Parameter()], [nn.Parameter()]]
    >>> [share for _, share in decayed_rates(layers, rate=0.4, decay=0.5)]
    [0.1, 0.2, 0.4]
    """
    return [(layer, rate * decay**above) for layer, above in zip(layers, reversed(range(len(layers))), strict=True)]
