from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from case_studies import CASE, project_of

from napari_medssl.errors import SaveError, UnreadableFileError, UsageError
from napari_medssl.project import open_project
from napari_medssl.project.proposing import ProposeReport
from napari_medssl.project.segment_task import (
    SegmentTask,
    place_of,
    plan_task,
    read_report,
    write_report,
)

CARD = SimpleNamespace(title="CT net", sha256="c0ffee")
OPTIONS = {"overlap": 0.5, "keep_largest": (1, 2)}


def test_a_task_survives_its_way_through_a_spec(tmp_path):
    with project_of(tmp_path, images=3) as project:
        project.set_status("case-002", "done")
        task, title = plan_task(project, "ct", CARD, OPTIONS, anyway=True)
    assert (task.cases, title) == ((CASE, "case-003"), "'CT net' on 2 cases")
    assert SegmentTask.of(json.loads(json.dumps(task.arguments))) == task


def test_chosen_cases_keep_their_order_and_may_be_done(tmp_path):
    with project_of(tmp_path, images=2) as project:
        project.set_status("case-002", "done")
        task, _ = plan_task(project, "ct", CARD, {}, ["case-002", CASE])
        assert task.cases == ("case-002", CASE)
        assert plan_task(project, "ct", CARD, {}, [CASE])[1] == "'CT net' on 1 case"
        with pytest.raises(UsageError):
            plan_task(project, "ct", CARD, {}, ["case-007"])


def test_nothing_to_do_and_nowhere_to_write_refuse_before_a_job_is_made(tmp_path):
    with project_of(tmp_path) as project:
        (tmp_path / "project" / "proposals").write_text("in the way")
        with pytest.raises(SaveError, match="may not be written"):
            plan_task(project, "ct", CARD, {})
        project.set_status(CASE, "done")
        with pytest.raises(UsageError, match="at least one that is not done"):
            plan_task(project, "ct", CARD, {})


def test_a_project_has_one_place_whichever_way_it_was_opened(tmp_path, monkeypatch):
    project_of(tmp_path).close()
    (tmp_path / "link").symlink_to(tmp_path / "project")
    monkeypatch.chdir(tmp_path)
    places = set()
    for way in (tmp_path / "project", tmp_path / "link", "project"):
        with open_project(way, read_only=True) as project:
            places.add(place_of(project))
    assert len(places) == 1


@pytest.mark.parametrize("given", [{}, {"options": 3}, {"options": {}, "cases": [], "more": 1}])
def test_arguments_that_are_not_whole_are_a_sentence(given):
    with pytest.raises(UnreadableFileError):
        SegmentTask.of(given)


def test_a_report_is_kept_and_none_is_empty(tmp_path):
    assert read_report(tmp_path) == ProposeReport()
    report = ProposeReport((CASE,), ("case-002",), {"case-003": "Why."}, stopped=True)
    write_report(report, tmp_path)
    assert read_report(tmp_path) == report
    (tmp_path / "cases.json").write_text('{"done"')
    assert read_report(tmp_path) == ProposeReport()
