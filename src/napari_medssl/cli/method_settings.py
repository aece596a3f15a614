"""What of a method of pre-training may be set by ``--set``: as facts, and as tables."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from napari_medssl.pretrain.settings.setting import Setting


def settings_facts(method: str) -> list[dict[str, Any]]:
    """Return a method's settings, with what both recipes make of them, and those of its plan."""
    from napari_medssl.pretrain.settings.of_methods import declared_settings, described_settings
    from napari_medssl.pretrain.settings.of_plan import PLAN_SETTINGS

    here, paper = (
        {one.name: one.default for one in described_settings(method, scale)}
        for scale in ("here", "paper")
    )
    own = [
        {"of": "method", "here": here.get(one.name), "paper": paper.get(one.name), **_facts(one)}
        for one in declared_settings(method)
    ]
    return [*own, *({"of": "plan", **_facts(one)} for one in PLAN_SETTINGS)]


def print_settings(console: Console, facts: Mapping[str, Any]) -> None:
    """Print a method's settings: the method's own, then those of the plan."""
    from rich.table import Column, Table

    for of, columns in (("method", ("here", "paper")), ("plan", ())):
        how = f"medssl pretrain --method {facts['name']} --set NAME=VALUE"
        console.print(f"\nSettings of the {of}: '{how}'")
        named = ("in the paper" if column == "paper" else column for column in columns)
        table = Table(Column("name", no_wrap=True), *named, "may be", "what it does", box=None)
        for row in facts["settings"]:
            if row["of"] == of:
                told = (_said(row[column]) for column in columns)
                table.add_row(row["name"], *told, _may_be(row), _does(row))
        console.print(table)


def _facts(setting: Setting) -> dict[str, Any]:
    return {
        "name": setting.name,
        "kind": setting.kind,
        "choices": list(setting.choices),
        "low": setting.low,
        "high": None if setting.high == inf else setting.high,
        "meaning": setting.meaning,
        "needs": dict([setting.needs]) if setting.needs else {},
    }


def _may_be(row: Mapping[str, Any]) -> str:
    if row["choices"]:
        return ", ".join(row["choices"])
    if row["kind"] == "yes or no":
        return "true, false"
    high = row["high"]
    limits = f"{row['low']:g} or more" if high is None else f"{row['low']:g} to {high:g}"
    return f"{row['kind']}, {limits}"


def _does(row: Mapping[str, Any]) -> str:
    needs = (f"; with {other}={' or '.join(words)}" for other, words in row["needs"].items())
    return "".join((row["meaning"], *needs))


def _said(value: Any) -> str:
    """Say a value as it is written after ``=``; nothing where a recipe has none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_said, value))}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
