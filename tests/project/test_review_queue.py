from __future__ import annotations

from pathlib import Path

import pytest
from case_studies import project_of
from test_project_versions import candidate

from napari_medssl.project import Project, open_project
from napari_medssl.project.review_queue import QueueRow, review_queue
from napari_medssl.project.scores import Scores, save_scores
from napari_medssl.project.versions import accept


@pytest.fixture
def project(tmp_path: Path):
    with project_of(tmp_path, images=5) as opened:
        opened.set_status("case-005", "done")
        yield opened


def use_a_model(project: Project, folder: Path, *unsure: float, content: bytes = b"a") -> None:
    """Take a model in use that was run on the first cases."""
    version = accept(project, candidate(project, folder, content))
    for n, value in enumerate(unsure, 1):
        scores = Scores(version.sha256, "moved", value, value, value)
        save_scores(project, f"case-{n:03d}", scores)


def test_without_a_model_nothing_was_looked_at(project: Project) -> None:
    assert review_queue(project) == tuple(
        QueueRow(f"case-00{n}", None, "not looked at yet") for n in range(1, 5)
    )


def test_the_best_comes_first_and_what_was_not_looked_at_last(project, tmp_path) -> None:
    use_a_model(project, tmp_path, 0.1, 0.4, 0.3)
    with open_project(project.folder, read_only=True) as looking:
        queue = review_queue(looking)
    assert [row.case[-1] for row in queue] == ["2", "3", "1", "4"]
    assert [row.gain for row in queue] == [0.75, 0.375, 0.0, None]
    assert queue[0].reason == "the model contradicts itself on 40 % of what it outlined"
    assert queue[3].reason == "not looked at yet"
    project.set_status("case-002", "done")
    assert [row.case[-1] for row in review_queue(project)] == ["3", "1", "4"]


def test_what_another_model_said_does_not_count(project, tmp_path) -> None:
    use_a_model(project, tmp_path, 0.1, 0.4)
    use_a_model(project, tmp_path, content=b"another")
    assert {row.gain for row in review_queue(project)} == {None}


def test_a_random_order_is_kept_when_cases_are_done(project, tmp_path) -> None:
    use_a_model(project, tmp_path, 0.1, 0.4)
    before = [row.case for row in review_queue(project, "random")]
    assert sorted(before) == [f"case-00{n}" for n in range(1, 5)]
    project.set_status(before[1], "done")
    after = [row.case for row in review_queue(project, "random")]
    assert after == [case for case in before if case != before[1]]
    orders = {tuple(row.case for row in review_queue(project, "random", n)) for n in range(20)}
    assert len(orders) > 3
