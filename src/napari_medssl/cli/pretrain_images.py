"""Where a job of pre-training takes its images from: a folder, or the scans of a project."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import ExitStack

    from numpy.typing import NDArray

    from napari_medssl.jobs import Job, Report
    from napari_medssl.pretrain.images.prepared import Source
    from napari_medssl.volume import Volume

_LISTED = "images.json"


def sources_of(job: Job, report: Report, opened: ExitStack) -> list[Source]:
    """Return a job's images, found once: a run that goes on learns from the same.

    Parameters
    ----------
    job : Job
        Names a folder of images, or a project.
    report : Report
        Is told what is left out.
    opened : ExitStack
        Closes the project, which must stay open until the images were read.

    Raises
    ------
    UsageError
        If there is no image.
    MedSSLError
        If the project cannot be opened.
    """
    given = job.spec.arguments
    if "project" in given:
        return _of_project(job, Path(given["project"]), report, opened)
    return _of_folder(job, Path(given["images"]), report)


def _of_folder(job: Job, folder: Path, report: Report) -> list[Source]:
    from napari_medssl.io import read_volume
    from napari_medssl.jobs.files import put_json
    from napari_medssl.pretrain.images.prepared import Source
    from napari_medssl.project.images import find_images

    listed = job.artifacts / _LISTED
    if not listed.is_file():
        finds = find_images(folder, None)
        for number, (_, why) in enumerate(finds.broken, 1):
            report.warning(f"File {number} of those that cannot be opened: {why}")
        rows = [[str(found.path), found.series] for found in finds.images]
        put_json(listed, {"images": rows})
    images = listed_images(job)
    if not images:
        raise UsageError("a folder without images", expected="images that 'medssl info' can read")
    labels = job.spec.arguments.get("labels")
    drawn = masks_by_name([path for path, _ in images], Path(labels)) if labels else {}
    return [
        Source(
            f"image-{number:05d}",
            partial(read_volume, path, volume=0, series=series),
            drawn.get(path),
        )
        for number, (path, series) in enumerate(images, 1)
    ]


def listed_images(job: Job) -> list[tuple[Path, int | None]]:
    """Return the images of a folder as they were found first: file, and which series of it."""
    from napari_medssl.jobs.files import get_json

    return [(Path(path), series) for path, series in get_json(job.artifacts / _LISTED)["images"]]


def masks_by_name(
    images: Sequence[Path], folder: Path
) -> Mapping[Path, Callable[[Volume], NDArray[Any]]]:
    """Return what opens the mask of an image, for those that have one of the same name.

    Raises
    ------
    UsageError
        If none has.
    """
    from napari_medssl.cli.case_files import files_by_stem
    from napari_medssl.io import read_labels
    from napari_medssl.io.sidecar import stem

    masks = files_by_stem(folder)
    found = {
        path: partial(read_labels, masks[n]) for path in images if (n := stem(path.name)) in masks
    }
    if not found:
        raise UsageError(
            f"no mask of '{folder.name}' is called as one of the images",
            expected=f"the same names, such as '{stem(images[0].name)}' in both",
        )
    return found


def _of_project(job: Job, folder: Path, report: Report, opened: ExitStack) -> list[Source]:
    from napari_medssl.finetune import patient_of
    from napari_medssl.jobs.files import get_json, put_json
    from napari_medssl.pretrain.images.prepared import Source
    from napari_medssl.project import open_project
    from napari_medssl.project.unlabelled import unlabelled_cases

    project = opened.enter_context(open_project(folder, read_only=True))
    listed = job.artifacts / _LISTED
    if not listed.is_file():
        found = unlabelled_cases(project, patient_of, {})
        for case in found.judging:
            report.warning(f"{case} was left out: its patient judges, and is to be new to it.")
        put_json(listed, {"images": [case.id for case in found.cases]})
    cases = get_json(listed)["images"]
    if not cases:
        raise UsageError("a project without scans to learn from", do="Add images to it")
    wanted = job.spec.arguments["changes"].get("mask") == "labels"
    done = {case.id for case in project.cases() if wanted and case.status == "done"}

    def labels(case: str, _: Volume) -> NDArray[Any]:
        return project.read_state(case).labels

    return [
        Source(
            case,
            partial(project.read_image, case),
            partial(labels, case) if case in done else None,
        )
        for case in cases
    ]
