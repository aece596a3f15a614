"""Keeping, saving and opening a mask, without a window."""

from __future__ import annotations

import json

import numpy as np
import pytest
from panel_fakes import Bench, make_volume

from napari_medssl.errors import GeometryError
from napari_medssl.io import read_labels, write_volume
from napari_medssl.segment import Plane, PointPrompt, Prompts


@pytest.fixture
def bench():
    return Bench(make_volume()).start()


def keep_one(bench):
    bench.panel.prompts_changed({Plane(0, 2): Prompts(points=(PointPrompt((2.0, 10.0, 15.0)),))})
    bench.work.answer_all()
    bench.panel.prompting.keep()


def test_a_kept_outline_is_saved_and_read_back_equal(bench, tmp_path):
    bench.panel.labels.rename(1, "liver")
    keep_one(bench)
    bench.panel.mask.save_as(tmp_path / "m.nii.gz")
    bench.work.answer_all()
    assert "m.nii.gz" in bench.said[-1]
    assert str(tmp_path) not in bench.said[-1]
    found = read_labels(tmp_path / "m.nii.gz", bench.scene.volume)
    assert np.array_equal(found, bench.scene.labels)
    beside = json.loads((tmp_path / "m.json").read_text())
    assert beside["labels"][0]["name"] == "liver"
    (outline,) = beside["provenance"]["outlines"]
    assert outline["weights_sha256"] == "c0ffee"
    assert outline["points_ijk"][0]["inside"] is True


def test_what_a_file_tells_of_outlines_follows_undo_and_redo(bench, tmp_path):
    def saved(name):
        bench.panel.mask.save_as(tmp_path / f"{name}.nii.gz")
        bench.work.answer_all()
        beside = json.loads((tmp_path / f"{name}.json").read_text())
        return [told["engine"] for told in beside["provenance"]["outlines"]]

    keep_one(bench)
    bench.panel.prompts_changed({Plane(0, 3): Prompts(points=(PointPrompt((3.0, 10.0, 15.0)),))})
    bench.work.answer_all()
    bench.panel.prompting.keep()
    assert saved("both") == ["fake", "fake"]
    bench.panel.history.undo()
    assert saved("one") == ["fake"]
    bench.panel.history.redo()
    assert saved("again") == ["fake", "fake"]
    while bench.scene.document.history.done:
        bench.panel.history.undo()
    assert saved("none") == []


def test_a_mask_is_not_saved_while_it_is_being_changed(bench, tmp_path):
    keep_one(bench)
    bench.panel.history.change("Smooth", lambda _: None, lambda _: None)
    bench.panel.mask.save_as(tmp_path / "m.nii.gz")
    assert bench.problems == ["Wait a moment: 'Smooth' is not done yet."]
    bench.work.answer_all()
    assert list(tmp_path.iterdir()) == []


def test_saving_nothing_says_so(bench, tmp_path):
    bench.panel.mask.save_as(tmp_path / "m.nii.gz")
    assert bench.work.jobs == []
    assert "no mask yet" in bench.problems[-1]


def test_a_mask_that_was_moved_is_refused_in_a_sentence(bench, tmp_path):
    def moved():
        raise GeometryError("the mask was moved", expected="both in one place")

    bench.scene.read_mask = moved
    bench.panel.mask.save_as(tmp_path / "m.nii.gz")
    assert bench.problems == ["the mask was moved; expected both in one place."]
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_suffix_is_refused_in_a_sentence(bench, tmp_path):
    keep_one(bench)
    bench.panel.mask.save_as(tmp_path / "m.docx")
    bench.work.answer_all()
    assert len(bench.problems) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_suggested_name_is_the_image_s_and_the_folder_the_last(bench, tmp_path):
    keep_one(bench)
    bench.view.ask_save_path.return_value = str(tmp_path / "m.nii.gz")
    bench.panel.mask.save()
    assert bench.view.ask_save_path.call_args.args[0].endswith("scan_mask.nii.gz")
    bench.work.answer_all()
    bench.panel.mask.save()
    assert bench.view.ask_save_path.call_args.args[0] == str(tmp_path / "scan_mask.nii.gz")


def test_a_closed_save_question_saves_nothing(bench):
    keep_one(bench)
    bench.view.ask_save_path.return_value = ""
    bench.panel.mask.save()
    assert bench.work.jobs == []


def test_a_saved_mask_is_opened_with_its_values_and_names(bench, tmp_path):
    bench.panel.labels.add()
    bench.panel.labels.rename(2, "left kidney")
    keep_one(bench)
    bench.panel.mask.save_as(tmp_path / "m.nrrd")
    bench.work.answer_all()
    saved, other = bench.scene.labels, Bench(bench.scene.volume).start()
    other.panel.mask.open(tmp_path / "m.nrrd")
    other.work.answer_all()
    assert np.array_equal(other.scene.labels, saved)
    rows = other.scene.document.labels
    assert [(row.info.value, row.info.name) for row in rows] == [(1, "Label 1"), (2, "left kidney")]


def test_a_mask_without_a_table_gets_a_label_for_each_value(bench, tmp_path):
    keep_one(bench)
    bench.scene.labels[0, 0, 0] = 5  # as a mask of another program may have it
    bench.panel.mask.save_as(tmp_path / "m.nii")
    bench.work.answer_all()
    (tmp_path / "m.json").write_text("{}")
    bench.panel.mask.open(tmp_path / "m.nii")
    bench.work.answer_all()
    assert [row.info.value for row in bench.scene.document.labels] == [1, 5]


def test_a_mask_of_another_image_is_refused(bench, tmp_path):
    write_volume(make_volume((5, 20, 30)), tmp_path / "other.nii")
    before = bench.scene.labels
    bench.panel.mask.open(tmp_path / "other.nii")
    bench.work.answer_all()
    assert bench.scene.labels is before
    assert len(bench.problems) == 1
