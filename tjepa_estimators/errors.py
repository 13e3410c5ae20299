"""Exceptions and warnings.

Every error is ours and also the one the ecosystem expects, so callers may catch either::

    TJEPAError
    ├── ConfigError(ValueError)      a setting is unknown or impossible
    ├── DataError(ValueError)        the given series cannot be used
    ├── PluginError(LookupError)     a plugin is unknown, broken or clashes
    ├── ArtifactError(OSError)       a saved encoder is damaged or cannot be written
    ├── DownloadError(OSError)       data could not be fetched
    └── NotFittedError(ValueError, AttributeError)   used before ``fit``

    CollapseWarning(UserWarning)         the representation is degenerating
    ConstantDataWarning(UserWarning)     nothing varies in what is to be learned from
    DataQualityWarning(UserWarning)      fetched or cached data had faults, which were repaired or removed
    ThresholdWarning(UserWarning)        a threshold cannot keep what its rule promises
"""

from __future__ import annotations

__all__ = [
    "ArtifactError",
    "CollapseWarning",
    "ConfigError",
    "ConstantDataWarning",
    "DataError",
    "DataQualityWarning",
    "DownloadError",
    "NotFittedError",
    "PluginError",
    "TJEPAError",
    "ThresholdWarning",
]


class TJEPAError(Exception):
    """Base class of every error that this package raises on purpose."""


class ConfigError(TJEPAError, ValueError):
    """A setting is unknown, or its value is impossible."""


class DataError(TJEPAError, ValueError):
    """The given series or array cannot be used as it is."""


class PluginError(TJEPAError, LookupError):
    """A plugin is unknown, broken, or its name is taken twice."""


class ArtifactError(TJEPAError, OSError):
    """A saved encoder is missing, damaged, too new, or cannot be written."""


class DownloadError(TJEPAError, OSError):
    """Data could not be fetched; the message says what was asked, how often, and what to do without a network.

    Parameters
    ----------
    message
        What happened.
    status
        The HTTP status of the refusal, such as 404; None where there was no answer.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class NotFittedError(TJEPAError, ValueError, AttributeError):
    """An object was used before it was fitted."""


class CollapseWarning(UserWarning):
    """The learned representation is degenerating; the message says what to change."""


class ConstantDataWarning(UserWarning):
    """Nothing varies in the data that a detector is to learn from, so that whatever moves will be abnormal."""


class DataQualityWarning(UserWarning):
    """Fetched, cached or given data had faults; the message counts them and says what became of them."""


class ThresholdWarning(UserWarning):
    """A threshold cannot keep what its rule promises; the message says why, and what to give instead."""
