"""Embeddings of a pretrained encoder as an sktime transformer: one row for each series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd
from sktime.transformations.base import BaseTransformer

from tjepa_estimators.data.columns import in_order
from tjepa_estimators.data.convert import as_series
from tjepa_estimators.errors import DataError
from tjepa_estimators.interop.sktime.tiny import TINY
from tjepa_estimators.tasks.encoder import encoder_for
from tjepa_estimators.training.recipe import recipe_of

if TYPE_CHECKING:
    import os

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["JEPAEmbedder"]


class JEPAEmbedder(BaseTransformer):
    """Embed the latest window of each series with a pretrained encoder: series in, one row of features each out.

    Series may have any number of channels, differ in length and hold NaN. Each channel is embedded on its own and
    normalised by its own level and spread.

    Parameters
    ----------
    encoder
        A registered encoder, see :func:`~tjepa_estimators.list_plugins`.
    encoder_config
        Settings of the encoder.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder or a hub id; None pretrains in ``fit``.
    config
        A preset or :class:`~tjepa_estimators.JEPAConfig` (or dict) to pretrain with.
    train
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for pretraining.
    context_length
        Latest steps to embed; those that the encoder was made for if None.
    pool
        ``"mean"`` over the tokens of a window, or None for all of them side by side.
    random_state
        Seed of everything random; None keeps the seed of ``train``, which is 0 by default.

    Attributes
    ----------
    pretrained_
        The encoder in use.

    Examples
    --------
    >>> from sktime.datasets import load_airline
    >>> from tjepa_estimators.interop.sktime import JEPAEmbedder
    >>> JEPAEmbedder(train={"steps": 5}, random_state=0).fit_transform(load_airline()).shape
    (1, 32)
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": ["tjepa-estimators"],
        "maintainers": ["tjepa-estimators"],
        "python_dependencies": ["torch"],
        "scitype:transform-input": "Series",
        "scitype:transform-output": "Primitives",
        "scitype:instancewise": False,
        "X_inner_mtype": ["pd-multiindex", "pd_multiindex_hier"],
        "y_inner_mtype": "None",
        "requires_y": False,
        "fit_is_empty": False,
        "capability:multivariate": True,
        "capability:missing_values": True,
        "capability:unequal_length": True,
        "capability:unequal_length:removes": True,
        "capability:categorical_in_X": False,
        "capability:random_state": True,
        "property:randomness": "derandomized",
    }

    def __init__(
        self,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        config: str | JEPAConfig | Mapping[str, Any] = "tiny",
        train: TrainConfig | Mapping[str, Any] | None = None,
        context_length: int | None = None,
        pool: str | None = "mean",
        random_state: int | None = None,
    ) -> None:
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.pretrained = pretrained
        self.config = config
        self.train = train
        self.context_length = context_length
        self.pool = pool
        self.random_state = random_state
        super().__init__()

    def _fit(self, X: pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002 - sktime's signature
        values = [one.values for one in as_series(X)]
        self.pretrained_ = encoder_for(
            values,
            max(len(one) for one in values),
            pretrained=self.pretrained,
            **recipe_of(self, self.random_state),
        )
        self._columns = X.columns
        return self

    def _transform(self, X: pd.DataFrame, y: object = None) -> pd.DataFrame:  # noqa: ARG002 - sktime's signature
        if X.shape[1] != len(self._columns):
            known = len(self._columns)
            msg = f"X has {X.shape[1]} columns, but the embedder was fitted on {known}; give the same ones."
            raise DataError(msg)
        X = in_order(X, self._columns)
        series = as_series(X)
        length = self.context_length or self.pretrained_.context_length
        windows = np.full((len(series), length, X.shape[1]), np.nan)
        for window, one in zip(windows, series, strict=True):
            latest = one.values[-length:]
            window[length - len(latest) :] = latest
        embedding = self.pretrained_.embed(windows, pool=self.pool)
        names = X.index.names[:-1]
        keys: list[Any] = [one.name for one in series]
        index = pd.MultiIndex.from_tuples(keys, names=names) if len(names) > 1 else pd.Index(keys, name=names[0])
        return pd.DataFrame(embedding, index, [f"emb_{number}" for number in range(embedding.shape[1])])

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:  # noqa: ARG003 - sktime's
        """Tiny settings for sktime's test suite."""
        return [{**TINY, "random_state": 0}, {**TINY, "context_length": 5, "pool": None}]
