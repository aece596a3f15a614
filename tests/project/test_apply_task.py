from __future__ import annotations

import json
from pathlib import Path

import pytest
from case_studies import CASE, project_of
from test_project_versions import candidate

from napari_medssl.errors import UsageError
from napari_medssl.project import open_project
from napari_medssl.project.apply_task import plan_apply
from napari_medssl.project.segment_task import SegmentTask
from napari_medssl.project.versions import accept, keep, reject


def test_the_model_in_use_runs_on_what_is_not_done_and_is_compared_with_those_before(tmp_path):
    with project_of(tmp_path, images=3) as project:
        project.set_status("case-002", "done")
        first, second, third = (
            accept(project, candidate(project, tmp_path, content), anyway=True)
            for content in (b"one", b"two", b"three")
        )
        kept = keep(project, candidate(project, tmp_path, b"kept"))
        reject(project, candidate(project, tmp_path, b"rejected"))
        candidate(project, tmp_path, b"waits")
    with open_project(tmp_path / "project", read_only=True) as project:
        task, title = plan_apply(project, threads=1)
    assert title == "'Liver' on 2 cases"
    assert (task.cases, task.weights_sha256) == ((CASE, "case-003"), third.sha256)
    assert Path(task.model) == third.path.resolve()
    assert [Path(one).stem for one in task.earlier] == [second.short, first.short, kept.short]
    assert (task.scores, task.threads, task.options["uncertainty"]) == (True, 1, True)
    assert SegmentTask.of(json.loads(json.dumps(task.arguments))) == task


def test_without_a_model_or_a_case_it_says_what_to_do(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        with pytest.raises(UsageError, match="Learn one with"):
            plan_apply(project)
        waits = candidate(project, tmp_path, b"waits")
        with pytest.raises(UsageError, match="Accept the one that waits"):
            plan_apply(project)
        accept(project, waits)
        project.set_status(CASE, "done")
        with pytest.raises(UsageError, match="at least one that is not done"):
            plan_apply(project)
