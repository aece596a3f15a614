"""Export: one mask into a file, several into a folder; what one refuses stops no other."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest
from fake_work import FakeWork

from napari_medssl._napari.presenters.export import ExportPresenter, Outcome
from napari_medssl._napari.presenters.export_kinds import (
    MASKS,
    PICTURES,
    Exportable,
    ExportKind,
    ExportSource,
    FolderKind,
    Piece,
)
from napari_medssl.errors import SaveError
from napari_medssl.io import LabelInfo, read_labels
from napari_medssl.volume import Geometry, Volume

LIVER = LabelInfo(1, "liver", (200, 60, 40))


def piece(name: str, *, value: int = 1, anonymous: str = "mask") -> Piece:
    shape = (4, 30, 30)
    array = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    scan = Volume.from_source_array(
        array, Geometry(shape), name=name, format="made", modality="CT", units="HU"
    )
    mask = np.zeros(shape, np.uint8)
    mask[2, 5:20, 5:20] = value
    return Piece(name, lambda: Exportable(scan, mask, (LIVER,)), anonymous)


def broken(name: str) -> Piece:
    def load() -> Exportable:
        raise SaveError("the image is gone")

    return Piece(name, load)


class Bench:
    """The presenter between fakes; questions are answered by what the test sets."""

    def __init__(self, *sources: ExportSource) -> None:
        self.work, self.view = FakeWork(), MagicMock()
        self.panel = ExportPresenter(self.view, self.work, sources)
        self.panel.start()

    def export(self, **answers) -> Outcome:
        for question, answer in answers.items():
            getattr(self.view, question).return_value = answer
        self.panel.export()
        self.work.answer_all()
        return self.view.show_end.call_args.args[0]

    @property
    def options(self):
        return self.view.show_options.call_args.kwargs


def one(*kinds) -> Bench:
    return Bench(ExportSource("This case", (piece("scan"),), kinds or (*MASKS, *PICTURES)))


def test_a_mask_goes_into_the_file_that_was_chosen(tmp_path):
    bench = one()
    outcome = bench.export(ask_file=str(tmp_path / "scan_mask.nii.gz"))
    bench.view.ask_file.assert_called_once_with("scan_mask.nii.gz")
    assert str(outcome) == "1 file written."
    scan = piece("scan").load()
    assert np.array_equal(read_labels(tmp_path / "scan_mask.nii.gz", scan.volume), scan.mask)
    assert bench.view.show_end.call_args.args[1] == tmp_path


@pytest.mark.parametrize("kind", [k for k in (*MASKS, *PICTURES) if ".dcm" not in k.title])
def test_every_kind_writes_a_file_that_ends_as_it_says(tmp_path, kind):
    outcome = one(kind).export(ask_file=str(tmp_path / f"scan{kind.ending}"))
    assert outcome.refused == ()
    assert (tmp_path / f"scan{kind.ending}").stat().st_size > 0


@pytest.mark.parametrize("kind", [k for k in MASKS if ".dcm" in k.title])
def test_dicom_of_an_image_that_is_none_is_refused_in_a_sentence(tmp_path, kind):
    outcome = one(kind).export(ask_file=str(tmp_path / f"scan{kind.ending}"))
    (sentence,) = outcome.refused
    assert str(outcome) == "Nothing was written."
    assert "DICOM" in sentence
    assert list(tmp_path.iterdir()) == []


def test_a_closed_question_writes_nothing():
    bench = one()
    bench.view.ask_file.return_value = ""
    bench.panel.export()
    assert bench.work.jobs == []


def test_several_go_into_a_folder_and_one_that_fails_is_told(tmp_path):
    pieces = (piece("a"), broken("b"), piece("A"))
    bench = Bench(ExportSource("All", pieces, (MASKS[1],)))
    outcome = bench.export(ask_folder=str(tmp_path))
    assert (outcome.written, outcome.refused) == (2, ("'b': the image is gone.",))
    assert sorted(p.name for p in tmp_path.glob("*.nrrd")) == ["A_2_mask.nrrd", "a_mask.nrrd"]


def test_files_that_are_there_are_asked_about(tmp_path):
    bench = Bench(ExportSource("All", (piece("a"), piece("b")), (MASKS[0],)))
    bench.export(ask_folder=str(tmp_path))
    bench.view.ask_replace.return_value = False
    bench.panel.export()
    bench.view.ask_replace.assert_called_once_with(2)
    assert bench.work.jobs == []


def test_names_are_taken_out_only_where_they_can_be_and_with_one_key(tmp_path):
    asked = []

    def write(piece, path, names, progress):
        asked.append(names)
        return path

    takes = ExportKind("A", "", ".a", write, takes_out_names=True)
    not_ = ExportKind("B", "", ".b", write)
    bench = Bench(ExportSource("All", (piece("a"), piece("b")), (takes, not_)))
    assert bench.options == {"names": True, "warning": ""}
    bench.panel.take_out_names(True)
    bench.export(ask_folder=str(tmp_path))
    bench.panel.choose_kind(1)
    assert bench.options["names"] is False
    bench.export(ask_folder=str(tmp_path))
    assert asked[0] is not None
    assert asked[0] is asked[1]
    assert asked[2:] == [None, None]


def test_burnt_in_text_is_warned_of_where_pixels_are_shown():
    bench = Bench(ExportSource("This case", (piece("a"),), (*MASKS, *PICTURES), burnt_in=True))
    assert bench.options["warning"] == ""
    bench.panel.choose_kind(len(MASKS))
    assert "burnt into its pixels" in bench.options["warning"]


def test_a_film_stops_at_once_and_leaves_nothing(tmp_path):
    bench = one(PICTURES[1])
    bench.view.show_progress.side_effect = lambda done, total: done and bench.panel.stop()
    outcome = bench.export(ask_file=str(tmp_path / "scan.gif"))
    assert outcome.stopped
    assert list(tmp_path.iterdir()) == []


def test_a_whole_project_is_written_by_its_own_function(tmp_path):
    told = []

    def write(folder: Path, names, replace, progress):
        progress(1, 2)
        told.append((folder, names, replace))
        return 2, ("case-003: the image is gone.",)

    bench = Bench(ExportSource("All", (), (FolderKind("MSD", "", write),)))
    outcome = bench.export(ask_folder=str(tmp_path))
    assert told == [(tmp_path, None, False)]
    assert str(outcome) == "2 files written, 1 refused."
    bench.view.show_progress.assert_called_with(1, 2)


def test_an_earlier_export_is_replaced_only_if_the_user_says_so(tmp_path):
    import json

    log = {"written_by": "napari-medssl 1", "whole": True, "plan": {}, "files": []}
    (tmp_path / "medssl.json").write_text(json.dumps(log))
    write = MagicMock(return_value=(1, ()))
    bench = Bench(ExportSource("All", (), (FolderKind("MSD", "", write),)))
    bench.view.ask_folder.return_value = str(tmp_path)
    bench.view.ask_replace.return_value = False
    bench.panel.export()
    assert bench.work.jobs == []
    bench.view.ask_replace.return_value = True
    bench.panel.export()
    bench.work.answer_all()
    assert write.call_args.args[2] is True


def test_what_goes_wrong_in_the_program_is_a_sentence_without_a_path(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "logs"))

    def write(*_):
        raise RuntimeError("/home/someone/patient")

    bench = Bench(ExportSource("All", (), (FolderKind("MSD", "", write),)))
    bench.view.ask_folder.return_value = str(tmp_path)
    bench.panel.export()
    bench.work.answer_all()
    bench.view.show_failure.assert_called_once_with("This did not work (RuntimeError).")
    (log,) = (tmp_path / "logs").rglob("*.log")
    assert "RuntimeError" in log.read_text()
    assert "patient" not in log.read_text()


def test_what_can_be_exported_is_offered_with_its_own_kinds():
    bench = Bench(
        ExportSource("This case", (piece("a"),), MASKS),
        ExportSource("All", (piece("a"), piece("b")), PICTURES),
    )
    bench.view.show_sources.assert_called_once_with(["This case", "All"])
    bench.panel.choose_source(1)
    bench.view.show_kinds.assert_called_with(PICTURES)


def test_files_without_names_are_not_called_after_the_image(tmp_path):
    pieces = (piece("SMITH_JOHN", anonymous="case-001"), piece("DOE", anonymous="case-002"))
    kind = next(kind for kind in PICTURES if kind.ending == "_report.png")
    several = Bench(ExportSource("All", pieces, (kind,)))
    several.panel.take_out_names(True)
    several.export(ask_folder=str(tmp_path))
    reports = sorted(path.name for path in tmp_path.iterdir())
    assert reports == ["case-001_report.png", "case-002_report.png"]
    single = Bench(ExportSource("This case", pieces[:1], (kind,)))
    single.panel.take_out_names(True)
    single.view.ask_file.return_value = ""
    single.panel.export()
    single.view.ask_file.assert_called_once_with("case-001_report.png")
