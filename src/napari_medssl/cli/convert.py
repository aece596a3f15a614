"""``medssl convert``: an image or a mask in another format, orientation, voxel size, grey scale."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from napari_medssl.cli.exchange import (
    DicomForm,
    MaskRequest,
    convert_mask,
    copy_series,
    report,
)
from napari_medssl.cli.targets import require_free
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from napari_medssl.volume import Volume
    from napari_medssl.volume.interpolate import Interpolation
    from napari_medssl.volume.operation import Operation

#: the names of volume.presets, written out so that ``--help`` reads no file
_PRESETS = (
    "ct_standard",
    "smit_pretrain",
    "smit_finetune",
    "smit_heart",
    "swin_flare",
    "swinunetr_pretrain",
    "swinunetr_btcv",
    "kidney_kits",
    "mri_t2",
    "sam_ct",
    "sam_other",
    "picture_unit",
)


def convert(
    source: Annotated[
        Path, typer.Argument(metavar="SRC", help="Image file, DICOM folder, or mask with --image.")
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="DST", help=".nii, .nii.gz, .nrrd, .mha; .dcm for a mask; a folder."
        ),
    ],
    image: Annotated[
        Path | None, typer.Option(help="SRC is a mask of this image; DICOM masks need it.")
    ] = None,
    form: Annotated[
        DicomForm | None, typer.Option("--as", help="With --image and a .dcm DST: which object.")
    ] = None,
    label: Annotated[
        int | None, typer.Option(help="With --image: this label alone, all of it.")
    ] = None,
    deidentify: Annotated[
        bool, typer.Option("--deidentify", help="Copy a DICOM folder, or write a DICOM mask, so.")
    ] = False,
    key: Annotated[
        str | None,
        typer.Option(
            envvar="MEDSSL_KEY",
            help="With --deidentify: a secret; exports with one key belong together.",
        ),
    ] = None,
    orientation: Annotated[
        str | None, typer.Option(help="Axes of DST, such as RAS: any of the 48 codes.")
    ] = None,
    spacing: Annotated[
        str | None, typer.Option(help="Voxel size in mm along DST's own axes, such as 1,1,2.5.")
    ] = None,
    interpolation: Annotated[
        str | None,
        typer.Option(help="With --spacing: linear (the default), spline, area or nearest."),
    ] = None,
    window: Annotated[
        str | None,
        typer.Option(help="Write 8 bits: black to white over LOW,HIGH or a preset as abdomen."),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help=f"Prepare as a network expects: {', '.join(_PRESETS)}.")
    ] = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="SRC is a label map: never mix its values.")
    ] = False,
    volume: Annotated[int, typer.Option(help="Which volume of a 4-D file, from 0.")] = 0,
    series: Annotated[int | None, typer.Option(help="Which series of a DICOM folder.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace DST if it exists.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write an image or a mask in another format, orientation, voxel size or grey scale.

    With --image SRC is a mask of that image, in any format with DICOM SEG and RTSTRUCT, and DST
    the same mask. With --deidentify a DICOM folder is copied with headers that name nobody.

    Voxels keep their place in the patient, their type and their values, unless --spacing,
    --window or --preset says otherwise. An axis of one voxel and the frames of a cine keep their
    spacing. SRC itself is never replaced, another file only with --force.
    """
    if image is None and (form or label is not None):
        raise UsageError("--as or --label without --image", expected="the image of the mask")
    if image is None and deidentify:
        _refuse_reshaping(orientation, spacing, interpolation, window, preset, labels)
        copy_series(source, target, key, as_json)
        return
    _refuse_to_overwrite(source, target, force)
    if image is not None:
        _refuse_reshaping(orientation, spacing, interpolation, window, preset, labels)
        request = MaskRequest(source, image, target, form, label, volume, series)
        convert_mask(request, deidentify, key, as_json)
        return
    steps = _steps(orientation, spacing, interpolation, preset, labels)
    if window and (preset or labels):
        raise UsageError("--window beside --preset or --labels", expected="one of them")

    from napari_medssl.io import read_volume, write_volume
    from napari_medssl.volume.pipeline import Pipeline

    scan = read_volume(source, volume=volume, series=series)
    if labels:
        scan = _as_labels(scan)
    if window:
        steps = [*steps, *_eight_bit(window, scan)]
    prepared, _ = Pipeline(tuple(steps))(scan)
    written = write_volume(prepared.as_stored(), target)
    _report(prepared, written, as_json)


def _refuse_reshaping(*asked: object) -> None:
    if any(asked):
        raise UsageError(
            "--image or --deidentify beside an option that changes voxels",
            expected="a mask stays on its image's grid, a copy keeps its pixels",
        )


def _refuse_to_overwrite(source: Path, target: Path, force: bool) -> None:
    if not target.exists():
        return
    if source.exists() and target.samefile(source):
        raise UsageError(
            f"'{target.name}' as both source and result",
            expected="two files; a source is never replaced",
        )
    require_free(target, force=force)


def _steps(
    orientation: str | None,
    spacing: str | None,
    interpolation: str | None,
    preset: str | None,
    labels: bool,
) -> list[Operation]:
    """Operations that bring the image onto DST's grid, or those of a preset."""
    from napari_medssl.volume.orient import STORED, Orient
    from napari_medssl.volume.presets import preparation

    if interpolation and not spacing:
        raise UsageError("--interpolation without --spacing", expected="both or neither")
    if preset:
        if orientation or spacing or labels:
            raise UsageError(
                "--preset beside --orientation, --spacing or --labels",
                expected="the preset alone: it chooses these itself, and for images only",
            )
        steps = list(preparation(preset).pipeline.operations)
        turned = any(isinstance(step, Orient) for step in steps)
        return steps if turned else [*steps, Orient(STORED)]
    turn = Orient(orientation or STORED)
    return [turn, _resample(spacing, interpolation, labels)] if spacing else [turn]


def _resample(spacing: str, interpolation: str | None, labels: bool) -> Operation:
    from napari_medssl.volume.resample import Resample

    try:
        sizes = [float(part) for part in spacing.split(",")]
    except ValueError:
        sizes = []
    if len(sizes) != 3:
        raise UsageError(f"the spacing '{spacing}'", expected="three sizes in mm, as 1,1,2.5")
    if labels and interpolation not in (None, "nearest"):
        raise UsageError(
            f"--labels with --interpolation {interpolation}",
            expected="nearest: a mixture of two labels is another label",
        )
    kind = interpolation or ("nearest" if labels else "linear")
    return Resample((sizes[0], sizes[1], sizes[2]), cast("Interpolation", kind))


def _eight_bit(window: str, image: Volume) -> list[Operation]:
    from napari_medssl.volume.standardise import ToBytes, ToUnit
    from napari_medssl.volume.window import parse_window

    shown = parse_window(window, image)
    return [ToUnit(shown.low, shown.high), ToBytes()]


def _as_labels(image: Volume) -> Volume:
    """Whole numbers from 0 in the smallest unsigned type that holds them, made by no scanner."""
    import numpy as np

    array = image.array
    low, high = array.min(), array.max()
    whole = np.isfinite(low) and np.isfinite(high) and bool((array == np.rint(array)).all())
    if image.is_rgb or not whole or not 0 <= low <= high <= np.iinfo(np.uint32).max:
        raise UsageError(
            f"'{image.source.name}' as a label map",
            expected="one channel of whole numbers from 0",
            do="Leave out --labels to convert it as an image",
        )
    told = tuple(n for n in image.notices if n.code != "modality-guessed")
    image = replace(image, notices=told, modality="OT")
    return image.with_values(array.astype(np.min_scalar_type(int(high))))


def _report(prepared: Volume, written: Path, as_json: bool) -> None:
    grid = prepared.geometry
    facts: dict[str, Any] = {
        "output": str(written),
        "shape": list(grid.shape),
        "spacing_mm": list(grid.spacing_mm),
        "axes": grid.axis_codes,
        "type": str(prepared.array.dtype),
        "notices": [{"code": n.code, "text": n.text} for n in prepared.notices],
    }
    shape = " x ".join(str(n) for n in grid.shape)
    spacing = " x ".join(f"{s:.4g}" for s in grid.spacing_mm)
    sentence = (
        f"Wrote '{written.name}': {shape} voxels of {spacing} mm, axes {grid.axis_codes}, "
        f"{prepared.array.dtype}."
    )
    report(facts, sentence, as_json)
