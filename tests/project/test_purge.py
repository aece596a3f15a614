from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from case_studies import CASE, SHAPE, brush, paint, project_of, told_of

from napari_medssl.correct import Step
from napari_medssl.errors import ProjectError, UsageError
from napari_medssl.project import open_project

CANARY = "CANARY-of-case-two"


def canaries(folder: Path) -> int:
    return sum(path.read_bytes().count(CANARY.encode()) for path in folder.rglob("*"))


def test_nothing_of_a_purged_case_can_be_found(tmp_path: Path) -> None:
    project = project_of(tmp_path, images=2)
    paint(project, 1)
    labels = np.zeros(SHAPE, np.uint8)
    for n in range(300):
        step = brush(labels, n % 200 + 1, (n % 6, 0, 0), f"{CANARY} {n}")
        project.record("case-002", "do", step)
    noise = os.urandom(5000).hex()
    project.record("case-002", "do", Step("Point", None, ([], [CANARY, noise])))
    project.record("case-002", "do", told_of({"engine": CANARY}))
    project.save_view("case-002", {"layer": CANARY})
    project.set_status("case-002", "flagged", CANARY)
    project.load("case-002")
    project.mark_done("case-002", 0, 0, True)
    assert canaries(project.folder) > 300
    path = b"scan1.nii"
    project.purge("case-002")
    everything = b"".join(path.read_bytes() for path in project.folder.iterdir())
    assert CANARY.encode() not in everything
    assert noise[2000:2040].encode() not in everything
    assert path not in everything
    assert project.last_case is None
    assert project.find_problems() == ()
    assert [case.id for case in project.cases()] == [CASE]
    assert project.load(CASE).labels.max() == 1
    with pytest.raises(UsageError):
        project.purge("case-002")
    assert project.add(tmp_path / "images" / "scan1.nii").added == ("case-003",)
    project.close()
    assert canaries(tmp_path / "project") == 0
    assert (tmp_path / "images" / "scan1.nii").exists()


def test_another_window_that_looks_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_medssl.project.store._BUSY_S", 0.1)
    with project_of(tmp_path, images=2) as project:
        project.save_view("case-002", {"layer": CANARY})
        with open_project(tmp_path / "project") as second:
            with second._store.reading():
                second.cases()
                with pytest.raises(ProjectError, match="Close every window"):
                    project.purge("case-002")
            assert len(second.cases()) == 1
    assert canaries(tmp_path / "project") == 0
