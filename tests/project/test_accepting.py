from __future__ import annotations

import numpy as np
import pytest
from case_studies import CASE, SHAPE, brush, project_of

from napari_medssl.correct import Edit, Step
from napari_medssl.correct.proposal import Proposal, ProposedClass
from napari_medssl.errors import UsageError
from napari_medssl.io.label_table import LabelInfo
from napari_medssl.project import LabelState
from napari_medssl.project.accepting import accept_proposal
from napari_medssl.project.proposals import read_proposal, save_proposal


def halves() -> Proposal:
    """A liver in the upper and a spleen in the lower half."""
    labels = np.ones(SHAPE, np.uint8)
    labels[3:] = 2
    classes = (ProposedClass(1, "liver", (1, 2, 3)), ProposedClass(2, "spleen"))
    return Proposal(labels, classes, "ct", "CT net", "c0ffee", {"overlap": 0.5})


def test_nothing_that_waits_is_a_sentence(tmp_path):
    with project_of(tmp_path) as project, pytest.raises(UsageError, match="medssl project segment"):
        accept_proposal(project, CASE)


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
        save_proposal(project, CASE, halves())
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
        save_proposal(project, CASE, halves())
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
