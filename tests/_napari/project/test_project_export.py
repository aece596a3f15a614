"""What of a project can be exported, through the functions of the command line."""

from __future__ import annotations

from unittest.mock import MagicMock

import numpy as np
import pytest
from fake_work import FakeWork
from project_fakes import stroke

from napari_medssl._napari.presenters.export import ExportPresenter
from napari_medssl._napari.presenters.project.export import project_sources
from napari_medssl._napari.presenters.project.write_queue import WriteQueue
from napari_medssl.errors import SaveError
from napari_medssl.io import LabelInfo, read_labels, write_volume
from napari_medssl.project import create_project
from napari_medssl.volume import Geometry, Volume, Window


@pytest.fixture
def project(tmp_path):
    """Three cases: one done, one in work, one untouched."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for number, name in enumerate(("one", "two", "three")):
        array = np.full((4, 20, 20), number, np.int16)
        scan = Volume.from_source_array(array, Geometry(array.shape), name=name, format="made")
        write_volume(scan, folder / f"{name}.nii.gz")
    labels = [LabelInfo(1, "liver", (200, 60, 40))]
    with create_project(tmp_path / "study", labels=labels) as project:
        for name in ("one", "two", "three"):
            project.add(folder / f"{name}.nii.gz")
        for case in ("case-001", "case-002"):
            project.record(case, "do", stroke())
        project.set_status("case-001", "done")
        project.save_view("case-001", {"window": [-50.0, 150.0]})
        yield project


def sources(project, case=None):
    queue = WriteQueue(lambda: None)
    return queue, project_sources(project, queue, project.cases(), case)


def test_the_case_in_hand_the_done_and_all_with_a_mask_are_offered(project):
    _, offered = sources(project, "case-002")
    assert [source.title for source in offered] == [
        "This case: two",
        "Cases that are done (1)",
        "All cases with a mask (2)",
    ]
    assert [[piece.name for piece in source.pieces] for source in offered] == [
        ["two"],
        ["one"],
        ["one", "two"],
    ]
    assert [piece.anonymous for piece in offered[2].pieces] == ["case-001", "case-002"]


def test_a_piece_is_loaded_as_it_is_saved_with_its_window(project):
    _, offered = sources(project, "case-001")
    loaded = offered[0].pieces[0].load()
    assert np.count_nonzero(loaded.mask) == 1
    assert [label.name for label in loaded.labels] == ["liver"]
    assert loaded.window == Window(-50, 150)


def test_nothing_is_exported_while_the_last_stroke_is_not_saved(project):
    queue, offered = sources(project, "case-001")
    queue.put(MagicMock(side_effect=SaveError("no room")))
    with pytest.raises(SaveError, match="the last changes are not saved yet"):
        offered[0].pieces[0].load()


@pytest.mark.parametrize(
    ("title", "files"),
    [
        ("Masks, NIfTI", {"one_mask.nii.gz", "two_mask.nii.gz"}),
        ("Training set, MSD layout", {"case-001.nii.gz", "case-002.nii.gz"}),
        ("Training set, nnU-Net layout", {"case-001.nii.gz", "case-002.nii.gz"}),
    ],
)
def test_the_whole_project_is_written(project, tmp_path, title, files):
    _, offered = sources(project)
    view, work = MagicMock(), FakeWork()
    panel = ExportPresenter(view, work, offered[1:])
    panel.start()
    (number,) = [n for n, kind in enumerate(offered[1].kinds) if kind.title == title]
    panel.choose_kind(number)
    view.ask_folder.return_value = str(tmp_path / "out")
    panel.export()
    work.answer_all()
    outcome = view.show_end.call_args.args[0]
    assert outcome.refused == ()
    written = {path.name for path in (tmp_path / "out").rglob("*.nii.gz")}
    assert files <= written
    mask = next(p for p in (tmp_path / "out").rglob(min(files)) if "images" not in str(p.parent))
    assert read_labels(mask, project.read_image("case-001")).sum() == 1
