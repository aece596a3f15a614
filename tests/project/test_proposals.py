from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from case_studies import CASE, SHAPE, brush, project_of, proposal

from napari_medssl.errors import ReadOnlyError, SaveError, UsageError
from napari_medssl.project import open_project, proposals, purge
from napari_medssl.project.proposals import (
    discard_proposal,
    keep_rest,
    pending,
    pending_for,
    read_proposal,
    save_proposal,
    waiting_cases,
)


def test_it_comes_back_as_it_was_kept(tmp_path):
    uncertainty = np.random.default_rng(0).integers(0, 101, SHAPE).astype(np.uint8)
    given = proposal(uncertainty=uncertainty)
    with project_of(tmp_path, images=2) as project:
        assert read_proposal(project, CASE) is None
        assert waiting_cases(project) == ()
        save_proposal(project, CASE, given)
    with open_project(tmp_path / "project", read_only=True) as project:
        found = read_proposal(project, CASE)
        (waiting,) = pending(project)
        assert pending_for(project, "case-002") is None
        assert waiting_cases(project) == (CASE,)
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


def test_only_who_may_change_the_project_decides(tmp_path):
    with project_of(tmp_path) as project:
        save_proposal(project, CASE, proposal())
        with open_project(tmp_path / "project") as second:
            for change in (
                lambda: discard_proposal(second, CASE),
                lambda: keep_rest(second, CASE, [1]),
            ):
                with pytest.raises(ReadOnlyError, match="open in another window"):
                    change()
            assert read_proposal(second, CASE) is not None


def test_a_proposal_is_brought_to_a_project_that_may_only_be_looked_at(tmp_path):
    project_of(tmp_path).close()
    with open_project(tmp_path / "project", read_only=True) as project:
        save_proposal(project, CASE, proposal())
        assert read_proposal(project, CASE) is not None


def test_a_folder_that_may_not_be_written_is_a_sentence(tmp_path):
    with project_of(tmp_path) as project:
        (tmp_path / "project" / "proposals").write_text("in the way")
        with pytest.raises(SaveError, match="may not be written"):
            save_proposal(project, CASE, proposal())


def test_another_process_brings_proposals_while_a_window_draws(tmp_path):
    """Hundreds of proposals by two processes and as many strokes and decisions: all stays whole."""
    labels = np.zeros(SHAPE, np.uint8)
    here = str(Path(__file__).parent)
    with project_of(tmp_path) as project:
        folder = str(tmp_path / "project")
        bringers = [
            subprocess.Popen(
                [sys.executable, "-c", _BRING, folder, made],
                env={**os.environ, "PYTHONPATH": here},
            )
            for made in ("2001", "2002")
        ]
        strokes = 0
        while any(one.poll() is None for one in bringers):
            strokes += 1
            project.record(CASE, "do", brush(labels, strokes % 9 + 1, (strokes % 6, 1, 1)))
            found = read_proposal(project, CASE)
            if found is not None:
                assert np.array_equal(found.labels, proposal().labels)
                keep_rest(project, CASE, [1], found)
            if strokes % 3 == 0:
                discard_proposal(project, CASE)
        assert [one.returncode for one in bringers] == [0, 0]
        assert strokes > 3
        assert np.array_equal(project.read_state(CASE).labels, labels)
        assert project.find_problems() == ()
        assert [
            f.name for f in (tmp_path / "project" / "proposals").iterdir() if "part" in f.name
        ] == []


_BRING = """
import sys
from case_studies import CASE, proposal
from napari_medssl.project import open_project
from napari_medssl.project.proposals import save_proposal
with open_project(sys.argv[1], read_only=True) as project:
    for n in range(150):
        save_proposal(project, CASE, proposal(made=f"{sys.argv[2]}-{n}"))
"""


def test_what_came_since_is_left_alone(tmp_path):
    with project_of(tmp_path) as project:
        looked_at = proposal(made="2026")
        save_proposal(project, CASE, proposal(made="2027"))
        keep_rest(project, CASE, [1], looked_at)
        discard_proposal(project, CASE, looked_at)
        assert len(read_proposal(project, CASE).classes) == 2
        keep_rest(project, CASE, [1], proposal(made="2027"))
        assert len(read_proposal(project, CASE).classes) == 1
        discard_proposal(project, CASE, proposal(made="2027"))
        assert read_proposal(project, CASE) is None
        keep_rest(project, CASE, [1], looked_at)


def test_another_grid_and_another_case_are_refused(tmp_path):
    with project_of(tmp_path) as project:
        with pytest.raises(SaveError):
            save_proposal(project, CASE, proposal((6, 8, 9)))
        with pytest.raises(UsageError):
            save_proposal(project, "case-009", proposal())
        with pytest.raises(UsageError):
            pending_for(project, "case-009")


def test_a_purged_case_takes_its_proposal_along(tmp_path):
    with project_of(tmp_path, images=2) as project:
        save_proposal(project, CASE, proposal())
        project.purge(CASE)
        assert list((tmp_path / "project" / "proposals").iterdir()) == []


def test_a_case_that_is_removed_while_its_proposal_is_written_leaves_nothing(tmp_path, monkeypatch):
    folder = tmp_path / "project" / "proposals"
    with project_of(tmp_path, images=2) as project:
        write = proposals.atomic_write

        def written(*given):
            write(*given)
            project.purge(CASE)
            write(*given)  # as if the file had come after all that the removal did

        monkeypatch.setattr(proposals, "atomic_write", written)
        with pytest.raises(UsageError, match=f"no '{CASE}'"):
            save_proposal(project, CASE, proposal())
        assert list(folder.iterdir()) == []


def test_a_proposal_that_comes_while_a_case_is_removed_goes_with_it(tmp_path, monkeypatch):
    forget, calls = purge.forget_proposal, []

    def forgotten(*given):
        forget(*given)
        if not calls:  # it comes after the first removal, and before the case is gone
            calls.append(1)
            save_proposal(project, CASE, proposal())

    monkeypatch.setattr(purge, "forget_proposal", forgotten)
    with project_of(tmp_path, images=2) as project:
        project.purge(CASE)
        assert list((tmp_path / "project" / "proposals").iterdir()) == []
