from __future__ import annotations

import zipfile

import numpy as np
import pytest
from case_studies import CASE, SHAPE, project_of

from napari_medssl.correct.proposal import Proposal, ProposedClass
from napari_medssl.errors import ReadOnlyError, SaveError, UnreadableFileError, UsageError
from napari_medssl.project import open_project
from napari_medssl.project.proposals import (
    discard_proposal,
    keep_rest,
    pending,
    pending_for,
    read_proposal,
    save_proposal,
)


def proposal(shape=SHAPE, **rest) -> Proposal:
    labels = np.zeros(shape, np.uint8)
    labels[1:3, 2:4, 2:5] = 1
    labels[3, 5:, 5:] = 2
    classes = (ProposedClass(1, "liver", (1, 2, 3)), ProposedClass(2, "spleen"))
    rest = {"settings": {"overlap": 0.5}, "notices": ("It is a CT.",), "made": "2026", **rest}
    return Proposal(labels, classes, "ct", "CT net", "c0ffee", **rest)


def test_it_comes_back_as_it_was_kept(tmp_path):
    uncertainty = np.random.default_rng(0).integers(0, 101, SHAPE).astype(np.uint8)
    given = proposal(uncertainty=uncertainty)
    with project_of(tmp_path, images=2) as project:
        assert read_proposal(project, CASE) is None
        save_proposal(project, CASE, given)
    with open_project(tmp_path / "project", read_only=True) as project:
        found = read_proposal(project, CASE)
        (waiting,) = pending(project)
        assert pending_for(project, "case-002") is None
    assert np.array_equal(found.labels, given.labels)
    assert np.array_equal(found.uncertainty, uncertainty)
    assert (found.classes, found.settings, found.notices) == (
        given.classes,
        given.settings,
        given.notices,
    )
    assert (waiting.case, waiting.title, waiting.classes) == (CASE, "CT net", given.classes)


def test_what_is_not_accepted_goes_on_waiting(tmp_path):
    with project_of(tmp_path) as project:
        save_proposal(project, CASE, proposal())
        keep_rest(project, CASE, [1])
        assert [one.name for one in read_proposal(project, CASE).classes] == ["spleen"]
        keep_rest(project, CASE, [2])
        assert read_proposal(project, CASE) is None
        discard_proposal(project, CASE)


def test_a_read_only_project_refuses(tmp_path):
    with project_of(tmp_path) as project:
        save_proposal(project, CASE, proposal())
        with open_project(tmp_path / "project") as second:
            for change in (
                lambda: save_proposal(second, CASE, proposal()),
                lambda: discard_proposal(second, CASE),
                lambda: keep_rest(second, CASE, [1]),
            ):
                with pytest.raises(ReadOnlyError, match="open in another window"):
                    change()
            assert read_proposal(second, CASE) is not None


def test_another_grid_and_another_case_are_refused(tmp_path):
    with project_of(tmp_path) as project:
        with pytest.raises(SaveError):
            save_proposal(project, CASE, proposal((6, 8, 9)))
        with pytest.raises(UsageError):
            save_proposal(project, "case-009", proposal())
        with pytest.raises(UsageError):
            pending_for(project, "case-009")


@pytest.mark.parametrize("damage", ["cut", "empty", "huge", "pickle", "about"])
def test_a_damaged_file_is_told_and_inflates_nothing(tmp_path, damage):
    with project_of(tmp_path) as project:
        save_proposal(project, CASE, proposal())
        (file,) = (tmp_path / "project" / "proposals").iterdir()
        if damage in ("cut", "empty"):
            file.write_bytes(file.read_bytes()[: 0 if damage == "empty" else -200])
        else:
            with np.load(file) as found:
                arrays = dict(found)
            if damage == "huge":
                arrays["labels"] = np.zeros((600, 512, 512), np.uint8)
            elif damage == "pickle":
                arrays["labels"] = np.array([{"a": 1}], object)
            else:
                arrays["about"] = np.frombuffer(b'{"format": 1}', np.uint8)
            np.savez_compressed(file, **arrays)
        with pytest.raises(UnreadableFileError, match="Discard it"):
            read_proposal(project, CASE)
        discard_proposal(project, CASE)
        assert read_proposal(project, CASE) is None


def test_a_purged_case_takes_its_proposal_along(tmp_path):
    with project_of(tmp_path, images=2) as project:
        save_proposal(project, CASE, proposal())
        project.purge(CASE)
        assert list((tmp_path / "project" / "proposals").iterdir()) == []


def test_nothing_of_the_patient_is_in_the_file(tmp_path):
    with project_of(tmp_path) as project:
        save_proposal(project, CASE, proposal())
    (file,) = (tmp_path / "project" / "proposals").iterdir()
    with zipfile.ZipFile(file) as opened:
        assert b"scan0" not in b"".join(opened.read(name) for name in opened.namelist())
