from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from case_studies import CASE, SHAPE, brush, project_of

from napari_medssl.correct import Edit, Step
from napari_medssl.correct.proposal import Proposal, ProposedClass
from napari_medssl.errors import GeometryError, ReadOnlyError, UsageError
from napari_medssl.io.label_table import LabelInfo
from napari_medssl.project import LabelState, open_project
from napari_medssl.project.proposals import pending, read_proposal, save_proposal
from napari_medssl.project.proposing import accept_proposal, cases_to_do, propose

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


def test_a_read_only_project_and_an_unknown_case_refuse(tmp_path):
    with project_of(tmp_path) as project:
        with pytest.raises(UsageError):
            cases_to_do(project, ["case-007"])
        with pytest.raises(UsageError, match="medssl project segment"):
            accept_proposal(project, CASE)
        second = open_project(tmp_path / "project", read_only=True)
        with second, pytest.raises(ReadOnlyError):
            propose(second, [CASE], FakeModel())


def erased(labels) -> Step:
    before = labels.copy()
    labels[0, 0, 0] = 9
    labels[0, 0, 0] = 0
    labels[0, 0, 1] = 0
    return Step("Eraser", Edit.between(before, labels))


def test_accepting_is_one_step_and_leaves_hand_edited_and_locked_voxels(tmp_path):
    labels = np.zeros(SHAPE, np.uint8)
    with project_of(tmp_path) as project:
        project.set_labels(
            [
                LabelState(LabelInfo(1, "tumour", (9, 9, 9)), locked=True),
                LabelState(LabelInfo(2, "Liver", (8, 8, 8))),
            ]
        )
        whole = np.zeros(SHAPE, np.uint8)
        whole[5], whole[1, 1] = 2, 1
        project.replace_mask(CASE, whole, "Mask from a file")
        labels[...] = whole
        for step in (brush(labels, 2, (4, 1, 1)), brush(labels, 0, (5, 5, 5), "Eraser")):
            project.record(CASE, "do", step)
        project.mark_done(CASE, 0, 2, True)
        before = project.read_state(CASE).labels
        hand = project.hand_edited(CASE)
        assert np.count_nonzero(hand) == 18
        save_proposal(project, CASE, FakeModel().propose(project.read_image(CASE)))
        accepted = accept_proposal(project, CASE)
        after = project.read_state(CASE)
        assert accepted.targets == {1: 2, 2: 3}
        assert np.array_equal(after.labels[hand], before[hand])
        assert np.array_equal(after.labels == 1, before == 1)
        assert np.array_equal(after.labels[2], before[2]), "a slice called finished"
        free = ~hand & (before != 1)
        free[2] = False
        assert (after.labels[:3][free[:3]] == 2).all()
        assert (after.labels[3:][free[3:]] == 3).all()
        assert accepted.kept > 0
        assert accepted.voxels == np.count_nonzero(after.labels != before)
        assert [row.info.name for row in project.labels()] == ["tumour", "Liver", "spleen"]
        assert after.history.done[-1].words == "Accept 2 labels"
        assert [told["class"] for told in after.outlines] == ["liver", "spleen"]
        assert read_proposal(project, CASE) is None
        project.record(CASE, "undo", after.history.done[-1])
        assert np.array_equal(project.read_state(CASE).labels, before)
        assert project.read_state(CASE).outlines == ()


def test_labels_are_accepted_one_at_a_time(tmp_path):
    with project_of(tmp_path) as project:
        save_proposal(project, CASE, FakeModel().propose(project.read_image(CASE)))
        accept_proposal(project, CASE, ["spleen"])
        state = project.read_state(CASE)
        assert set(np.unique(state.labels)) == {0, 2}
        assert state.history.done[-1].words == "Accept 'spleen'"
        assert [one.name for one in read_proposal(project, CASE).classes] == ["liver"]
        with pytest.raises(UsageError, match="expected liver"):
            accept_proposal(project, CASE, ["spleen"])
        assert not project.hand_edited(CASE).any()


def test_hand_edits_are_known_from_the_first_step_on(tmp_path):
    labels = np.zeros(SHAPE, np.uint8)
    with project_of(tmp_path) as project:
        steps = [brush(labels, n + 1, (n % 6, n % 5, n % 7)) for n in range(8)]
        for step in steps:
            project.record(CASE, "do", step)
        whole, first = project.hand_edited(CASE), project.hand_edited(CASE, 3)
        assert np.array_equal(whole, labels > 0)
        assert 0 < np.count_nonzero(first) < np.count_nonzero(whole)
        project.record(CASE, "undo", steps[-1])
        assert np.count_nonzero(project.hand_edited(CASE)) < np.count_nonzero(whole)
