"""What ``medssl project`` prints, for people or as one JSON object."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl.project import AddReport, Case


def say(facts: Mapping[str, Any], *lines: str, as_json: bool) -> None:
    """Print the lines, or instead of them the facts."""
    print(json_text.dumps(facts, ensure_ascii=False) if as_json else "\n".join(lines))


def say_added(reports: Sequence[AddReport], *, as_json: bool) -> None:
    """Tell what was added; exit 1 if nothing was, nor was there already."""
    added = [case for report in reports for case in report.added]
    already = [case for report in reports for case in report.already]
    refused = [one for report in reports for one in report.refused]
    masks = sum(len(report.masks) for report in reports)
    words = [f"{len(added)} added", f"{len(already)} there already"]
    words += [f"{masks} masks passed over"] if masks else []
    told = [{"name": name, "why": why} for name, why in refused]
    facts = {"added": added, "already": already, "refused": told, "masks": masks}
    say(facts, f"{', '.join(words)}.", *(f"  ! {why}" for _, why in refused), as_json=as_json)
    if not added and not already:
        raise typer.Exit(1)


def case_facts(case: Case) -> dict[str, Any]:
    """Return a case ready for JSON."""
    return {
        "id": case.id,
        "name": case.name,
        "modality": case.modality,
        "status": case.status,
        "note": case.note,
        "steps": case.steps,
        "slices_done": case.done_slices,
        "labels_ml": case.volumes_ml,
        "added": case.added.isoformat(),
        "opened": case.opened.isoformat() if case.opened else None,
    }
