"""Which resolution, which kind of evidence and which channels made a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

__all__ = ["Explanation"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The scores of a series and what they are made of."""

    scores: Float[np.ndarray, "time"]
    """As ``score`` gives them for a series that was not fitted on."""
    names: tuple[tuple[int, str], ...]
    """Resolution and scorer of each part."""
    parts: Float[np.ndarray, "parts time"]
    """Standardised scores before fusion: zero is ordinary, one the edge of what is normal; NaN where nothing was
    observed."""
    channels: Float[np.ndarray, "time channels"]
    """Share of each channel in what exceeds the ordinary, over all parts; adds up to 1, or to 0 where nothing does."""

    def top(self, step: int) -> tuple[int, str, int]:
        """Resolution and scorer with the highest score at a step, and the channel with the largest share.

        Examples
        --------
        >>> import numpy as np
        >>> told = Explanation(
        ...     np.ones(1), ((1, "level"), (4, "level")), np.array([[0.0], [2.0]]), np.array([[0.2, 0.8]])
        ... )
        >>> told.top(0)
        (4, 'level', 1)
        """
        resolution, scorer = self.names[int(self.parts[:, step].argmax())]
        return resolution, scorer, int(self.channels[step].argmax())
