"""Facts of a model as people read them: a line each, in words, with units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: what a person is told, in order: the fact's key, and what it is called
_NAMES = {
    "name": "name",
    "title": "title",
    "kind": "kind",
    "about": "about",
    "classes": "labels",
    "modalities": "images",
    "spacing_mm": "trained at",
    "network": "network",
    "networks": "networks",
    "why_not": "no others, as",
    "learns": "learns",
    "least_images": "images, at least",
    "least_batch": "batch, at least",
    "paper": "in the paper",
    "why_paper": "not as printed",
    "here": "here",
    "on_gpu": "here, on a GPU",
    "why_here": "the difference",
    "measured": "measured",
    "dimensions": "sees",
    "in_channels": "channels",
    "patch": "window",
    "steps": "prepares",
    "preparation": "prepares",
    "prompts": "prompts",
    "mirrored": "flips",
    "parameters": "parameters",
    "method": "method",
    "trained_on": "trained on",
    "present": "on this machine",
    "licence": "licence",
    "source": "source",
    "url": "from",
    "parent": "begins with",
    "versions": "made with",
    "sha256": "sha256",
    "bytes": "size",
}


def lines_of(facts: Mapping[str, Any]) -> list[str]:
    """Return lines of what is known; what is not known has none."""
    rows = {key: _spoken(key, facts[key]) for key in _NAMES if key in facts}
    wide = max(len(_NAMES[key]) for key in rows)
    return [f"{_NAMES[key]:{wide}}  {words}" for key, words in rows.items() if words]


def step_words(step: Mapping[str, Any]) -> str:
    """Say one step of preparation: ``resample to 1.5 x 1.5 x 2 mm``."""
    given = {key: value for key, value in step.items() if key != "do"}
    if step["do"] == "resample":
        sides = " x ".join("own" if mm is None else f"{mm:g}" for mm in given["spacing_mm"])
        return f"resample to {sides} mm"
    if {"low", "high"} <= given.keys():
        return f"{step['do']} {given['low']:g} to {given['high']:g}"
    words = [_value(value) for value in given.values() if value not in (False, None)]
    return " ".join([str(step["do"]), *words])


def _spoken(key: str, value: Any) -> str:
    if key == "steps":
        return ", ".join(map(step_words, value))
    if key == "patch":
        return _window(value)
    if key == "bytes":
        return f"{value / 1e6:,.1f} MB"
    if key == "dimensions":
        return " and ".join(
            f"{n}-D" for n in (value if isinstance(value, tuple | list) else [value])
        )
    if key == "spacing_mm":
        return f"{_window(value)} mm" if value else ""
    if key == "mirrored":
        return "allowed" if value else "not allowed: labels may lie on one side"
    return _value(value)


def _window(value: Mapping[Any, Sequence[float]] | Sequence[float]) -> str:
    """Say the sides of one window, or of the one in each number of dimensions."""
    if not isinstance(value, dict):
        return " x ".join(f"{n:g}" for n in value)
    return ", ".join(f"{_window(sides)} ({dims}-D)" for dims, sides in value.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        if {"value", "name"} <= value.keys():
            return f"{value['value']} {value['name']}"
        return ", ".join(f"{key} {_value(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(_value, value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
