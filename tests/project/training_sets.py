"""Projects small enough to be exported in a moment, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from napari_medssl.io import LabelInfo, write_volume
from napari_medssl.project import Project, create_project
from napari_medssl.volume import Geometry, Volume

LIVER = LabelInfo(3, "Liver", (230, 90, 40))
TUMOUR = LabelInfo(300, "Tumour", (240, 220, 60))

#: stored as RIA, away from the origin
AFFINE = np.array([[1.25, 0, 0, -60.0], [0, 0, 0.75, 70.0], [0, -3.0, 0, 40.0], [0, 0, 0, 1]])
SHAPE = (7, 5, 6)


def write_scan(path: Path, seed: int) -> Path:
    """A small CT on a grid of its own."""
    values = np.random.default_rng(seed).integers(-1000, 900, SHAPE).astype(np.int16)
    geometry = Geometry.from_affine(SHAPE, AFFINE)
    volume = Volume.from_source_array(values, geometry, name=path.name, format="made")
    return write_volume(volume, path)


def write_picture(path: Path, seed: int, *, colour: bool) -> Path:
    """A small picture, grey or in colour."""
    shape = (9, 12, 3) if colour else (9, 12)
    pixels = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def outline(project: Project, case: str, *, done: bool = True) -> np.ndarray:
    """Draw both labels on a case."""
    shape = project.case(case).grid.shape
    mask = np.zeros(shape, np.uint16)
    mask.reshape(-1)[: mask.size // 3] = LIVER.value
    mask.reshape(-1)[-mask.size // 5 :] = TUMOUR.value
    project.replace_mask(case, mask, "Drawn")
    if done:
        project.set_status(case, "done")
    return mask


def project_of_scans(folder: Path, count: int = 3) -> Project:
    """A project of CTs whose file names tell who the patient is."""
    images = folder / "patients"
    images.mkdir(parents=True)
    project = create_project(folder / "project", name="Livers of 2026", labels=[LIVER, TUMOUR])
    for n in range(count):
        project.add(write_scan(images / f"Mueller_Hans_{n}.nrrd", n))
    return project
