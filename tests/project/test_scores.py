from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from case_studies import CASE, project_of, proposal

from napari_medssl.errors import UsageError
from napari_medssl.project import open_project
from napari_medssl.project.proposals import discard_proposal, save_proposal, waiting_cases
from napari_medssl.project.scores import Scores, read_scores, save_scores

SCORES = Scores("c0ffee", "mirrored", 0.125, 0.5, 1.5, ("liver",))


def test_they_are_kept_for_one_model_beside_an_open_window_and_outlive_the_proposal(tmp_path):
    with project_of(tmp_path, images=2) as window:
        with open_project(window.folder, read_only=True) as job:
            save_scores(job, CASE, SCORES)
        assert read_scores(window, CASE, "c0ffee") == SCORES
        assert read_scores(window, CASE, "an0ther") is None
        assert read_scores(window, "case-002", "c0ffee") is None
        assert waiting_cases(window) == ()
        save_proposal(window, CASE, proposal())
        discard_proposal(window, CASE)
        assert read_scores(window, CASE, "c0ffee") == SCORES
        save_scores(window, CASE, replace(SCORES, unsure=0.25))
        assert read_scores(window, CASE, "c0ffee") == replace(SCORES, unsure=0.25)
        window.purge(CASE)
        assert list((window.folder / "proposals").iterdir()) == []
        with pytest.raises(UsageError):
            save_scores(window, CASE, SCORES)


@pytest.mark.parametrize("text", ["", "[1]", '{"format": 1}', '{"format": 2}'])
def test_a_damaged_file_is_none(tmp_path: Path, text: str) -> None:
    with project_of(tmp_path) as project:
        save_scores(project, CASE, SCORES)
        [file] = (project.folder / "proposals").iterdir()
        file.write_text(text)
        assert read_scores(project, CASE, "c0ffee") is None


def test_a_second_look_that_nobody_knows_is_none(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        save_scores(project, CASE, SCORES)
        [file] = (project.folder / "proposals").iterdir()
        file.write_text(file.read_text().replace("mirrored", "dreamt"))
        assert read_scores(project, CASE, "c0ffee") is None
