"""What is measured of each case as a model is applied, with networks that are none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from applied_projects import CARD, SHAPE, Networks, study_of, use, work_on

from napari_medssl.errors import OutOfMemoryError
from napari_medssl.jobs import Job, JobStore, new_spec
from napari_medssl.jobs.events import EVENTS
from napari_medssl.models.trained import OutputClass, TrainedCard
from napari_medssl.project import Project
from napari_medssl.project.accepting import accept_proposal
from napari_medssl.project.apply_task import plan_apply
from napari_medssl.project.proposals import discard_proposal, pending, read_proposal
from napari_medssl.project.review_queue import review_queue
from napari_medssl.project.scores import Scores, read_scores
from napari_medssl.project.segment_task import KIND, read_report


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> Networks:
    return Networks(monkeypatch)


def job_for(project: Project, root: Path) -> Job:
    task, title = plan_apply(project)
    return JobStore(root / "jobs").create(new_spec(KIND, task.arguments, title=title))


def scores_of(project: Project, card: TrainedCard) -> dict[str, Scores]:
    found = {case.id: read_scores(project, case.id, card.sha256) for case in project.cases()}
    return {case: scores for case, scores in found.items() if scores is not None}


def test_each_case_is_looked_at_twice_and_takes_its_place_in_the_queue(tmp_path, networks):
    networks.bias = 30.0
    with study_of(tmp_path) as project:
        use(project, tmp_path, b"second")
        card = use(project, tmp_path, b"first")
        job = job_for(project, tmp_path)
        assert work_on(job)
        assert [one.case for one in pending(project)] == ["case-002", "case-003", "case-004"]
        found = scores_of(project, card)
        assert list(found) == ["case-002", "case-003", "case-004"]
        assert {one.second_look for one in found.values()} == {"mirrored"}
        for case, scores in found.items():
            one = np.asarray(project.read_image(case).array)
            right = 30.0 * (np.arange(SHAPE[2]) < 3)
            a, b = one - right > 50, (one - right[::-1]) > 50
            assert scores.disagreement == pytest.approx(1 - 2 * (a & b).sum() / (a.sum() + b.sum()))
            assert scores.unsure == pytest.approx(0.25)
            assert scores.missing == ()
        assert found["case-002"].distance < found["case-004"].distance, "brighter each time"
        queue = review_queue(project)
        assert {row.gain is not None for row in queue} == {True}
    assert networks.looks == ["first"] * 6
    assert (job.status().done, job.status().total) == (3, 3)
    progress = [event.facts for event in job.events()[0] if event.kind == "progress"]
    doing = [one["doing"] for one in progress]
    assert "Case 3 of 3, part 1 of 2" in doing or "Case 3 of 3, part 2 of 2" in doing
    assert [one["done"] for one in progress] == sorted(one["done"] for one in progress)


def test_of_labels_of_one_side_the_model_before_is_asked_if_it_has_the_same(tmp_path, networks):
    sided = replace(CARD, mirrored=False)
    with study_of(tmp_path) as project:
        use(project, tmp_path, b"a kidney", replace(sided, classes=(OutputClass(1, "kidney"),)))
        use(project, tmp_path, b"first", sided)
        card = use(project, tmp_path, b"second", sided)
        job = job_for(project, tmp_path)
        assert len(job.spec.arguments["earlier"]) == 2
        assert work_on(job)
        assert {one.second_look for one in scores_of(project, card).values()} == {"before"}
        for case in ("case-003", "case-004"):
            project.set_status(case, "done")
        [row] = review_queue(project)
        assert row.reason.startswith("differs from the model before on ")
    assert networks.looks == ["second", "first"] * 3


def test_without_one_they_are_looked_at_moved(tmp_path, networks) -> None:
    with study_of(tmp_path) as project:
        card = use(project, tmp_path, b"first", replace(CARD, mirrored=False))
        assert work_on(job_for(project, tmp_path))
        found = scores_of(project, card)
        assert {one.second_look for one in found.values()} == {"moved"}
        assert {one.disagreement for one in found.values()} == {0.0}


def test_a_label_that_all_have_and_one_has_not_is_named(tmp_path, networks) -> None:
    networks.above[b"first"] = 102.5
    with study_of(tmp_path) as project:
        card = use(project, tmp_path, b"first")
        assert work_on(job_for(project, tmp_path))
        found = scores_of(project, card)
        assert {case: one.missing for case, one in found.items()} == {
            "case-002": ("liver",),
            "case-003": ("liver",),
            "case-004": (),
        }
        assert found["case-002"].disagreement == 1
        reasons = {row.case: row.reason for row in review_queue(project)}
        assert reasons["case-002"] == "did not find liver"


def test_a_run_that_was_stopped_at_any_look_goes_on_and_does_nothing_twice(tmp_path, networks):
    with study_of(tmp_path) as project:
        card = use(project, tmp_path, b"first")
        job = job_for(project, tmp_path)
        for most in range(6):
            networks.most = most
            assert not work_on(job)
        networks.most = 1000
        assert work_on(job)
        assert len(networks.looks) == 6, "each look once"
        assert len(scores_of(project, card)) == 3
        report = read_report(job.artifacts)
        assert sorted(report.done + report.already) == ["case-002", "case-003", "case-004"]
        assert work_on(job_for(project, tmp_path)), "a second job finds it all there"
        assert len(networks.looks) == 6


def test_what_was_accepted_or_discarded_meanwhile_is_measured_anew(tmp_path, networks) -> None:
    """A proposal that was made without measuring, and was decided on, is looked at once more."""
    with study_of(tmp_path) as project:
        card = use(project, tmp_path, b"first")
        assert work_on(job_for(project, tmp_path))
        files = project.folder / "proposals"
        for case in ("case-002", "case-003"):
            (files / f"{case}.scores.json").unlink()
        accept_proposal(project, "case-002")
        before = read_proposal(project, "case-003")
        discard_proposal(project, "case-004")
        job = job_for(project, tmp_path)
        assert work_on(job)
        assert list(scores_of(project, card)) == ["case-002", "case-003", "case-004"]
        assert read_proposal(project, "case-002") is None, "it was decided on"
        after = read_proposal(project, "case-003")
        assert before is not None
        assert after is not None
        assert after.made == before.made
        assert read_report(job.artifacts).done == ("case-004",)


def test_a_corrupt_case_is_left_out_by_its_id_and_does_not_stop_the_others(tmp_path, networks):
    with study_of(tmp_path) as project:
        card = use(project, tmp_path, b"first")
        (tmp_path / "scan0.nii.gz").unlink()  # the one that was learned from
        image = tmp_path / "scan2.nii.gz"
        image.write_bytes(image.read_bytes()[:100])
        job = job_for(project, tmp_path)
        assert work_on(job)
        found = scores_of(project, card)
        assert list(found) == ["case-002", "case-004"]
        assert {one.distance for one in found.values()} == {0.0}, "nothing to compare with"
        assert [row.case for row in review_queue(project)][-1] == "case-003"
    [warning] = job.status().warnings
    assert warning.startswith("case-003 was left out: ")
    assert "scan2" not in (job.folder / EVENTS).read_text()


def test_a_second_look_that_fails_keeps_the_proposal_and_is_told(tmp_path, networks, monkeypatch):
    with study_of(tmp_path, cases=2) as project:
        use(project, tmp_path, b"first")
        job = job_for(project, tmp_path)

        def fails(card):
            raise OutOfMemoryError("not enough memory")

        monkeypatch.setattr("napari_medssl.segment.second_look.second_look", fails)
        assert work_on(job)
        assert [one.case for one in pending(project)] == ["case-002"]
        assert [row.gain for row in review_queue(project)] == [None]
    [warning] = job.status().warnings
    assert warning.startswith("case-002 has no place in the review queue: not enough memory")


def test_what_the_learned_cases_are_like_is_read_once_a_job(tmp_path, networks) -> None:
    with study_of(tmp_path) as project:
        use(project, tmp_path, b"first")
        job = job_for(project, tmp_path)
        assert work_on(job)
    rows = json.loads((job.artifacts / "learned-from.json").read_text())["features"]
    assert len(rows) == 1
