"""Accepting a proposal behind the panel, without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from automatic_fakes import AutomaticBench, bench_of
from panel_fakes import make_volume
from project_fakes import ProjectBench

from napari_medssl._napari.presenters.automatic.run import RunSettings
from napari_medssl._napari.presenters.mask.document import Document, LabelRow
from napari_medssl.correct import Edit, History, Step
from napari_medssl.correct.merge import ADDED, KEPT
from napari_medssl.correct.rules import Rules
from napari_medssl.io import write_volume
from napari_medssl.io.label_table import LabelInfo
from napari_medssl.project import create_project
from napari_medssl.project.proposals import read_proposal
from napari_medssl.segment import Plane

BOX = (slice(0, 2), slice(5, 8), slice(5, 8))


def paint(bench, box, value, words="Brush"):
    bench.canvas.start_mask()
    bench.canvas.voxels.paint(bench.canvas.mask, box, value, words)


def values(bench):
    return {row.info.name: row.info.value for row in bench.canvas.document.labels}


def test_a_result_without_old_labels_is_shown_as_it_is():
    bench = bench_of()
    bench.run()
    labels, colours = bench.canvas.proposal
    assert colours == {1: (200, 60, 40), 2: (90, 90, 200)}
    assert np.count_nonzero(labels) == 400
    assert bench.rows["liver"].amounts == ("1.20", "0.00", "0.00")
    assert bench.canvas.seen[-1] == ((0, 5, 5), (4, 14, 14))


def test_with_old_labels_the_difference_is_shown_first_and_can_be_changed():
    bench = bench_of()
    paint(bench, BOX, 1)
    bench.run()
    assert (bench.canvas.difference[:2, 9:15, 9:15] == ADDED).all()
    assert bench.rows["liver"].amounts[2] == "0.11", "18 voxels are the same"
    bench.panel.review.show_as("new")
    assert bench.canvas.difference is None
    bench.panel.review.show_as("old")
    assert bench.canvas.proposal is None
    bench.panel.review.show_as("difference")
    assert bench.canvas.difference is not None


def test_labels_are_accepted_one_at_a_time_in_steps_that_can_be_undone():
    bench = bench_of()
    bench.run()
    bench.panel.review.accept([2])
    bench.work.answer_all()
    assert values(bench) == {"Label 1": 1, "spleen": 2}
    assert np.count_nonzero(bench.canvas.labels == 2) == 200
    assert set(bench.rows) == {"liver"}
    assert "Accepted 'spleen': 200 voxels changed." in bench.said[-1]
    step = bench.canvas.document.history.done[-1]
    assert step.words == "Accept 'spleen'"
    assert step.outlines[0]["weights_sha256"] == "c0ffee"
    assert not step.by_hand
    bench.panel.review.accept([1])
    bench.work.answer_all()
    assert values(bench) == {"liver": 1, "spleen": 2}
    bench.view.show_no_review.assert_called()
    assert bench.canvas.proposal is None
    for _ in range(2):
        bench.panel.history.undo()
    bench.work.answer_all()
    assert not bench.canvas.labels.any()
    assert bench.canvas.document.outlines == ()


def test_all_are_accepted_in_one_step():
    bench = bench_of()
    bench.run()
    bench.panel.review.accept_all()
    bench.work.answer_all()
    assert bench.canvas.document.history.done[-1].words == "Accept 2 labels"
    assert len(bench.canvas.document.history.done) == 1


def test_voxels_edited_by_hand_locked_labels_and_finished_slices_stay_and_are_counted():
    bench = bench_of()
    rows = [LabelRow(LabelInfo(n, name, (9, 9, 9))) for n, name in ((1, "liver"), (7, "cyst"))]
    bench.canvas.document.set_labels(rows)
    paint(bench, BOX, 7)
    bench.canvas.document.set_labels([rows[0], replace(rows[1], locked=True)])
    paint(bench, (slice(0, 1), slice(12, 14), slice(5, 9)), 1)
    paint(bench, (slice(0, 1), slice(12, 14), slice(5, 9)), 0, "Eraser")
    bench.canvas.document.mark(Plane(0, 1), done=True)
    before = bench.canvas.labels.copy()
    bench.run()
    assert np.count_nonzero(bench.canvas.difference == KEPT) == 18 + 8 + 91
    bench.panel.review.accept_all()
    bench.work.answer_all()
    after = bench.canvas.labels
    assert (after[BOX] == 7).all()
    assert not after[0, 12:14, 5:9].any(), "erased by hand"
    assert np.array_equal(after[1], before[1]), "a finished slice"
    assert "117 voxels stay as they are: edited by hand" in bench.said[-1]


def test_what_was_edited_before_this_session_counts_too():
    bench = bench_of()
    before = np.zeros(bench.canvas.volume.geometry.shape, bool)
    before[BOX] = True
    bench.canvas.document = Document(history=History(), hand_before=lambda: before)
    bench.panel.image_changed()
    bench.run()
    bench.panel.review.accept_all()
    bench.work.answer_all()
    assert not bench.canvas.labels[BOX].any()
    assert "18 voxels stay" in bench.said[-1]


def test_a_class_can_become_another_label():
    bench = bench_of()
    bench.canvas.document.set_labels([LabelRow(LabelInfo(5, "left lobe", (1, 1, 1)))])
    bench.run()
    row = bench.rows["liver"]
    assert (row.target, dict(row.choices)) == (1, {"left lobe": 5, "New label": 1})
    bench.panel.review.choose_target(1, 5)
    bench.work.answer_all()
    row = bench.rows["liver"]
    assert (row.target, dict(row.choices)) == (5, {"left lobe": 5, "New label": 6})
    bench.panel.review.accept([1])
    bench.work.answer_all()
    assert values(bench) == {"left lobe": 5}
    assert np.count_nonzero(bench.canvas.labels == 5) == 200


def test_labels_of_a_wider_type_get_room():
    bench = bench_of()
    bench.canvas.document.set_labels([LabelRow(LabelInfo(300, "liver", (1, 1, 1)))])
    bench.run()
    bench.panel.review.accept([1])
    bench.work.answer_all()
    assert np.count_nonzero(bench.canvas.labels == 300) == 200


def test_a_stroke_while_looking_is_compared_anew_and_then_left_alone():
    bench = bench_of()
    bench.run()
    paint(bench, BOX, 1)
    bench.rest()
    assert bench.rows["liver"].amounts[2] == "0.11"
    bench.canvas.mask.rules = Rules(overwrite=True)
    paint(bench, BOX, 3)
    bench.rest()
    bench.panel.review.accept([1])
    bench.work.answer_all()
    assert (bench.canvas.labels[BOX] == 3).all()


def test_discarding_changes_nothing():
    bench = bench_of()
    bench.run()
    bench.panel.review.discard()
    assert bench.canvas.labels is None
    assert bench.canvas.proposal is None
    bench.view.show_no_review.assert_called()
    assert bench.said[-1] == "Discarded. The mask is as it was."


def test_nothing_ticked_and_a_mask_that_is_busy_or_read_only_say_so():
    bench = bench_of()
    bench.run()
    bench.panel.review.accept([])
    assert bench.problems[-1] == "Tick a label first."
    bench.canvas.start_mask().reserve("Grow")
    bench.panel.review.accept([1])
    assert "'Grow' is not done yet" in bench.problems[-1]


def test_a_result_without_anything_is_said():
    bench = bench_of()
    bench.models.segmenter.empty = True
    bench.run()
    assert "found nothing" in bench.said[-1]


def test_the_heat_map_is_shown_when_asked():
    bench = bench_of()
    bench.panel.run.settings = RunSettings(uncertainty=True)
    bench.run()
    bench.view.allow_uncertainty.assert_called_with(True)
    bench.panel.review.show_uncertainty(True)
    assert (bench.canvas.uncertainty == 25).all()
    bench.panel.review.show_uncertainty(False)
    assert bench.canvas.uncertainty is None


@pytest.fixture
def study(tmp_path):
    write_volume(make_volume(), tmp_path / "scan.nii.gz")
    with create_project(tmp_path / "study") as made:
        made.add(tmp_path / "scan.nii.gz")
        volume = made.read_image("case-001")
        yield AutomaticBench(volume, "case-001", made).start()


def test_what_is_not_accepted_goes_on_waiting_with_its_case(study):
    study.run()
    study.panel.review.accept([2])
    study.work.answer_all()
    assert [one.name for one in read_proposal(study.project, "case-001").classes] == ["liver"]
    study.canvas.volume = study.project.read_image("case-001")  # as when it is opened again
    study.panel.image_changed()
    study.work.answer_all()
    study.view.show_offer.assert_called_with("'Organs in CT' has a proposal for this case.")
    study.panel.review.discard()
    assert read_proposal(study.project, "case-001") is None


def test_strokes_that_an_opened_case_cannot_undo_any_more_are_left_alone_too(study, monkeypatch):
    for name in ("UNDOABLE", "_MOST_STEPS"):
        monkeypatch.setattr(f"napari_medssl.project.state.{name}", 2)
    labels = np.zeros(study.canvas.volume.geometry.shape, np.uint8)
    for x in range(5, 11):
        before = labels.copy()
        labels[0, 6, x] = 9
        study.project.record("case-001", "do", Step("Brush", Edit.between(before, labels)))
    study.project.load("case-001")  # leaves a snapshot: older steps are not read again
    bench = ProjectBench(study.project)
    bench.open("case-001")
    document = bench.canvas.case.document
    assert len(document.history.done) == 2
    assert np.array_equal(document.hand_edited(labels.shape), labels == 9)


def test_a_damaged_proposal_is_a_sentence(study):
    study.run()
    file = study.project.folder / "proposals" / "case-001.npz"
    file.write_bytes(b"PK" + bytes(200))
    study.panel.review.offers.open()
    study.work.answer_all()
    assert "Discard it" in study.problems[-1]
