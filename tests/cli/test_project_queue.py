from __future__ import annotations

import json
from pathlib import Path

import pytest
from applied_projects import study_of, use
from typer.testing import CliRunner, Result

from napari_medssl.cli import app
from napari_medssl.project import open_project
from napari_medssl.project.scores import Scores, save_scores


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """One case done, two looked at, one not yet."""
    with study_of(tmp_path) as project:
        sha256 = use(project, tmp_path, b"first").sha256
        save_scores(project, "case-002", Scores(sha256, "moved", 0.05, 0.2, 1.0))
        save_scores(project, "case-004", Scores(sha256, "moved", 0.25, 0.3, 1.0))
    return tmp_path / "study"


def queue(*arguments: object) -> Result:
    done = CliRunner().invoke(app, ["project", "queue", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done


def test_it_is_a_table_with_the_best_first(study: Path) -> None:
    assert queue(study).stdout.splitlines() == [
        "place  case      name   gain  why",
        "1      case-004  scan3  0.75  the model contradicts itself on 25 % of what it outlined",
        "2      case-002  scan1  0.00  nothing stands out",
        "3      case-003  scan2  -     not looked at yet",
    ]
    lines = queue(study, "--top", 1).stdout.splitlines()
    assert (len(lines), lines[-1]) == (3, "... and 2 more")


def test_machines_get_the_same_and_a_random_order_names_its_seed(study: Path) -> None:
    told = json.loads(queue(study, "--json", "--top", 2).stdout)
    assert told["order"] == "gain"
    assert [(row["place"], row["case"]) for row in told["queue"]] == [
        (1, "case-004"),
        (2, "case-002"),
    ]
    orders = set()
    for seed in range(5):
        told = json.loads(queue(study, "--json", "--order", "random", "--seed", seed).stdout)
        orders.add(tuple(row["case"] for row in told["queue"]))
    assert len(orders) > 1
    assert {len(order) for order in orders} == {3}


def test_before_a_model_is_applied_and_when_all_is_done_it_says_so(tmp_path: Path) -> None:
    with study_of(tmp_path) as project:
        assert "medssl project apply" in queue(project.folder).stdout
        for case in project.cases():
            project.set_status(case.id, "done")
    assert queue(tmp_path / "study").stdout == "Every case is done.\n"
    with open_project(tmp_path / "study", read_only=True):
        assert json.loads(queue(tmp_path / "study", "--json").stdout)["queue"] == []
