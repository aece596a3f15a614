"""nnU-Net's decisions in the window, without a window and without nnU-Net."""

from __future__ import annotations

import json
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from fake_work import FakeWork
from job_fakes import FakeEngine, make_job, measure, tell
from project_fakes import FakeCase

from napari_medssl._napari.presenters.activity import Activity
from napari_medssl._napari.presenters.automatic.canvas import OpenProject
from napari_medssl._napari.presenters.jobs.watch import JobWatch
from napari_medssl._napari.presenters.nnunet import panel as module
from napari_medssl._napari.presenters.nnunet.panel import NnunetPresenter
from napari_medssl.errors import MedSSLError
from napari_medssl.finetune.nnunet.request import plan_arguments, project_source
from napari_medssl.jobs import JobStore
from napari_medssl.project.proposing import ProposeReport

PLAN = {
    "configurations": {
        name: {
            "patch_size": patch,
            "batch_size": 2,
            "spacing": [1.0] * len(patch),
            "median_image_size_in_voxels": patch,
        }
        for name, patch in (("2d", [20, 20]), ("3d_fullres", [16, 20, 20]))
    }
}
GIVEN = {
    "configurations": ("2d", "3d_fullres"),
    "folds": (0, 1, 2, 3, 4),
    "epochs": 1000,
    "iterations": 250,
    "memory_gb": 8.0,
    "workers": 2,
    "encoder": "",
    "device": "auto",
}


class Bench:
    """The presenter between fakes, with a project of cases that are done and new."""

    def __init__(self, root, done=6, new=2) -> None:
        self.folder = root / "study"
        self.folder.mkdir()
        cases = [FakeCase(f"case-{n:03}", "scan", "done", voxels={1: 5}) for n in range(done)]
        cases += [FakeCase(f"case-{n + done:03}", "scan") for n in range(new)]
        self.there = OpenProject(SimpleNamespace(folder=self.folder), tuple(cases), lambda do: do())
        self.store, self.engine, self.view = JobStore(root / "jobs"), FakeEngine(), MagicMock()
        self.work, self.acting, self.kept = FakeWork(), FakeWork(), []
        self.watch = JobWatch(self.store, self.work)
        self.panel = NnunetPresenter(
            self.view,
            self.watch,
            Activity(self.acting, self.view),
            self.store,
            self.engine,
            lambda: self.there,
            lambda: self.kept.append(True),
        )
        self.choose()

    def choose(self, *, everything=False, **changes) -> None:
        self.panel.choose({**GIVEN, **changes}, everything=everything)
        self.acting.answer_all()

    def look(self) -> None:
        self.watch.look()
        self.work.answer_all()
        self.acting.answer_all()

    def act(self) -> None:
        self.acting.answer_all()
        self.look()

    def plan(self, *, cases=6, devices=(("cuda:0", "the GPU"), ("cpu", "the processor"))):
        """As if a job had planned, on the project that is open."""
        source = project_source(self.folder, everything=False)
        job = make_job(self.store, "nnunet-plan", plan_arguments(source, 8.0))
        told = {"cases": cases, "plan": PLAN, "notes": [], "devices": devices, "memory_gb": 8.0}
        (job.artifacts / "plan.json").write_text(json.dumps(told))
        tell(job, state="done")
        self.look()
        return job

    def run(self, **facts):
        """As if a job trained on the project that is open."""
        source = project_source(self.folder, everything=False)
        return make_job(self.store, "nnunet", {"source": source}, title="nnU-Net 2d", **facts)

    def last(self, name):
        """What the view was told last by a method: its words and the rest."""
        told = getattr(self.view, name).call_args
        words = next(arg for arg in told.args if isinstance(arg, str))
        return words, told

    @property
    def said(self) -> str:
        return self.last("show_status")[0]


@pytest.fixture(autouse=True)
def _installed(monkeypatch):
    monkeypatch.setattr(module, "require_nnunet", lambda: None)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_what_is_missing_is_said(bench, tmp_path, monkeypatch):
    words, told = bench.last("show_place")
    assert words.startswith("6 of 8 cases are done: nnU-Net is trained on these")
    assert told.kwargs["may_plan"]
    bench.there = None
    bench.panel.show()
    words, told = bench.last("show_place")
    assert words.startswith("Open a project first")
    assert not told.kwargs["may_plan"]
    (tmp_path / "few").mkdir()
    few = Bench(tmp_path / "few", done=3)
    words, told = few.last("show_place")
    assert words.startswith("3 of 5 cases are done. nnU-Net needs 5 or more")
    assert words.endswith("Mark as done 2 more.")
    assert not told.kwargs["may_plan"]

    def missing():
        raise MedSSLError("nnU-Net is not installed", do="Run 'pip install it'")

    monkeypatch.setattr(module, "require_nnunet", missing)
    few.panel.show()
    assert "pip install it" in few.last("show_place")[0]


def test_outlined_cases_count_where_they_are_wanted(tmp_path):
    bench = Bench(tmp_path, done=4)
    outlined = FakeCase("case-009", "scan", "in work", voxels={1: 5})
    bench.there = OpenProject(bench.there.project, (*bench.there.cases, outlined), lambda do: do())
    bench.choose(everything=True)
    words, told = bench.last("show_place")
    assert words.startswith("5 of 7 cases have an outline")
    assert told.kwargs["may_plan"]


def test_looking_at_the_cases_is_a_job(bench):
    bench.panel.plan()
    bench.act()
    (job,) = bench.engine.submitted
    assert job.spec.kind == "nnunet-plan"
    assert job.spec.arguments == {
        "source": {"project": str(bench.folder.resolve()), "everything": False},
        "memory_gb": 8.0,
    }
    assert bench.said == "It has begun, and goes on when napari is closed."
    tell(job, state="running")
    tell(job, done=2, total=8, doing="Writing the cases")
    bench.look()
    assert bench.last("show_plan")[0] == "Writing the cases… 2 of 8."
    tell(job, state="failed", message="The disk is full.")
    bench.look()
    assert bench.last("show_plan")[0] == "The last look at the cases did not end. The disk is full."
    assert not bench.last("show_effort")[1].kwargs["may_train"]


def test_a_plan_is_found_again_and_says_when_it_is_old(bench):
    bench.plan(cases=5)
    words, told = bench.last("show_plan")
    assert [one.is_made for one in told.args[0]] == [True, True, False, False]
    assert words.startswith("Planned for 5 cases")
    assert words.endswith("There are 6 now: look at them again.")
    bench.choose(memory_gb=4.0)
    assert "look again for others" in bench.last("show_plan")[0]
    bench.choose(everything=True)  # other cases, for which nothing was planned
    assert bench.last("show_plan")[1].args[0] == ()
    bench.choose(everything=False)
    bench.look()
    assert bench.last("show_plan")[1].args[0] != ()


def test_a_plan_of_another_project_is_not_taken(bench, tmp_path):
    bench.plan()
    (tmp_path / "other").mkdir()
    project = SimpleNamespace(folder=tmp_path / "other")
    bench.there = OpenProject(project, bench.there.cases, lambda do: do())
    bench.panel.show()
    assert bench.last("show_plan")[1].args[0] == ()
    assert not bench.last("show_effort")[1].kwargs["may_train"]


def test_the_effort_is_told_before(bench):
    bench.plan()
    words, told = bench.last("show_effort")
    assert words.startswith(
        "10 trainings of 1,000 epochs, each of 250 steps: 10,000 epochs on the GPU 0. That is days"
    )
    assert told.kwargs["may_train"]
    bench.choose(device="cpu", folds=(0,), configurations=("2d",), epochs=1, iterations=1)
    words, _ = bench.last("show_effort")
    assert words.startswith("1 training of 1 epoch, each of 1 step: 1 epoch on the processor. ")
    assert "weeks" not in words
    bench.choose(device="cpu", folds=(0,), configurations=("2d",), epochs=40, iterations=250)
    assert "takes days or weeks. Choose 2d" in bench.last("show_effort")[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"configurations": ()}, "Tick one above"),
        ({"configurations": ("3d_lowres",)}, "Tick one above"),
        ({"folds": ()}, "some of 0, 1, 2, 3, 4"),
    ],
)
def test_what_cannot_be_trained_is_said(bench, changes, said):
    bench.plan()
    bench.choose(**changes)
    words, told = bench.last("show_effort")
    assert said in words
    assert not told.kwargs["may_train"]
    bench.panel.train()
    bench.act()
    assert said in bench.said
    assert bench.engine.submitted == []


def test_training_is_the_job_of_the_command_line(bench, tmp_path):
    bench.plan()
    bench.choose(configurations=("2d",), epochs=20)
    bench.panel.train()
    bench.act()
    (job,) = bench.engine.submitted
    assert (job.spec.kind, job.spec.device, job.spec.title) == ("nnunet", "cuda:0", "nnU-Net 2d")
    given = job.spec.arguments["settings"]
    assert (given["configurations"], given["epochs"], given["folds"]) == (
        ["2d"],
        20,
        [0, 1, 2, 3, 4],
    )
    bench.choose(encoder=str(tmp_path / "gone.pth"))
    bench.panel.train()
    assert "which is no file" in bench.said
    bench.choose(device="cpu")
    bench.panel.train()
    bench.act()
    assert bench.engine.submitted[-1].spec.device == "cpu"


def test_a_second_click_begins_no_second_training(bench):
    bench.plan()
    bench.panel.train()
    bench.panel.train()
    bench.act()
    assert len(bench.engine.submitted) == 1
    bench.panel.train()
    bench.act()
    assert len(bench.engine.submitted) == 2


def test_a_run_is_followed_to_its_end(bench):
    bench.look()
    assert bench.last("show_run")[0] == "Nothing was trained on this project yet."
    job = bench.run(device="cuda:0")
    tell(job, done=1, total=4, doing="Training 2d, fold 0", seconds_left=300)
    bench.look()
    words, told = bench.last("show_run")
    assert words == "nnU-Net 2d: Training 2d, fold 0. About 5 min left."
    assert told.kwargs == {"far": 250, "may_take": False}
    tell(job, state="cancelled", message="It was stopped.")
    bench.look()
    words, _ = bench.last("show_run")
    assert words == "nnU-Net 2d did not end. It was stopped. It can be resumed in Jobs."
    measure(job, 1000, **{"dice 2d": 0.8, "dice chosen": 0.8125})
    tell(job, state="done")
    bench.look()
    words, told = bench.last("show_run")
    assert "Mean Dice on cases that its folds had not seen: 0.812." in words
    assert told.kwargs == {"far": None, "may_take": True}
    tell(job, state="queued")
    bench.look()
    assert bench.last("show_run")[0] == "nnU-Net 2d waits for the GPU 0."


def test_masks_are_taken_as_proposals(bench, monkeypatch):
    job = bench.run()
    tell(job, state="done")
    bench.look()
    asked = []
    report = ProposeReport(("case-006",), (), {"case-007": "It is gone."})
    monkeypatch.setattr(module, "found_masks", lambda artifacts: asked.append(artifacts))
    monkeypatch.setattr(module, "propose_masks", lambda project, found: report)
    bench.panel.take()
    bench.act()
    assert asked == [job.artifacts]
    assert bench.kept == [True]
    assert bench.said == (
        "1 case got a proposal: open one and look at it in Automatic. 1 left out; case-007: It is "
        "gone."
    )


def test_without_a_project_nothing_is_begun(bench):
    bench.there = None
    for act in (bench.panel.plan, bench.panel.train, bench.panel.take):
        act()
    assert bench.acting.jobs == []
    bench.panel.close()
    told = bench.view.show_run.call_count
    bench.look()
    assert bench.view.show_run.call_count == told
