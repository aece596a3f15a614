"""What a project says and asks, in whole sentences and without a path."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from project_fakes import FakeProject

from napari_medssl._napari.presenters.project.questions import (
    closing_question,
    recovery_question,
    sentence,
)
from napari_medssl._napari.presenters.project.write_queue import Backlog
from napari_medssl.errors import SaveError


def test_an_unforeseen_error_is_told_by_its_kind_alone():
    assert sentence(SaveError("no room", do="Make room")) == "no room. Make room."
    told = sentence(OSError("/home/someone/patient.nii"))
    assert told == "the disk or the program failed (OSError)."


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (Backlog(1), "1 change is not saved yet. This takes long."),
        (Backlog(3, SaveError("no room")), "3 changes are not saved yet. no room."),
    ],
)
def test_before_closing_the_user_hears_what_is_not_saved(left, words):
    assert closing_question(left) == words


@pytest.mark.parametrize("days", [0, 40])
def test_after_a_crash_the_user_hears_until_when_all_is_saved(days):
    last = datetime.now(UTC) - timedelta(days=days)
    words = recovery_question(
        FakeProject("liver 7"), SimpleNamespace(case="case-001", last=last, since=last)
    )
    assert f"Everything up to {last.astimezone():%H:%M:%S}" in words
    assert (f"{last.astimezone():%B}. " in words or f"{last.astimezone():%B} is" in words) == bool(
        days
    )
    assert "how 'liver 7' was when it was last opened?" in words
