"""A setting that a person may give by name: what it is unless given, and what else it may be."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any, Literal

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.settings.allowed import one_of, within

Kind = Literal["yes or no", "choice", "whole number", "number", "numbers"]

_EXPECTED = {
    bool: "true or false",
    int: "a whole number, 0 or more",
    float: "a number, 0 or more",
    str: "a word",
}


@dataclass(frozen=True)
class Setting:
    """One setting, of a method or of the plan.

    Parameters
    ----------
    name : str
        Of ``--set NAME=VALUE``.
    default : Any
        What it is unless given. What is given is of the same kind; an empty tuple takes any list
        of whole numbers.
    meaning : str
        For people: what it does, in a sentence without a full stop.
    choices : tuple of str
        All that a word may be; a word has some.
    low, high : float
        Between what a number lies, both allowed; so does each of a list.
    needs : (str, tuple of str), optional
        Another setting, and the words it may be; else this one does nothing.
    """

    name: str
    default: Any
    meaning: str
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = inf
    needs: tuple[str, tuple[str, ...]] | None = None

    @property
    def kind(self) -> Kind:
        """What a form makes of it."""
        kinds: dict[type, Kind] = {
            bool: "yes or no",
            str: "choice",
            int: "whole number",
            float: "number",
            tuple: "numbers",
        }
        return kinds[type(self.default)]

    def read(self, value: Any) -> Any:
        """Return a value as one of its kind; a list, as JSON has it, becomes a tuple.

        Raises
        ------
        UsageError
            If it is of another kind, none of the choices, or too small or large.
        """
        own = self.default
        if not isinstance(own, tuple):
            return self._one(value, own)
        if isinstance(value, list | tuple) and (not own or len(value) == len(own)):
            return tuple(self._one(one, own[0] if own else 1) for one in value)
        many = f"{len(own)} values" if own else "values"
        raise UsageError(
            f"{self.name}={_shown(value)}", expected=f"a list of {many}, such as [1, 2]"
        )

    def _one(self, value: Any, own: Any) -> Any:
        kind = type(own)
        if not _is(kind, value):
            raise UsageError(f"{self.name}={_shown(value)}", expected=_EXPECTED[kind])
        if kind is str:
            return one_of(self.name, value, self.choices)
        return value if kind is bool else kind(within(self.name, value, self.low, self.high))


def _is(kind: type, value: Any) -> bool:
    if kind in (bool, str) or isinstance(value, bool | str):
        return type(value) is kind
    whole = isinstance(value, int)
    return (whole or (kind is float and isinstance(value, float))) and -inf < value < inf


def _shown(value: Any) -> str:
    return str(value)[:40]
