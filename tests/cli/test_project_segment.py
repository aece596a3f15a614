"""``medssl project segment`` and ``proposals``, with a network that is none."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from segment_stand_ins import CARD as ORGANS
from segment_stand_ins import Options
from typer.testing import CliRunner, Result

from napari_medssl.cli import app  # noqa: F401 - it puts the commands together
from napari_medssl.cli.project import project_app
from napari_medssl.errors import ReadOnlyError, UsageError
from napari_medssl.io import write_volume
from napari_medssl.jobs import LocalEngine
from napari_medssl.models import device, trained
from napari_medssl.project import create_project, open_project
from napari_medssl.project.segment_task import SegmentTask
from napari_medssl.volume import Geometry, Notice, Volume

SHAPE = (6, 8, 10)
CARD = replace(ORGANS, name="ct", sha256="c0ffee00c0ffee")


class Halves:
    """Finds a liver in the lower half and a spleen in the upper one."""

    def run(self, volume, options, *, progress, stop):
        progress(1, 1)
        labels = np.ones(volume.geometry.shape, np.uint8)
        labels[3:] = 2
        unsure = np.zeros(labels.shape, np.float16) if options.uncertainty else None
        return SimpleNamespace(labels=labels, uncertainty=unsure, notices=())


def fitness(card, volume):
    return [Notice("spacing", "It is too wide.")] if volume.geometry.shape[2] > 10 else []


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of three cases, the last one of another size."""
    automatic = SimpleNamespace(RunOptions=Options, load_automatic=lambda name, device: Halves())
    monkeypatch.setitem(sys.modules, "napari_medssl.segment.automatic", automatic)
    fit = SimpleNamespace(fitness=fitness)
    monkeypatch.setitem(sys.modules, "napari_medssl.segment.fitness", fit)
    monkeypatch.setattr(trained, "find_trained", lambda name: (Path("ct.safetensors"), CARD))
    with create_project(tmp_path / "study") as project:
        for n in range(3):
            shape = (*SHAPE[:2], 10 + n // 2)
            array = np.full(shape, n, np.int16)
            volume = Volume.from_source_array(array, Geometry(shape), name="a", format="made")
            project.add(write_volume(volume, tmp_path / f"scan{n}.nii.gz"))
    return tmp_path / "study"


def project(*arguments: object) -> Result:
    done = CliRunner().invoke(project_app, [str(a) for a in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_a_model_is_run_and_its_labels_accepted(study: Path) -> None:
    done = project("segment", study, "--model", "ct", "--json")
    assert done.exit_code == 1, "one case does not suit"
    told = json.loads(done.stdout)
    assert told["done"] == ["case-001", "case-002"]
    assert told["left_out"] == {"case-003": "It is too wide."}
    waiting = json.loads(project("proposals", study, "--json").stdout)["proposals"]
    assert [one["case"] for one in waiting] == ["case-001", "case-002"]
    assert waiting[0]["settings"]["overlap"] == 0.5
    assert "case-001  scan0  Organs in CT (c0ffee00): liver, spleen" in (
        project("proposals", study).stdout
    )
    done = project("proposals", study, "--accept", "case-001", "--labels", "spleen")
    assert "spleen accepted, 240 voxels changed" in done.stdout
    done = project("proposals", study, "--accept", "case-001", "--json")
    assert json.loads(done.stdout)["labels"] == {"liver": 1}
    project("proposals", study, "--discard", "case-002")
    assert "Nothing waits" in project("proposals", study).stdout
    with open_project(study, read_only=True) as opened:
        state = opened.load("case-001")
        assert (state.labels[:3] == 1).all()
        assert (state.labels[3:] == 2).all()
        assert [step.words for step in state.history.done] == [
            "Accept 'spleen'",
            "Accept 'liver'",
        ]


def test_a_run_goes_on_where_it_was_and_can_be_forced(study: Path) -> None:
    project("segment", study, "--model", "ct", "--cases", "case-001")
    told = json.loads(project("segment", study, "--model", "ct", "--json").stdout)
    assert (told["done"], told["already"]) == (["case-002"], ["case-001"])
    again = ("segment", study, "--model", "ct", "--cases", "case-003,case-001", "--again")
    done = project(*again, "--anyway", "--uncertainty", "--keep-largest", "--min-ml", "0.5")
    assert done.exit_code == 0
    assert "2 cases got a proposal of 'Organs in CT'." in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("proposals", "--accept", "case-001", "--discard", "case-001"),
        ("proposals", "--labels", "liver"),
        ("proposals", "--accept", "case-001"),
        ("segment", "--model", "ct", "--flips"),
        ("segment", "--model", "ct", "--cases", "case-009"),
    ],
)
def test_wrong_usage_is_a_sentence(study: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        project(arguments[0], study, *arguments[1:])


def test_beside_an_open_window_cases_are_run_and_nothing_is_decided(study: Path) -> None:
    with open_project(study):
        assert project("segment", study, "--model", "ct", "--cases", "case-001").exit_code == 0
        with pytest.raises(ReadOnlyError, match="another window"):
            project("proposals", study, "--discard", "case-001")
        assert "case-001" in project("proposals", study).stdout


def test_in_the_background_it_is_a_job(study: Path, tmp_path: Path, monkeypatch) -> None:
    started = []
    monkeypatch.setattr(LocalEngine, "submit", lambda self, job: started.append(job))
    monkeypatch.setattr(device, "pick_device", lambda wanted: "cpu" if wanted == "auto" else wanted)
    more = ("--overlap", "0.25", "--keep-largest", "--cases", "case-003, case-001", "--anyway")
    place = ("--background", "--folder", tmp_path / "jobs", "--json")
    told = json.loads(project("segment", study, "--model", "ct", *more, *place).stdout)
    (job,) = started
    assert (told["id"], Path(told["folder"])) == (job.spec.id, job.folder)
    task = SegmentTask.of(job.spec.arguments)
    assert (task.cases, task.anyway, task.again) == (("case-003", "case-001"), True, False)
    assert (task.options["overlap"], task.options["keep_largest"]) == (0.25, "all")
    assert (Path(task.project), Path(task.model).is_absolute()) == (study.resolve(), True)
    words = project("segment", study, "--model", "ct", *place[:-1]).stdout
    assert "has begun: 'medssl jobs watch" in words
    assert SegmentTask.of(started[-1].spec.arguments).cases == ("case-001", "case-002", "case-003")
