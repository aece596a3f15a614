"""The few masks by which a job of pre-training tells how far it is; it learns from none."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextlib import ExitStack

    from numpy.typing import NDArray

    from napari_medssl.jobs import Job
    from napari_medssl.pretrain.watching.voxel_features import Drawn
    from napari_medssl.project import Project
    from napari_medssl.volume import Volume


def drawn_examples(job: Job, opened: ExitStack) -> list[Drawn]:
    """Return the images of a job that have a finished mask.

    Parameters
    ----------
    job : Job
        Names a project, whose finished cases count that judge nobody; or a folder of images, of
        which those count that have a mask of the same name in the folder ``probe_labels``.
    opened : ExitStack
        Closes the project, which must stay open until the images were read.

    Raises
    ------
    UsageError
        If no mask is called as one of the images.
    MedSSLError
        If the project cannot be opened.
    """
    given = job.spec.arguments
    if "project" in given:
        return _of_project(Path(given["project"]), opened)
    folder = given.get("probe_labels")
    return _of_folder(job, Path(folder)) if folder else []


def _of_project(folder: Path, opened: ExitStack) -> list[Drawn]:
    from napari_medssl.cli.learn_examples import patient_of_case
    from napari_medssl.finetune import patient_of
    from napari_medssl.pretrain.watching.voxel_features import Drawn
    from napari_medssl.project import open_project
    from napari_medssl.project.unlabelled import unlabelled_cases

    project = opened.enter_context(open_project(folder, read_only=True))
    cases = unlabelled_cases(project, patient_of, {}).cases
    return [
        Drawn(case.id, patient_of_case(case), partial(_read_case, project, case.id))
        for case in cases
        if case.status == "done"
    ]


def _read_case(project: Project, case: str) -> tuple[Volume, NDArray[Any]]:
    return project.read_image(case), project.read_state(case).labels


def _of_folder(job: Job, labels: Path) -> list[Drawn]:
    from napari_medssl.cli.pretrain_images import listed_images, masks_by_name
    from napari_medssl.finetune import patient_of
    from napari_medssl.io import read_volume
    from napari_medssl.pretrain.watching.voxel_features import Drawn

    listed = listed_images(job)
    masks = masks_by_name([path for path, _ in listed], labels)

    def read(path: Path, series: int | None) -> tuple[Volume, NDArray[Any]]:
        volume = read_volume(path, volume=0, series=series)
        return volume, masks[path](volume)

    return [
        Drawn(f"image-{number:05d}", patient_of(path.name), partial(read, path, series))
        for number, (path, series) in enumerate(listed, 1)
        if path in masks
    ]
