"""Whatever is killed or fills up, no step that was told to be safe is lost."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from case_studies import CASE, SHAPE, brush, crash_script, in_a_child, project_of

from napari_medssl.errors import SaveError
from napari_medssl.project import open_project

if not hasattr(os, "fork"):
    pytest.skip("kills children of its own, which needs fork", allow_module_level=True)


@pytest.mark.slow
def test_killed_at_random_points_nothing_is_lost(tmp_path: Path) -> None:
    found = crash_script().kill_at_random(tmp_path, points=40)
    assert found.points == 40
    assert found.told > 100
    assert found.harmless, found


@pytest.mark.slow
def test_a_full_disk_leaves_the_old_state_and_a_sentence(tmp_path: Path) -> None:
    found = crash_script().fill_the_disk(tmp_path, points=30)
    assert found.points == 30
    assert found.told > 30
    assert found.harmless, found


def test_with_room_again_the_work_goes_on(tmp_path: Path) -> None:
    import resource

    def work() -> str:
        project = project_of(tmp_path)
        labels, refused = np.zeros(SHAPE, np.uint8), 0
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        log = project.folder / "project.sqlite-wal"
        for n in range(30):
            step = brush(labels, n + 1, (n % 6, n % 5, n % 7))
            if n % 3 == 0:
                resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 100, most))
                with suppress(SaveError):
                    project.record(CASE, "do", step)
                    refused -= 1
                refused += 1
                resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
            project.record(CASE, "do", step)
        same = np.array_equal(project.load(CASE).labels, labels)
        project.close()
        return f"{refused} {same}"

    assert in_a_child(work) == "10 True"
    with open_project(tmp_path / "project") as project:
        assert project.case(CASE).steps == 30


def test_the_oracle_sees_a_step_that_is_not_there(tmp_path: Path) -> None:
    script = crash_script()
    script.new_project(tmp_path)
    painter, outcome = script.Painter(), script.Outcome()
    for _ in range(3):  # told, but never recorded
        painter.advance()
    script._compare(tmp_path, painter, [], outcome)
    assert outcome.lost == 1
    assert not outcome.harmless
