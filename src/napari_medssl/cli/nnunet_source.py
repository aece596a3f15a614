"""What nnU-Net is trained on: a project, or folders of images and labels, as its training set."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UnreadableFileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_medssl.finetune.nnunet.model import OutputLabel
    from napari_medssl.finetune.nnunet.recipe import TrainingSet
    from napari_medssl.project import Project

_TOLD = "source.json"
#: nnU-Net writes it into checkpoints, where a name of a folder or a project has no business
_NAME = "Cases"


def arguments_of(
    project: Path | None, images: Path | None, labels: Path | None, *, everything: bool
) -> dict[str, Any]:
    """Return where the cases come from, as a job's arguments.

    Raises
    ------
    UsageError
        Unless it is either a project or two folders that are there.
    """
    if (project is None) == (images is None) or (images is None) != (labels is None):
        raise UsageError(
            "neither a project's folder nor --images with --labels, or both",
            expected="one of the two",
        )
    for folder in (images, labels):
        if folder is not None and not folder.is_dir():
            raise UsageError(f"'{folder.name}', which is no folder", expected="a folder")
    if images is not None and labels is not None:
        return {"images": str(images.absolute()), "labels": str(labels.absolute())}
    from napari_medssl.finetune.nnunet.request import project_source
    from napari_medssl.project import open_project

    folder = Path(str(project))
    open_project(folder, read_only=True).close()  # what is wrong with it is told at once
    return project_source(folder, everything=everything)


def open_source(given: Mapping[str, Any], work: Path) -> Project:
    """Open the project that the cases are in; folders are put into one of their own in ``work``.

    Parameters
    ----------
    given : mapping
        As `arguments_of` made it.
    work : Path
        Folder for what is made on the way.

    Raises
    ------
    MedSSLError
        If it cannot be opened, or no image has a label map.
    """
    from napari_medssl.project import create_project, open_project

    if "project" in given:
        return open_project(Path(given["project"]), read_only=True)
    place = work / "cases"
    if (place / "whole").exists():
        return open_project(place, read_only=True)
    import shutil

    shutil.rmtree(place, ignore_errors=True)
    with create_project(place) as project:
        _gather(project, Path(given["images"]), Path(given["labels"]))
    (place / "whole").touch()
    return open_project(place, read_only=True)


def export_source(
    project: Project,
    given: Mapping[str, Any],
    work: Path,
    told: Callable[[int, int], None],
    warn: Callable[[str], None],
) -> TrainingSet:
    """Write the training set where nnU-Net looks for it, unless that was finished before.

    Parameters
    ----------
    project : Project
        As `open_source` gave it.
    given : mapping
        As `arguments_of` made it.
    work : Path
        Folder for nnU-Net's own folders.
    told : callable
        Is told how many of how many cases are written.
    warn : callable
        Is told of every case that was left out.

    Raises
    ------
    MedSSLError
        If nothing is outlined, or the disk is full.
    """
    from napari_medssl.finetune.nnunet.folders import NnunetFolders
    from napari_medssl.finetune.nnunet.model import label_from_row
    from napari_medssl.finetune.nnunet.recipe import TrainingSet
    from napari_medssl.jobs.files import get_json, put_json
    from napari_medssl.models.weights import sha256_of
    from napari_medssl.project.dataset_out import export_dataset
    from napari_medssl.project.layouts import IMAGES
    from napari_medssl.project.nnunet import NnunetLayout

    if not (work / _TOLD).exists():
        report = export_dataset(
            project,
            work / "nnUNet_raw",
            NnunetLayout(),
            name=_NAME,
            everything="images" in given or bool(given.get("everything")),
            progress=told,
        )
        for case, why in report.left_out.items():
            warn(f"{case} was left out: {why}")
        hashes = {
            case: sha256_of(next((report.folder / IMAGES).glob(f"{case}_0000*")))
            for case in report.training
        }
        facts: dict[str, Any] = {
            "dataset": report.folder.name,
            "test": report.test,
            "cases": hashes,
            "labels": [asdict(label) for label in _labels(project, report.values)],
        }
        put_json(work / _TOLD, facts)
    facts = get_json(work / _TOLD)
    labels = tuple(label_from_row(row) for row in facts["labels"])
    return TrainingSet(NnunetFolders(work, facts["dataset"]), labels, facts["cases"])


def cases_without_mask(work: Path) -> list[str]:
    """Return the ids of the cases without a mask, once the training set is written."""
    from napari_medssl.jobs.files import get_json

    return [str(case) for case in get_json(work / _TOLD)["test"]]


def _gather(project: Project, images: Path, labels: Path) -> None:
    """Put images and the label maps of the same name into a project."""
    from napari_medssl.io.read import can_read
    from napari_medssl.io.sidecar import stem
    from napari_medssl.project.masks import import_mask

    maps = {stem(path.name): path for path in sorted(labels.iterdir()) if _is_one(path)}
    paired = 0
    for path in sorted(images.iterdir()):
        if not _is_one(path) or not (path.is_dir() or can_read(path)):
            continue
        report = project.add(path)
        if report.refused:
            raise UnreadableFileError(report.refused[0][1].rstrip("."))
        own = maps.get(stem(path.name))
        for case in report.added if own is not None else ():
            import_mask(project, case, Path(str(own)))
            paired += 1
    if not paired:
        raise UsageError(
            f"no image in '{images.name}' has a label map of the same name in '{labels.name}'",
            expected="files such as images/a.nii.gz and labels/a.nii.gz",
        )


def _is_one(path: Path) -> bool:
    """Tell images and label maps from hidden files and from what lies beside a mask."""
    return not path.name.startswith(".") and path.suffix.lower() not in (".json", ".txt", ".md")


def _labels(project: Project, values: Mapping[int, int]) -> list[OutputLabel]:
    from napari_medssl.finetune.nnunet.model import OutputLabel
    from napari_medssl.io.label_table import unnamed_label

    known = {state.info.value: state.info for state in project.labels()}
    infos = {value: known.get(value) or unnamed_label(value) for value in values}
    return [
        OutputLabel(written, value, infos[value].name, infos[value].colour)
        for value, written in values.items()
    ]
