"""Settings: frozen dataclasses to and from plain dicts, with unknown keys refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import cattrs
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError

from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["as_settings", "to_dict"]

T = TypeVar("T", bound="DataclassInstance")

_CONVERTER = cattrs.Converter(forbid_extra_keys=True)


def as_settings(kind: type[T], given: T | Mapping[str, Any] | None) -> T:
    """Turn what a user gave into settings of ``kind``: as they are, from a dict, or the defaults for None.

    Raises
    ------
    ConfigError
        An unknown key (named with its path), a wrong type or an impossible value.

    Examples
    --------
    >>> from tjepa_estimators.training.config import TrainConfig
    >>> as_settings(TrainConfig, {"steps": 10}).steps
    10
    """
    if isinstance(given, kind):
        return given
    if given is not None and not isinstance(given, Mapping):
        msg = f"expected {kind.__name__}, a dict or None, but got {type(given).__name__}: {given!r}."
        raise ConfigError(msg)
    try:
        return _CONVERTER.structure(dict(given or {}), kind)
    except BaseValidationError as error:
        raise ConfigError(_explain(kind, error)) from error


def to_dict(settings: DataclassInstance) -> dict[str, Any]:
    """Turn settings into plain dicts, lists, strings and numbers, ready for JSON."""
    plain: dict[str, Any] = _CONVERTER.unstructure(settings)
    return plain


def _explain(kind: type, error: BaseValidationError) -> str:
    for leaf in _leaves(error):
        if isinstance(leaf, ConfigError):
            return str(leaf)
        if isinstance(leaf, ForbiddenExtraKeysError):
            fields = sorted(field.name for field in dataclasses.fields(leaf.cl))
            return f"{kind.__name__}: {'; '.join(cattrs.transform_error(error))}. {leaf.cl.__name__} knows {fields}."
    return f"{kind.__name__}: {'; '.join(cattrs.transform_error(error))}."


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for child in error.exceptions for leaf in _leaves(child)]
    return [error]
