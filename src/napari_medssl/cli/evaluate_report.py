"""What ``medssl evaluate`` tells: a table for people, JSON and CSV for machines."""

from __future__ import annotations

import csv
import io as text_io
import json as json_text
import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import SaveError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from rich.console import Console

    from napari_medssl.evaluate import Mean, Row

_WIDE = 200
_POLICY = (
    "A label in neither mask has no Dice, IoU or distance; in one mask alone its Dice and IoU are "
    "0 and its distance is infinite. What does not exist or is infinite is null, and is left out "
    "of means: each says over how many rows it is."
)


@dataclass(frozen=True)
class Comparison:
    """What was measured, and all there is to tell about it.

    Parameters
    ----------
    rows : tuple of Row
        Each label of each case.
    failed : mapping of str to str
        Cases that could not be compared, and the sentence that says why.
    no_prediction, no_reference : tuple of str
        Names of files without a partner: references, and predictions.
    notes : tuple of str
        A sentence each.
    """

    rows: tuple[Row, ...]
    failed: Mapping[str, str]
    no_prediction: tuple[str, ...] = ()
    no_reference: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check_target(target: Path) -> None:
    """Refuse a file name that says neither JSON nor CSV, or a folder that is not there.

    Raises
    ------
    UsageError
        Before anything is read.
    """
    if target.suffix.lower() not in (".json", ".csv"):
        raise UsageError(
            f"--json {target.name}", expected="a file that ends in .json or .csv, or -"
        )
    if not target.parent.is_dir():
        raise UsageError(
            f"there is no folder '{target.parent.name}' for '{target.name}'",
            do="Make the folder, or choose another",
        )


def write_report(target: Path, found: Comparison) -> None:
    """Write all rows: with means and notes as JSON, alone as CSV."""
    from napari_medssl.io import atomic_write

    as_csv = target.suffix.lower() == ".csv"
    text = _csv(found.rows) if as_csv else json_text.dumps(_facts(found), indent=1) + "\n"

    def write(part: Path) -> None:
        with part.open("w", encoding="utf-8", newline="") as file:
            file.write(text)

    def verify(part: Path) -> None:
        with part.open(encoding="utf-8", newline="") as file:
            if file.read() != text:
                raise SaveError(f"'{target.name}' does not hold what it was given")

    atomic_write(target, write, verify)


def print_report(found: Comparison, *, as_json: bool) -> None:
    """Print a table and what there is to tell, or one JSON object."""
    if as_json:
        print(json_text.dumps(_facts(found)))
        return
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:  # a file or a pager need not fold names
        console.width = _WIDE
    if found.rows:
        _print_table(console, found)
    for case, why in found.failed.items():
        console.print(f"Not compared: {case}: {why}", markup=False, soft_wrap=True)
    for words, names in (
        ("No prediction for", found.no_prediction),
        ("No reference for", found.no_reference),
    ):
        if names:
            console.print(f"{words}: {', '.join(names)}", markup=False, soft_wrap=True)
    for note in found.notes:
        console.print(f"Note: {note}", markup=False, soft_wrap=True)
    console.print("Research use only. Not a medical device.", style="dim")


def _print_table(console: Console, found: Comparison) -> None:
    from rich.table import Table
    from rich.text import Text

    units = {row.unit for row in found.rows}
    unit = f" {units.pop()}" if len(units) == 1 else ""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("case", "label"):
        table.add_column(heading, overflow="fold")
    for heading in ("Dice", "IoU", f"HD95{unit}", f"ASSD{unit}", "ref ml", "diff ml", "diff %"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for row in found.rows:
        remark = "" if row.found_in == "both" else f"in {row.found_in}"
        unit_told = "" if unit else f" {row.unit}"
        cells = (row.case, row.name, *_cells(asdict(row), unit_told, row.reference_ml), remark)
        table.add_row(*map(Text, cells))
    table.add_section()
    for mean in _means(found.rows):
        figures = _cells(mean.mean, "" if unit else f" {mean.unit}", math.nan)
        table.add_row(*map(Text, ("mean", mean.name, *figures, _counted(mean))))
    console.print(table)


def _cells(figures: Mapping[str, Any], unit: str, reference_ml: float) -> tuple[str, ...]:
    return (
        _number(figures["dice"], ".3f"),
        _number(figures["iou"], ".3f"),
        _number(figures["hd95"], ".2f", unit),
        _number(figures["surface_distance"], ".2f", unit),
        _number(reference_ml, ",.2f"),
        _number(figures["difference_ml"], "+,.2f"),
        _number(figures["difference_percent"], "+.1f"),
    )


def _number(value: float, form: str, unit: str = "") -> str:
    return f"{value:{form}}{unit}" if math.isfinite(value) else "-"


def _counted(mean: Mean) -> str:
    """Say over how many rows the overlap is averaged, and other figures where that differs."""
    overlaps = mean.of["dice"]
    others = ("distances", "hd95"), ("diff ml", "difference_ml"), ("diff %", "difference_percent")
    counts = ((words, mean.of[figure]) for words, figure in others)
    # what has no mean at all shows that by itself
    told = (f"{words} {count}" for words, count in counts if count not in (0, overlaps))
    return ", ".join((f"of {overlaps}", *told))


def _means(rows: tuple[Row, ...]) -> tuple[Mean, ...]:
    from napari_medssl.evaluate import mean_rows

    return mean_rows(rows)


def _facts(found: Comparison) -> dict[str, Any]:
    return {
        "rows": [_plain(asdict(row)) for row in found.rows],
        "means": [_plain(asdict(mean)) for mean in _means(found.rows)],
        "no_prediction": list(found.no_prediction),
        "no_reference": list(found.no_reference),
        "not_compared": dict(found.failed),
        "notes": list(found.notes),
        "policy": _POLICY,
    }


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts that JSON can hold: it knows no nan and no infinity."""
    return {
        key: _plain(value)
        if isinstance(value, dict)
        else None
        if isinstance(value, float) and not math.isfinite(value)
        else value
        for key, value in facts.items()
    }


def _csv(rows: Iterable[Row]) -> str:
    from napari_medssl.evaluate import Row

    text = text_io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Row)])
    writer.writeheader()
    writer.writerows(_plain(asdict(row)) for row in rows)
    return text.getvalue()
