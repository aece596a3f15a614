"""``medssl evaluate``: predicted masks measured against reference masks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_medssl.cli.targets import require_free
from napari_medssl.errors import MedSSLError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from napari_medssl.cli.case_files import CaseFiles
    from napari_medssl.cli.evaluate_case import MeasuredCase
    from napari_medssl.cli.evaluate_report import Comparison
    from napari_medssl.evaluate import Row


def evaluate(
    pred: Annotated[Path, typer.Option(help="A predicted mask, or a folder of them.")],
    ref: Annotated[Path, typer.Option(help="Its reference mask, or a folder of them.")],
    image: Annotated[
        Path | None,
        typer.Option(help="The image of both masks: needed where they are DICOM, for one case."),
    ] = None,
    json: Annotated[
        str | None,
        typer.Option("--json", metavar="OUT", help="File to write: .json or .csv; - to print it."),
    ] = None,
    labels: Annotated[
        str | None, typer.Option(metavar="LABEL[,...]", help="Measure these labels alone.")
    ] = None,
    as_one: Annotated[
        bool, typer.Option("--as-one", help="Take all labels together, whatever their values.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT if it exists.")] = False,
) -> None:
    """Measure predicted masks against reference masks: overlap, distance in mm, volume.

    Files of two folders are matched by their names. Both masks of a case must be on one grid;
    their axes may be stored in another order. Exit code 1 if a case could not be compared.
    """
    from napari_medssl.cli.case_files import match_files
    from napari_medssl.cli.evaluate_report import check_target, print_report, write_report

    wanted = _wanted(labels, as_one=as_one)
    target = None if json in (None, "-") else Path(str(json))
    if target is not None:
        check_target(target)
        require_free(target, force=force)
    elif force:
        raise UsageError("--force without a file to write", expected="--json OUT beside it")
    if image is not None and pred.is_dir():
        raise UsageError("--image with folders of masks", expected="one mask for each of the two")
    found = _compare_all(match_files(pred, ref), wanted, image=image, as_one=as_one)
    print_report(found, as_json=json == "-")  # first: it is not lost where writing fails
    if target is not None:
        write_report(target, found)
    if found.failed:
        raise typer.Exit(1)


def _wanted(labels: str | None, *, as_one: bool) -> tuple[int, ...]:
    if labels is None:
        return ()
    parts = [part.strip() for part in labels.split(",")]
    if as_one or not all(part.isdecimal() and int(part) for part in parts):
        came = "--labels with --as-one" if as_one else f"--labels {labels}"
        raise UsageError(came, expected="labels from 1, as 1,3" if not as_one else "one of both")
    return tuple(map(int, parts))


def _compare_all(
    files: CaseFiles, wanted: Sequence[int], *, image: Path | None, as_one: bool
) -> Comparison:
    """Measure every pair, and give each case a row for each label that any of them has."""
    from napari_medssl.cli.evaluate_case import measure_case
    from napari_medssl.cli.evaluate_report import Comparison
    from napari_medssl.evaluate import not_there

    measured: dict[str, MeasuredCase] = {}
    failed: dict[str, str] = {}
    for case, (pred, ref) in _shown(files.pairs):
        try:
            measured[case] = measure_case(
                case, pred, ref, image=image, labels=wanted, as_one=as_one
            )
        except MedSSLError as error:
            if len(files.pairs) == 1:
                raise
            failed[case] = str(error)
    names = _all_names(measured.values())
    rows = []
    for case, one in measured.items():
        there = {row.label: row for row in one.rows}
        for label, name in names.items():
            row = there.get(label) or not_there(case, label, name, one.unit)
            rows.append(replace(row, name=name))
    return Comparison(
        tuple(rows),
        failed,
        no_prediction=files.only_second,
        no_reference=files.only_first,
        notes=(*_said_once(measured), *_notes(measured, rows, wanted)),
    )


def _all_names(cases: Iterable[MeasuredCase]) -> dict[int, str]:
    """Name the labels of all cases, each as the first case does that has a name for it."""
    from napari_medssl.cli.evaluate_case import unnamed

    names: dict[int, str] = {}
    for case in cases:
        for label, name in case.names.items():
            if names.get(label, unnamed(label)) == unnamed(label):
                names[label] = name
    return dict(sorted(names.items()))


def _said_once(measured: Mapping[str, MeasuredCase]) -> Iterator[str]:
    """Give each note of the cases, and where it holds unless there is one case alone."""
    holds_for: dict[str, list[str]] = {}
    for case, one in measured.items():
        for note in one.notes:
            holds_for.setdefault(note, []).append(case)
    for note, cases in holds_for.items():
        yield note if len(measured) == 1 else f"{note} ({_listed(cases)})"


def _notes(
    measured: Mapping[str, MeasuredCase], rows: Sequence[Row], wanted: Sequence[int]
) -> Iterator[str]:
    """Say what a reader of the figures would else wonder at."""
    if measured and not rows:
        yield "No mask has a label: there is nothing to measure."
    ours = sorted({row.label for row in rows if row.predicted_voxels})
    theirs = sorted({row.label for row in rows if row.reference_voxels})
    units = {row.unit for row in rows}
    for label in wanted:
        if label not in (*ours, *theirs):
            yield f"Label {label} is in none of the masks."
    if ours and theirs and not set(ours) & set(theirs):
        yield (
            f"No label is in a prediction and in a reference too: predictions hold "
            f"{_listed(ours)}, references {_listed(theirs)}. Where that is the same thing under "
            "another number, compare with --as-one."
        )
    if "px" in units:
        yield (
            "Pictures do not tell the size of their pixels: their distances are in pixels (px), "
            "and they have no volume."
        )
    if len(units) > 1:
        yield "Distances in mm and in px are not averaged together."


def _listed(things: Sequence[object]) -> str:
    few = ", ".join(map(str, things[:8]))
    return f"{few}, ..." if len(things) > 8 else few


def _shown(pairs: Mapping[str, tuple[Path, Path]]) -> Iterator[tuple[str, tuple[Path, Path]]]:
    """Go through the cases with a bar on stderr, for people who wait."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    quiet = len(pairs) == 1 or not console.is_terminal
    yield from track(pairs.items(), "Measuring", console=console, transient=True, disable=quiet)
