from __future__ import annotations

import zipfile

import numpy as np
import pytest
from case_studies import CASE, SHAPE, project_of, proposal

from napari_medssl.errors import SaveError, UnreadableFileError
from napari_medssl.project import proposal_file
from napari_medssl.project.proposals import discard_proposal, read_proposal, save_proposal


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / "a.npz"
    proposal_file.write(path, proposal())
    assert np.array_equal(proposal_file.read(path, SHAPE).labels, proposal().labels)
    assert proposal_file.read_about(path)["made"] == "2026"
    with pytest.raises(UnreadableFileError):
        proposal_file.read(path, (6, 8, 9))
    other = proposal()
    other.labels[0, 0, 0] = 2
    with pytest.raises(SaveError):
        proposal_file.compare(path, other)


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


def test_nothing_of_the_patient_is_in_the_file(tmp_path):
    with project_of(tmp_path) as project:
        save_proposal(project, CASE, proposal())
    (file,) = (tmp_path / "project" / "proposals").iterdir()
    with zipfile.ZipFile(file) as opened:
        assert b"scan0" not in b"".join(opened.read(name) for name in opened.namelist())
