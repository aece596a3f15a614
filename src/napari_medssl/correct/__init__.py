"""Mask edits as data, and the tools that make them. numpy and scipy only."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_medssl.correct.change import set_label
from napari_medssl.correct.edit import Edit
from napari_medssl.correct.history import History, Step
from napari_medssl.correct.rules import Rules

if TYPE_CHECKING:
    from napari_medssl.correct.tool import Parameter as Parameter
    from napari_medssl.correct.tool import Tool as Tool
    from napari_medssl.correct.tools import TOOLS as TOOLS
    from napari_medssl.correct.tools import run_tool as run_tool

_WHERE = {"Parameter": "tool", "TOOLS": "tools", "Tool": "tool", "run_tool": "tools"}
__all__ = [
    "TOOLS",
    "Edit",
    "History",
    "Parameter",
    "Rules",
    "Step",
    "Tool",
    "run_tool",
    "set_label",
]


def __getattr__(name: str) -> Any:
    """Import the tools, and scipy with them, when they are first asked for."""
    if name in _WHERE:
        return getattr(import_module(f"napari_medssl.correct.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'napari_medssl.correct' has no attribute '{name}'")
