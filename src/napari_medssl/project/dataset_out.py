"""A whole project as a training set, in the layout of MSD or nnU-Net."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import MedSSLError, UnsupportedFormatError
from napari_medssl.project.burnt_in import about_text, may_show_text
from napari_medssl.project.dataset_plan import RGB, plan_dataset
from napari_medssl.project.export_folder import ExportFolder, is_of_the_disk
from napari_medssl.project.layouts import DESCRIPTION, IMAGES, LABELS, TEST_IMAGES
from napari_medssl.volume.label_types import smallest_unsigned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.project.dataset_plan import Plan
    from napari_medssl.project.layouts import Layout
    from napari_medssl.project.project import Project
    from napari_medssl.volume import Notice, Volume


@dataclass(frozen=True)
class ExportReport:
    """What became of an export.

    Parameters
    ----------
    folder : Path
        Where it is.
    training, test : tuple of str
        Ids of the cases that were written with and without a mask.
    left_out : mapping of str to str
        Ids of the cases that could not be written, and why.
    values : mapping of int to int
        Label values of the project, and what they became.
    notices : tuple of Notice
        What to look at before it is passed on.
    """

    folder: Path
    training: tuple[str, ...]
    test: tuple[str, ...]
    left_out: Mapping[str, str]
    values: Mapping[int, int]
    notices: tuple[Notice, ...] = ()


def export_dataset(
    project: Project,
    target: Path,
    layout: Layout,
    *,
    name: str = "",
    number: int = 501,
    everything: bool = False,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ExportReport:
    """Write a project's images and masks as a training set; cases are called by their ids.

    Images keep their values and their grid. An export that was stopped goes on when it is asked
    for again.

    Parameters
    ----------
    project : Project
        The project; it is only read.
    target : Path
        Folder to write to; see the layout for what it makes of it.
    layout : Layout
        `MsdLayout` or `NnunetLayout`.
    name, number : str, int
        What the training set is called; the project's name unless given.
    everything : bool
        Whether every case with something drawn is for training; else only those that are done.
    overwrite : bool
        Whether an earlier export there may be replaced.
    progress : callable, optional
        Is told after each case how many of how many are written.

    Raises
    ------
    UsageError
        If there is nothing to train with, or the layout does not hold such images.
    SaveError
        If the disk is full or may not be written; finished files stay.
    """
    plan = plan_dataset(project, layout, name or project.name, everything=everything)
    content, count = plan.content, len(plan.content.training) + len(plan.content.test)
    folder = ExportFolder(
        layout.folder(target, content.name, number),
        {"layout": layout.title, **asdict(content), "values": list(plan.values.items())},
        plan.files,
        overwrite=overwrite,
    )
    folder.require_room(plan.bytes)
    writer = _Writer(project, folder, layout, plan)
    left_out: dict[str, str] = {}
    may_tell: list[str] = []
    for done, case in enumerate((*content.training, *content.test), start=1):
        try:
            volume = project.read_image(case)
            writer.write(case, volume, with_mask=done <= len(content.training))
            if may_show_text(volume):
                may_tell.append(case)
        except MedSSLError as error:
            if is_of_the_disk(error):
                raise  # the next case would be saved no better
            left_out[case] = str(error)
        if progress is not None:
            progress(done, count)
    written = replace(
        content,
        training=tuple(case for case in content.training if case not in left_out),
        test=tuple(case for case in content.test if case not in left_out),
    )
    folder.write_json(DESCRIPTION, layout.description(written))
    if not left_out:
        folder.finish()  # else it goes on when the images are found again
    return ExportReport(
        folder=folder.folder,
        training=written.training,
        test=written.test,
        left_out=left_out,
        values=plan.values,
        notices=about_text(may_tell),
    )


class _Writer:
    """Writes the files of one case after the other."""

    def __init__(
        self,
        project: Project,
        folder: ExportFolder,
        layout: Layout,
        plan: Plan,
    ) -> None:
        self._project = project
        self._folder = folder
        self._layout = layout
        self._content = plan.content
        self._values = plan.values

    def write(self, case: str, volume: Volume, *, with_mask: bool) -> None:
        """Write a case's image, unless it is there, and its mask anew.

        Raises
        ------
        MedSSLError
            If the image does not fit the layout, or a file cannot be written.
        """
        from napari_medssl.io import write_volume
        from napari_medssl.io.write import save_stored

        count, suffix = len(self._content.channels), self._content.suffix
        images = IMAGES if with_mask else TEST_IMAGES
        names = [f"{images}/{n}" for n in self._layout.image_names(case, count, suffix)]
        for name, channel in zip(names, self._channels(volume, len(names)), strict=True):
            if not self._folder.has(name):
                write_volume(channel, self._folder.path(name))
        if with_mask:
            mask = smallest_unsigned(self._renumbered(self._project.read_state(case).labels))
            path = self._folder.path(f"{LABELS}/{case}{suffix}")
            save_stored(path, volume.to_source(mask), volume.source, labels=True)

    def _channels(self, volume: Volume, files: int) -> list[Volume]:
        """Return what goes into each image file."""
        in_colour = len(self._content.channels) == len(RGB)
        if volume.is_rgb and not in_colour:
            raise UnsupportedFormatError(
                "the image is in colour", expected="one number a voxel, as in the other images"
            )
        if self._content.suffix == ".png" and volume.source.geometry.shape[2] > 1:
            raise UnsupportedFormatError("the picture has several pages", expected="one")
        if not in_colour:
            return [volume]
        if not volume.is_rgb:
            volume = volume.with_values(np.stack([_eight_bit(volume.array)] * len(RGB)))
        return [volume] if files == 1 else [volume.with_values(part) for part in volume.array]

    def _renumbered(self, labels: NDArray[np.generic]) -> NDArray[np.generic]:
        new = np.zeros(labels.shape, np.uint32)
        for value, written in self._values.items():
            new[labels == value] = written
        return new


def _eight_bit(array: NDArray[np.generic]) -> NDArray[np.generic]:
    if array.dtype != np.uint8:
        raise UnsupportedFormatError(
            f"the image is grey with values of the type {array.dtype}",
            expected="8 bits, as the images in colour have",
        )
    return array
