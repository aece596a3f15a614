"""Whose scans a network may look at without their masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_medssl.finetune import patient_of
from napari_medssl.io import write_volume
from napari_medssl.project import Project, create_project
from napari_medssl.project.learn_plan import patient_key
from napari_medssl.project.ledger import assign_roles, patient_marks
from napari_medssl.project.unlabelled import unlabelled_cases
from napari_medssl.volume import Geometry, Volume


def add(project: Project, folder: Path, *names: str) -> None:
    for seed, name in enumerate(names):
        array = np.random.default_rng(seed).integers(0, 99, (2, 3, 4)).astype(np.int16)
        volume = Volume.from_source_array(array, Geometry(array.shape), name="p", format="made")
        project.add(write_volume(volume, folder / f"{name}.nii.gz"))


def test_all_but_those_of_patients_who_judge(tmp_path: Path) -> None:
    with create_project(tmp_path / "study") as project:
        add(project, tmp_path, "pat1_a", "pat2_a", "pat3_a", "pat1_b")
        found = unlabelled_cases(project, patient_of, {})
        assert len(found.cases) == 4, "done or not"
        assert found.judging == ()
        cases = project.cases()
        marks = patient_marks(project, {c.id: patient_key(c, patient_of) for c in cases})
        given = assign_roles(project, marks.values())
        judges = {case for case, mark in marks.items() if given[mark] == "test"}
        assert judges
        known: dict[str, str] = {}
        found = unlabelled_cases(project, patient_of, known)
        assert set(found.judging) == judges
        assert {case.id for case in found.cases} == {case.id for case in cases} - judges
        assert known, "what is slow to work out is remembered"
        assert unlabelled_cases(project, patient_of, known) == found
