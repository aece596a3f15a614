from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from case_studies import CASE, project_of

from napari_medssl.correct.proposal import Proposal, ProposedClass
from napari_medssl.errors import GeometryError, SaveError, UsageError
from napari_medssl.project import open_project
from napari_medssl.project.accepting import accept_proposal
from napari_medssl.project.proposals import pending
from napari_medssl.project.proposing import cases_to_do, propose, propose_each

CLASSES = (ProposedClass(1, "liver", (1, 2, 3)), ProposedClass(2, "spleen"))


@dataclass
class FakeModel:
    """Finds a liver in the upper and a spleen in the lower half of every image."""

    settings: dict[str, Any] = field(default_factory=lambda: {"overlap": 0.5})
    weights_sha256: str = "c0ffee"
    asked: int = 0
    stop_at: int = 99
    unfit: bool = False
    broken: bool = False

    def misfits(self, volume):
        return ["It is no CT."] if self.unfit else []

    def propose(self, volume):
        self.asked += 1
        if self.broken:
            raise GeometryError("this image is too small")
        if self.asked > self.stop_at:
            return None
        labels = np.ones(volume.geometry.shape, np.uint8)
        labels[3:] = 2
        return Proposal(labels, CLASSES, "ct", "CT net", self.weights_sha256, self.settings)


def test_all_cases_that_are_not_done_get_a_proposal(tmp_path):
    told = []
    with project_of(tmp_path, images=3) as project:
        project.set_status("case-002", "done")
        report = propose(
            project, cases_to_do(project), FakeModel(), progress=lambda *n: told.append(n)
        )
        assert report.done == (CASE, "case-003")
        assert [one.case for one in pending(project)] == [CASE, "case-003"]
        assert not project.read_state(CASE).labels.any(), "masks are as they were"
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_a_run_that_was_stopped_keeps_what_is_finished_and_goes_on_there(tmp_path):
    with project_of(tmp_path, images=3) as project:
        first = propose(project, cases_to_do(project), FakeModel(stop_at=1))
        assert first.stopped
        assert first.done == (CASE,)
        second = propose(project, cases_to_do(project), FakeModel())
        assert (second.done, second.already) == (("case-002", "case-003"), (CASE,))
        accept_proposal(project, CASE)
        again = FakeModel()
        assert propose(project, cases_to_do(project), again).already[0] == CASE
        assert again.asked == 0, "nor where it was accepted"
        assert propose(project, [CASE], FakeModel(settings={"overlap": 0.7})).done == (CASE,)
        assert propose(project, [CASE], FakeModel(), again=True).done == (CASE,)


def test_cases_that_do_not_suit_or_fail_are_left_out_with_the_reason(tmp_path):
    with project_of(tmp_path, images=2) as project:
        (tmp_path / "images" / "scan1.nii").unlink()
        unfit = propose(project, cases_to_do(project), FakeModel(unfit=True))
        assert unfit.left_out[CASE] == "It is no CT."
        assert "is not where it was" in unfit.left_out["case-002"]
        assert propose(project, [CASE], FakeModel(unfit=True), anyway=True).done == (CASE,)
        broken = propose(project, [CASE], FakeModel(broken=True), again=True)
        assert "too small" in broken.left_out[CASE]


def test_it_needs_no_right_to_change_the_project(tmp_path):
    with project_of(tmp_path) as project:
        with open_project(tmp_path / "project") as second:
            assert second.read_only
            assert propose(second, [CASE], FakeModel()).done == (CASE,)
        assert [one.case for one in pending(project)] == [CASE]


def test_a_folder_that_may_not_be_written_is_told_before_anything_is_computed(tmp_path):
    model = FakeModel()
    with project_of(tmp_path) as project:
        (tmp_path / "project" / "proposals").write_text("in the way")
        with pytest.raises(SaveError):
            propose(project, [CASE], model)
    assert model.asked == 0


def test_an_unknown_case_refuses_and_one_that_was_removed_is_left_out(tmp_path):
    with project_of(tmp_path, images=2) as project:
        with pytest.raises(UsageError):
            cases_to_do(project, ["case-007"])
        project.purge(CASE)
        report = propose(project, [CASE, "case-002"], FakeModel())
        assert "no 'case-001'" in report.left_out[CASE]
        assert report.done == ("case-002",)


def test_each_case_is_told_as_it_is_finished(tmp_path):
    with project_of(tmp_path, images=3) as project:
        run = propose_each(project, cases_to_do(project), FakeModel(stop_at=1))
        first = next(run)
        assert (first.case, first.what) == (CASE, "done")
        assert first.seconds > 0
        assert [one.case for one in pending(project)] == [CASE], "on the disk at once"
        assert [(one.case, one.what) for one in run] == [("case-002", "stopped")]
