"""What a training set made of a project will hold, decided before anything is written."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.project.layouts import DESCRIPTION, IMAGES, LABELS, TEST_IMAGES, Content

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl.io import LabelInfo
    from napari_medssl.project.cases import Case
    from napari_medssl.project.layouts import Layout
    from napari_medssl.project.project import Project

RGB = ("R", "G", "B")
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")

_CHANNEL_NAMES = {"CT": "CT", "MR": "MRI", "US": "ultrasound", "PT": "PET"}
_BYTES_A_VOXEL = 1  # 16 bits, packed


@dataclass(frozen=True)
class Plan:
    """What will be written.

    Parameters
    ----------
    content : Content
        What the training set will hold.
    files : tuple of str
        All its files, relative to its folder.
    values : mapping of int to int
        Label values of the project, and what they become.
    bytes : int
        About how much room it takes.
    """

    content: Content
    files: tuple[str, ...]
    values: Mapping[int, int]
    bytes: int


def plan_dataset(project: Project, layout: Layout, name: str, *, everything: bool) -> Plan:
    """Decide what goes into a training set.

    Parameters
    ----------
    project : Project
        The project.
    layout : Layout
        The layout of the training set.
    name : str
        What the training set is called.
    everything : bool
        Whether every case with something drawn is for training; else only those that are done.

    Raises
    ------
    UsageError
        If there is nothing to train with, or the layout does not hold such images.
    """
    training, test = split(project.cases(), everything=everything)
    labels = _labels_in(project, training)
    values = {v: n if layout.consecutive else v for n, v in enumerate(labels, start=1)}
    cases = [*training, *test]
    content = Content(
        name=name,
        channels=_channels(project, cases, layout),
        labels=tuple(replace(labels[value], value=new) for value, new in values.items()),
        suffix=_suffix(cases, layout),
        training=tuple(case.id for case in training),
        test=tuple(case.id for case in test),
    )
    voxels = sum(math.prod(case.grid.shape) for case in cases)
    size = voxels * len(content.channels) * _BYTES_A_VOXEL
    return Plan(content, tuple(_files(layout, content)), values, size)


def split(cases: Sequence[Case], *, everything: bool) -> tuple[list[Case], list[Case]]:
    """Return the cases to train with, and the others."""
    training = [case for case in cases if case.status == "done" or (everything and is_drawn(case))]
    if not training:
        raise UsageError(
            "no case is outlined" if everything else "no case is done",
            expected="at least one to train with",
            do="Outline one first" if everything else "Mark cases as done, or take all",
        )
    return training, [case for case in cases if case not in training]


def is_drawn(case: Case) -> bool:
    """Tell whether anything is outlined."""
    return any(case.voxels.values())


def _labels_in(project: Project, training: Sequence[Case]) -> dict[int, LabelInfo]:
    """Return the labels that are drawn, by their values in the project."""
    drawn = {value for case in training for value, count in case.voxels.items() if count}
    if not drawn:
        raise UsageError(
            "nothing is outlined in the cases to train with", do="Outline something in one of them"
        )
    known = {state.info.value: state.info for state in project.labels()}
    return {value: known.get(value) or unnamed_label(value) for value in sorted(drawn)}


def _suffix(cases: Sequence[Case], layout: Layout) -> str:
    """Return the suffix of all files: that of pictures, or of volumes."""
    pictures = sum(case.image.suffix.lower() in PICTURES for case in cases)
    if not pictures:
        return ".nii.gz"
    if not layout.takes_pictures:
        raise UsageError(
            f"{pictures:,} pictures for the layout of {layout.title}",
            expected="volumes: it has no place for pictures",
            do="Choose the layout of nnU-Net",
        )
    if pictures < len(cases):
        raise UsageError(
            f"{pictures:,} pictures among {len(cases):,} images",
            expected="only pictures, or only volumes",
            do="Keep them in projects of their own",
        )
    return ".png"


def _channels(project: Project, cases: Sequence[Case], layout: Layout) -> tuple[str, ...]:
    """Return what the numbers of a voxel are: colours where any picture, or volume, has them."""
    if layout.takes_pictures and any(_is_colour(project, case) for case in cases):
        return RGB
    kinds = {case.modality for case in cases}
    return (_CHANNEL_NAMES.get(kinds.pop(), "image") if len(kinds) == 1 else "image",)


def _is_colour(project: Project, case: Case) -> bool:
    """Tell whether an image is in colour; CT, MR and PET never are, and need not be read."""
    if case.modality not in ("US", "OT"):
        return False
    try:
        return project.read_image(case.id).is_rgb
    except MedSSLError:
        return False  # its turn to be told comes when it is written


def _files(layout: Layout, content: Content) -> list[str]:
    """Name every file of a training set."""
    count, suffix = len(content.channels), content.suffix
    files = [DESCRIPTION]
    for folder, cases in ((IMAGES, content.training), (TEST_IMAGES, content.test)):
        for case in cases:
            files += [f"{folder}/{name}" for name in layout.image_names(case, count, suffix)]
    return [*files, *(f"{LABELS}/{case}{suffix}" for case in content.training)]
