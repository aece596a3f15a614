"""What belongs to a mask beside its voxels."""

from __future__ import annotations

import numpy as np
import pytest

from napari_medssl._napari.presenters.mask.document import Document, LabelRow
from napari_medssl.correct import Edit, History, Step
from napari_medssl.io.label_table import LabelInfo
from napari_medssl.segment import Plane


@pytest.fixture
def document():
    return Document()


@pytest.fixture
def heard(document):
    told = []
    document.listen(lambda what, step: told.append((what, step and step.words)))
    return told


def edit(value, before=0):
    return Edit.between(np.full((1, 2, 2), before, np.uint32), np.full((1, 2, 2), value, np.uint32))


def test_there_is_a_label_to_begin_with(document):
    assert [row.info.value for row in document.labels] == [1]


def test_whoever_listens_hears_of_each_change_in_order(document, heard):
    document.do(Step("Brush", edit(1)))
    document.undo()
    document.redo()
    document.mark(Plane(0, 3), done=True)
    document.change_label(1, locked=True)
    assert heard == [
        ("do", "Brush"),
        ("undo", "Brush"),
        ("redo", "Brush"),
        ("done", None),
        ("labels", None),
    ]
    assert document.locked == {1}


def test_nothing_is_told_of_what_did_not_happen(document, heard):
    assert document.undo() is None
    assert document.redo() is None
    assert heard == []


def test_who_stopped_listening_hears_nothing(document):
    told = []
    document.listen(lambda what, _: told.append(what))()
    document.mark(Plane(0, 3), done=True)
    assert told == []


def test_prompts_follow_the_steps(document):
    document.do(Step("Point", prompts=([], ["a"])))
    document.do(Step("Brush", edit(1)))
    assert document.prompts == ["a"]
    document.undo()
    document.undo()
    assert document.prompts == []
    document.redo()
    assert document.prompts == ["a"]


def test_what_is_told_of_outlines_goes_and_comes_with_their_step():
    saved, a, b = {"engine": "of a saved mask"}, {"engine": "a"}, {"engine": "b"}
    document = Document(outlines=[saved, a], history=History([Step("Keep", outlines=(a,))]))
    document.do(Step("Keep outlines", edit(1), outlines=(b, b)))
    document.do(Step("Brush", edit(2, before=1)))
    assert document.outlines == (saved, a, b, b)
    for left in ((saved, a, b, b), (saved, a), (saved,), (saved,)):
        document.undo()
        assert document.outlines == left
    for told in ((saved, a), (saved, a, b, b), (saved, a, b, b)):
        document.redo()
        assert document.outlines == told
    document.undo()
    document.undo()
    document.do(Step("Keep", edit(1), outlines=(a,)))
    assert document.outlines == (saved, a, a)


def test_a_finished_slice_can_be_taken_back(document):
    document.mark(Plane(0, 3), done=True)
    document.mark(Plane(1, 3), done=True)
    document.mark(Plane(0, 3), done=False)
    assert document.done == {Plane(1, 3)}


def test_a_label_that_was_deleted_comes_back_with_its_name(document):
    liver = LabelInfo(70_000, "liver", (1, 2, 3))
    document.set_labels([*document.labels, LabelRow(liver)])
    document.do(Step("Delete", edit(0, before=70_000)))
    document.set_labels(document.labels[:1])
    document.undo()
    assert document.labels[1].info == liver
    document.set_labels(document.labels[:1])
    document.redo()
    assert len(document.labels) == 1, "none of its voxels are left"
