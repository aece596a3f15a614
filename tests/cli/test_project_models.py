"""``medssl project models``: what a project learned is listed and decided on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from learning_projects import QuickLearning, balls, job_of, run, task_for
from typer.testing import CliRunner, Result

from napari_medssl.cli import app
from napari_medssl.project import open_project


def models(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["project", "models", *map(str, arguments)])


def told(*arguments: object) -> dict:
    done = models(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str, str]:
    """A project, and two models that wait: one that was better than nothing, one of two cases."""
    quick = QuickLearning(monkeypatch)
    folder = balls(tmp_path, 9)
    names = []
    for finds in (175.0, 90.0):
        quick.finds = finds
        job = job_of(task_for(folder), tmp_path / "jobs")
        run(job)
        done = models(folder, "--from", job.spec.id, "--folder", tmp_path / "jobs")
        assert done.exit_code == 0, done.output
        names.append(told(folder)["models"][-1]["sha256"][:8])
    return folder, names[0], names[1]


def test_the_candidates_are_listed_with_what_the_gate_says(study) -> None:
    folder, good, bad = study
    lines = models(folder).stdout.splitlines()
    assert lines[0].startswith(f"{good}  candidate")
    assert "Better: Mean Dice +" in lines[0]
    assert lines[1].startswith(f"{bad}  candidate")
    assert "Not better: Mean Dice -" in lines[1]
    figures = told(folder)["models"][0]["figures"]
    assert figures["labels"][0]["new_dice"] > 0.99
    assert len(figures["roles"]["test"]) == 3


def test_what_a_job_brings_is_told_with_its_table_and_the_worst_case(study, tmp_path) -> None:
    folder, _, bad = study
    job = max((tmp_path / "jobs").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    said = models(folder, "--from", job).stdout
    assert "HD95 old" in said
    assert "Look first at case-0" in said
    assert "It is not proposed" in said
    assert f"--reject {bad}" in said


def test_a_model_is_accepted_replaced_and_taken_back(study) -> None:
    folder, good, bad = study
    done = models(folder, "--accept", good)
    assert f"The model {good} is in use from now on." in done.stdout
    assert f"medssl project apply {folder}" in done.stdout
    done = models(folder, "--accept", bad)
    assert done.exit_code == 2
    assert "compared with another one than is in use now" in done.output
    assert told(folder, "--accept", bad, "--anyway")["state"] == "current"
    assert told(folder, "--rollback", good)["state"] == "current"
    states = {one["sha256"][:8]: one["state"] for one in told(folder)["models"]}
    assert states == {good: "current", bad: "former"}
    status = CliRunner().invoke(app, ["project", "status", str(folder), "--json"])
    assert json.loads(status.stdout)["model"]["new"] == {"cases": 0, "slices": 0}


def test_a_model_is_rejected_or_kept(study) -> None:
    folder, good, bad = study
    assert told(folder, "--reject", bad)["state"] == "rejected"
    done = models(folder, "--accept", bad)
    assert done.exit_code == 2
    assert "not found to be better" in done.output
    assert told(folder, "--keep", good)["state"] == "kept"
    assert told(folder, "--accept", good)["state"] == "current"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--accept", "a", "--reject", "b"], "more than one decision"),
        (["--anyway"], "--anyway without --accept"),
        (["--accept", "ffff"], "no model 'ffff'"),
        (["--from", "nobody"], "there is no job 'nobody'"),
    ],
)
def test_wrong_input_is_one_sentence(tmp_path: Path, arguments, said) -> None:
    done = models(balls(tmp_path, 1), *arguments, "--folder", tmp_path / "jobs")
    assert done.exit_code == 2
    assert said in done.output


def test_an_empty_project_says_how_to_begin(tmp_path: Path) -> None:
    folder = balls(tmp_path, 1)
    assert "Learn one with 'medssl project learn'" in models(folder).stdout
    with open_project(folder):
        done = models(folder, "--accept", "ffff")
        assert done.exit_code == 1
        assert "open in another window" in done.output
