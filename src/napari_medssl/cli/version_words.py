"""What is printed of the models of a project, for people or as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_medssl.project import Project
    from napari_medssl.project.versions import ModelVersion

_NOT_BETTER = "It is not proposed; to use it nevertheless add --anyway to --accept."


def version_facts(version: ModelVersion) -> dict[str, Any]:
    """Return a model ready for JSON."""
    return {
        "sha256": version.sha256,
        "title": version.title,
        "state": version.state,
        "parent": version.parent,
        "made": version.made,
        "file": str(version.path),
        "figures": dict(version.figures),
    }


def version_lines(version: ModelVersion, folder: str) -> list[str]:
    """Return what the gate measured of a candidate, and how to go on."""
    lines = [f"{version.title} ({version.short}): {version.figures['verdict']['words']}"]
    lines += label_lines(version.figures.get("labels") or ())
    by_case = version.figures.get("by_case") or {}
    if by_case:
        case, gained = next(iter(by_case.items()))
        lines.append(f"Look first at {case}, where mean Dice changed by {gained:+.3f}.")
    if version.state == "candidate":
        lines += [] if version.is_better else [_NOT_BETTER]
        do = "--accept" if version.is_better else "--reject"
        lines.append(f"Go on: medssl project models {folder} {do} {version.short}")
    return lines


def label_lines(labels: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a table of both models, a line a label."""
    rows = [("label", "cases", "Dice old", "new", "HD95 old", "new", "ml off old", "new")]
    for row in labels:
        figures = [f"{row['old_dice']:.3f}", f"{row['new_dice']:.3f}"]
        for key in ("old_hd95_mm", "new_hd95_mm", "old_off_ml", "new_off_ml"):
            figures.append("-" if row[key] is None else f"{row[key]:.2f}")
        rows.append((row["name"], str(row["cases"]), *figures))
    if len(rows) == 1:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]


def model_facts(project: Project) -> dict[str, Any] | None:
    """Return which model is in use, and what was corrected since; None where none is."""
    from dataclasses import asdict

    from napari_medssl.project.new_corrections import new_corrections
    from napari_medssl.project.versions import current

    version = current(project)
    if version is None:
        return None
    since = asdict(new_corrections(project))
    return {"sha256": version.sha256, "title": version.title, "new": since}


def model_words(project: Project) -> str:
    """Return the same in a sentence."""
    from napari_medssl.project.new_corrections import new_corrections
    from napari_medssl.project.versions import current

    version, new = current(project), new_corrections(project)
    cases = "1 case" if new.cases == 1 else f"{new.cases} cases"
    slices = f" and {new.slices} slices of others" if new.slices else ""
    if version is None:
        return f"No model is in use yet; {cases}{slices} to learn from."
    return f"The model {version.short} is in use; {cases}{slices} to learn from since."
