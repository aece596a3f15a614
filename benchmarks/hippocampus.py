"""Projects and folders of the hippocampus cases, for benchmarks that learn."""

from __future__ import annotations

import json as json_text
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.io import read_mask, read_volume
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.project import create_project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_medssl.volume import Volume

_ORDER = 2026
_LABELS = (1, 2)


def paired(root: Path) -> list[str]:
    """Return the files that are in both folders, in an order drawn once."""
    there = [{path.name for path in (root / kind).iterdir()} for kind in ("images", "labels")]
    names = sorted(name for name in set.intersection(*there) if name.endswith(".nii.gz"))
    np.random.default_rng(_ORDER).shuffle(names)
    return names


def link(root: Path, names: Sequence[str], folder: Path) -> None:
    """Put links to some cases into a folder."""
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True)
        for name in names:
            os.symlink((root / kind / name).absolute(), folder / kind / name)


def make_project(
    root: Path, folder: Path, names: Sequence[str], *, done: int | None = None
) -> dict[str, str]:
    """Make a project whose first cases are finished, or all; return the file of each case's id."""
    cases = {}
    labels = [unnamed_label(value) for value in _LABELS]
    with create_project(folder, name="hippocampus", labels=labels) as project:
        for number, name in enumerate(names):
            [case] = project.add(root / "images" / name).added
            cases[case] = name
            if done is None or number < done:
                drawn = mask_of(root, name, project.read_image(case))
                project.replace_mask(case, drawn, "Mask from a file")
                project.set_status(case, "done")
    return cases


def mask_of(root: Path, name: str, volume: Volume) -> NDArray[Any]:
    """Return the true mask of a case on the grid of its image."""
    return read_mask(root / "labels" / name, volume).array


def mask_of_another(root: Path, name: str, onto: Volume) -> NDArray[np.uint8]:
    """Return the mask of one case laid onto the grid of another, corner on corner."""
    volume = read_volume(root / "images" / name)
    mask = mask_of(root, name, volume)
    laid = np.zeros(onto.geometry.shape, np.uint8)
    shared = tuple(slice(min(a, b)) for a, b in zip(mask.shape, laid.shape, strict=True))
    laid[shared] = mask[shared]
    return laid


def judged_dice(root: Path, names: Sequence[str], model: Path) -> float:
    """Run a model on cases by the command line; return the mean over labels of the mean Dice."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        link(root, names, work)
        images = sorted((work / "images").iterdir())
        medssl("segment", *images, "--model", model, "--out", work / "found")
        told = work / "figures.json"
        medssl("evaluate", "--pred", work / "found", "--ref", work / "labels", "--json", told)
        rows = [r for r in json_text.loads(told.read_text())["rows"] if r["dice"] is not None]
    labels = sorted({row["label"] for row in rows})
    return float(np.mean([np.mean([r["dice"] for r in rows if r["label"] == k]) for k in labels]))


def medssl(*arguments: object, environment: Mapping[str, str] | None = None) -> str:
    """Run the command line; return what it printed, and end with what it said if it fails."""
    command = [sys.executable, "-m", "napari_medssl", *map(str, arguments)]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        raise SystemExit(f"medssl {arguments[0]} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout
