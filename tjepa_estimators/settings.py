"""Settings: frozen dataclasses to and from plain dicts, with unknown keys refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeVar

import cattrs
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError
from cattrs.v import format_exception

from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["as_settings", "to_dict"]

T = TypeVar("T", bound="DataclassInstance")

_CONVERTER = cattrs.Converter(forbid_extra_keys=True)


class _WrongTypeError(TypeError):
    """A value that is not what its field holds."""


def _exactly(kind: type[Any], accepted: type[Any]) -> Callable[[object, type[Any]], Any]:
    """Convert between numbers of the same meaning only: ``int(8.5)`` and ``bool("no")`` hide mistakes."""

    def convert(given: object, _: type[Any]) -> Any:  # noqa: ANN401 - an instance of kind
        if not isinstance(given, accepted) or (kind is not bool and isinstance(given, bool)):
            msg = f"expected {kind.__name__}, but got {given!r}"
            raise _WrongTypeError(msg)
        return kind(given)

    return convert


for _kind, _accepted in ((bool, bool), (int, Integral), (float, Real), (str, str)):
    _CONVERTER.register_structure_hook(_kind, _exactly(_kind, _accepted))


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
    plain: dict[str, Any] = _plain(_CONVERTER.unstructure(settings))
    return plain


def _plain(value: Any) -> Any:  # noqa: ANN401 - any setting
    """Numbers of numpy as Python's, which JSON knows."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_plain(one) for one in value)
    return value.item() if hasattr(value, "dtype") and hasattr(value, "item") else value


def _explain(kind: type, error: BaseValidationError) -> str:
    found = f"{kind.__name__}: {'; '.join(cattrs.transform_error(error, format_exception=_describe))}."
    for leaf in _leaves(error):
        if isinstance(leaf, ConfigError):
            return str(leaf)
        if isinstance(leaf, ForbiddenExtraKeysError):
            fields = sorted(field.name for field in dataclasses.fields(leaf.cl))
            return f"{found} {leaf.cl.__name__} knows {fields}."
    return found


def _describe(error: BaseException, kind: type | None) -> str:
    return str(error) if isinstance(error, _WrongTypeError) else format_exception(error, kind)


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for child in error.exceptions for leaf in _leaves(child)]
    return [error]
