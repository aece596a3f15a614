"""The few masks by which a job of pre-training tells how far it is."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
from test_cli_pretrain_images import job, scan

from napari_medssl.cli.pretrain_images import sources_of
from napari_medssl.cli.pretrain_probe import drawn_examples
from napari_medssl.finetune import patient_of
from napari_medssl.io import write_volume
from napari_medssl.jobs import JobStore, new_spec
from napari_medssl.pretrain.request import KIND, PretrainRequest
from napari_medssl.project import create_project
from napari_medssl.project.learn_plan import patient_key
from napari_medssl.project.ledger import assign_roles, patient_marks
from napari_medssl.volume import Geometry, Volume


def test_masks_called_as_the_images(tmp_path: Path) -> None:
    images, masks = tmp_path / "scans", tmp_path / "masks"
    for folder in (images / "below", masks):
        folder.mkdir(parents=True)
    for number in range(3):
        scan(images / "below", number)
    drawn = np.zeros((3, 4, 5), np.uint8)
    drawn[1, 2] = 4
    mask = Volume.from_source_array(drawn, Geometry(drawn.shape), name="m", format="made")
    write_volume(mask, masks / "pat1.nrrd")
    request = PretrainRequest("barlow", str(images), probe_labels=str(masks))
    made = JobStore(tmp_path / "jobs").create(new_spec(KIND, request.arguments))
    with ExitStack() as opened:
        sources_of(made, MagicMock(), opened)
        [found] = drawn_examples(made, opened)
    volume, labels = found.read()
    assert volume.array.max() == 2
    assert np.array_equal(labels, drawn)


def test_without_masks_there_is_nothing_to_ask(tmp_path: Path) -> None:
    with ExitStack() as opened:
        assert drawn_examples(job(tmp_path, tmp_path), opened) == []


def test_finished_cases_of_a_project_that_judge_nobody(tmp_path: Path) -> None:
    with create_project(tmp_path / "study") as project:
        for number in range(5):
            project.add(scan(tmp_path, number))
        keys = {case.id: patient_key(case, patient_of) for case in project.cases()}
        marks = patient_marks(project, keys)
        given = assign_roles(project, marks.values())
        judging = {case for case, mark in marks.items() if given[mark] == "test"}
        first, *others = sorted(keys.keys() - judging)
        for case in (*others, *judging):
            project.set_status(case, "done")
    made = job(tmp_path, tmp_path / "study", of_project=True)
    with ExitStack() as opened:
        found = drawn_examples(made, opened)
        assert others
        assert judging
        assert {one.id for one in found} == set(others)
        assert {one.patient for one in found} == {keys[case] for case in others}
        volume, labels = found[0].read()
        assert volume.array.shape == labels.shape
    assert first not in {one.id for one in found}
