"""Settings that a person gives by name: none that nobody knows, each of the kind it has."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS = {
    bool: "true or false",
    int: "a whole number, 0 or more",
    float: "a number, 0 or more",
    str: "a word",
}


def taken(given: Mapping[str, Any], known: Mapping[str, Any], of: str) -> dict[str, Any]:
    """Return all settings: those that are given, and the others as they are by themselves.

    Parameters
    ----------
    given : mapping
        What a person wants; lists, as JSON has them, become tuples.
    known : mapping
        Name -> what it is unless given. What is given is of the same kind; an empty tuple takes
        any list of whole numbers, None anything.
    of : str
        Whose settings, for errors.

    Raises
    ------
    UsageError
        If one is not known, or not of its kind.
    """
    if lost := [name for name in given if name not in known]:
        raise UsageError(
            f"the setting '{lost[0]}' of {of}", expected=f"one of {', '.join(sorted(known))}"
        )
    return {**known, **{name: _of_kind(name, value, known[name]) for name, value in given.items()}}


def _of_kind(name: str, value: Any, own: Any) -> Any:
    if own is None:
        return value
    if isinstance(own, tuple):
        if isinstance(value, list | tuple) and (not own or len(value) == len(own)):
            return tuple(_of_kind(name, one, own[0] if own else 1) for one in value)
        many = f"{len(own)} values" if own else "values"
        raise UsageError(f"{name}={_shown(value)}", expected=f"a list of {many}, such as [1, 2]")
    if _is(type(own), value):
        return type(own)(value)
    raise UsageError(f"{name}={_shown(value)}", expected=_KINDS[type(own)])


def _is(kind: type, value: Any) -> bool:
    if kind in (bool, str) or isinstance(value, bool | str):
        return type(value) is kind
    whole = isinstance(value, int)
    return (whole or (kind is float and isinstance(value, float))) and 0 <= value < inf


def _shown(value: Any) -> str:
    return str(value)[:40]
