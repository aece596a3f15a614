"""Where a job of pre-training takes its images from."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest

from napari_medssl.cli.pretrain_images import sources_of
from napari_medssl.errors import UsageError
from napari_medssl.finetune import patient_of
from napari_medssl.io import write_volume
from napari_medssl.jobs import Job, JobStore, new_spec
from napari_medssl.pretrain.request import KIND, PretrainRequest
from napari_medssl.project import create_project
from napari_medssl.project.learn_plan import patient_key
from napari_medssl.project.ledger import assign_roles, patient_marks
from napari_medssl.volume import Geometry, Volume


def scan(folder: Path, number: int) -> Path:
    array = np.full((3, 4, 5), number, np.int16)
    array[0] += 1
    volume = Volume.from_source_array(array, Geometry(array.shape), name="p", format="made")
    return write_volume(volume, folder / f"pat{number}.nii.gz")


def job(home: Path, folder: Path, *, of_project: bool = False) -> Job:
    request = PretrainRequest("barlow", str(folder), of_project=of_project)
    return JobStore(home / "jobs").create(new_spec(KIND, request.arguments))


def test_the_images_of_a_folder_are_found_once(tmp_path: Path) -> None:
    images = tmp_path / "scans"
    images.mkdir()
    for number in range(2):
        scan(images, number)
    made = job(tmp_path, images)
    with ExitStack() as opened:
        found = sources_of(made, MagicMock(), opened)
        assert [one.id for one in found] == ["image-00001", "image-00002"]
        assert found[1].read().array.max() == 2
        scan(images, 7)
        assert len(sources_of(made, MagicMock(), opened)) == 2, "a run that goes on has the same"


def test_the_scans_of_a_project_without_those_who_judge(tmp_path: Path) -> None:
    with create_project(tmp_path / "study") as project:
        for number in range(4):
            project.add(scan(tmp_path, number))
        keys = {case.id: patient_key(case, patient_of) for case in project.cases()}
        marks = patient_marks(project, keys)
        given = assign_roles(project, marks.values())
        judging = {case for case, mark in marks.items() if given[mark] == "test"}
    made, report = job(tmp_path, tmp_path / "study", of_project=True), MagicMock()
    with ExitStack() as opened:
        found = sources_of(made, report, opened)
        assert judging
        assert {one.id for one in found} == keys.keys() - judging
        assert found[0].read().array.shape == (3, 4, 5)
    assert report.warning.call_count == len(judging)


def test_finished_cases_of_a_project_show_where_to_look(tmp_path: Path) -> None:
    with create_project(tmp_path / "study") as project:
        for number in range(2):
            project.add(scan(tmp_path, number))
        first, second = (case.id for case in project.cases())
        project.set_status(first, "done")
    request = PretrainRequest(
        "kidney-side", str(tmp_path / "study"), of_project=True, changes={"mask": "labels"}
    )
    made = JobStore(tmp_path / "jobs").create(new_spec(KIND, request.arguments))
    with ExitStack() as opened:
        found = {one.id: one for one in sources_of(made, MagicMock(), opened)}
        drawn = found[first].read_labels
        assert drawn is not None
        assert drawn(found[first].read()).shape == (3, 4, 5)
        assert found[second].read_labels is None


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with ExitStack() as opened, pytest.raises(UsageError, match="a folder without images"):
        sources_of(job(tmp_path, tmp_path / "empty"), MagicMock(), opened)
    create_project(tmp_path / "study").close()
    made = job(tmp_path, tmp_path / "study", of_project=True)
    with ExitStack() as opened, pytest.raises(UsageError, match="a project without scans"):
        sources_of(made, MagicMock(), opened)
