"""The Pre-train panel behind its view: from images to an encoder that learning begins with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from fake_work import FakeWork
from job_fakes import FakeEngine, make_job, measure, tell, warn
from learn_fakes import LearnBench, study
from made_encoders import leave_encoder
from nnunet_plans import plan

from napari_medssl._napari.presenters.activity import Activity
from napari_medssl._napari.presenters.automatic.canvas import OpenProject
from napari_medssl._napari.presenters.jobs.watch import JobWatch
from napari_medssl._napari.presenters.learn.learning import Bench
from napari_medssl._napari.presenters.pretrain.panel import PretrainingPresenter, PretrainViews
from napari_medssl._napari.presenters.pretrain.wishes import PretrainWishes
from napari_medssl._napari.presenters.pretrain.words import health_words
from napari_medssl.jobs import Job, JobStore
from napari_medssl.jobs.engine_settings import EngineBook, settings_from
from napari_medssl.jobs.engines import Engines
from napari_medssl.models.trained import trained_cards
from napari_medssl.pretrain.request import KIND
from napari_medssl.project import Project, open_project


class PretrainBench:
    """The presenters of the Pre-train panel between real images and fakes of all else."""

    def __init__(self, home: Path, project: Project | None = None) -> None:
        self.project, self.store, self.engine = project, JobStore(home / "jobs"), FakeEngine()
        self.work, self.acting, self.view = FakeWork(), FakeWork(), MagicMock()
        self.told: list[Any] = []
        self.watch = JobWatch(self.store, self.work)
        self.panel = PretrainingPresenter(
            PretrainViews(*[self.view] * 4),
            self.work,
            Activity(self.acting, self.view),
            self.watch,
            Bench(self.store, self.engine, lambda wanted: "cpu", self.work),
            Engines(),
            self._door,
            lambda *what: self.told.append(what),
        )
        self.look()

    def _door(self) -> OpenProject | None:
        if self.project is None:
            return None
        return OpenProject(self.project, self.project.cases(), lambda call: call())

    def look(self) -> None:
        """Let everything happen that a second brings."""
        for _ in range(3):
            self.watch.look()
            self.panel.show()
            self.work.answer_all()
            self.acting.answer_all()

    def choose(self, **wishes: Any) -> None:
        self.panel.images.choose(PretrainWishes(**wishes))
        self.look()

    def begin(self) -> Job:
        self.panel.images.begin()
        self.acting.answer_all()
        return self.engine.submitted[-1]

    def last(self, name: str) -> Any:
        """Return how a method of the views was called last."""
        return getattr(self.view, name).call_args

    @property
    def why_not(self) -> str:
        return self.last("show_ready").kwargs["why_not"]

    @property
    def encoder(self) -> Any:
        return self.last("show_encoder").args[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project of six cases of which four are done, closed, with its images beside it."""
    return study(tmp_path_factory.mktemp("made")).parent


@pytest.fixture
def folder(made):
    return made / "images"


@pytest.fixture
def bench(tmp_path, folder):
    one = PretrainBench(tmp_path)
    one.choose(folder=folder)
    return one


def test_without_images_it_says_what_to_do(tmp_path):
    bench = PretrainBench(tmp_path)
    assert "Open a project in the Project panel, or choose a folder" in bench.why_not
    (tmp_path / "empty").mkdir()
    bench.choose(folder=tmp_path / "empty")
    assert "There is no image in this folder" in bench.why_not


def test_it_says_what_is_in_a_folder_and_what_that_is_too_few_for(bench):
    found, heed, passed_over = bench.last("show_images").args
    assert found == "6 images of unknown kind, typically 14 x 12 x 6 voxels of 1 x 1 x 1 mm."
    assert heed.startswith("6 images are little")
    assert passed_over == ""
    assert bench.why_not == ""
    assert bench.last("show_methods").args[1] == "simmim"
    told, networks, settings = bench.last("show_method").args
    assert told.why.startswith("Recommended: It fills in what is hidden")
    assert "Xie 2022 (SimMIM)" in told.source
    assert "unet_small" in dict(networks)
    assert "nnunet" not in dict(networks), "it is built from a plan"
    assert [one.name for one in settings][:2] == ["hidden", "cell"]


def test_what_was_measured_is_told_where_it_is_wished_for_so(bench, tmp_path, folder):
    assert "Measured in 3-D on MR" in bench.last("show_method").args[0].measured
    for other in ({"scale": "paper"}, {"dimensions": 2}, {"network": "unet"}, {"nnunet": tmp_path}):
        bench.choose(folder=folder, **other)
        assert bench.last("show_method").args[0].measured == ""


@pytest.mark.parametrize(("wanted", "found"), [(None, "3d_fullres"), (3, "3d_fullres"), (2, "2d")])
def test_a_plan_of_nnunet_takes_the_place_of_a_network(bench, tmp_path, folder, wanted, found):
    pytest.importorskip("nnunetv2")
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan()))
    bench.choose(folder=folder, nnunet=file, network="unet_small", dimensions=wanted)
    given = bench.begin().spec.arguments
    assert given["planned"]["configuration"] == found
    assert given["network"] is None


def test_a_file_that_is_no_plan_begins_nothing(bench, tmp_path, folder):
    pytest.importorskip("nnunetv2")
    file = tmp_path / "plan.json"
    file.write_text("{}")
    bench.choose(folder=folder, nnunet=file)
    bench.panel.images.begin()
    bench.acting.answer_all()
    assert not bench.engine.submitted
    assert "no plan of nnU-Net 2" in str(bench.view.mock_calls)
    bench.look()
    assert bench.why_not == "", "another try is open"


def test_of_many_images_some_are_looked_into_and_masks_are_passed_over(tmp_path, folder):
    many = tmp_path / "many"
    (many / "labels").mkdir(parents=True)
    files = sorted(folder.iterdir())
    for n in range(30):
        shutil.copy(files[n % len(files)], many / f"p{n:02d}.nii.gz")
    shutil.copy(files[0], many / "labels" / "p00.nii.gz")
    (many / "p30.nii.gz").write_bytes(b"no image")
    bench = PretrainBench(tmp_path)
    bench.choose(folder=many)
    found, heed, passed_over = bench.last("show_images").args
    assert found.startswith("31 images of unknown kind")
    assert "Judged by 12 of them" in found
    assert heed == ""
    assert "1 file is a mask, and passed over." in passed_over


def test_a_projects_scans_count_done_or_not(tmp_path, made):
    with open_project(made / "study", read_only=True) as project:
        bench = PretrainBench(tmp_path, project)
        assert bench.last("show_images").args[0].startswith("6 images of unknown kind")
        job = bench.begin()
        assert job.spec.arguments["project"] == str((made / "study").resolve())
        assert "images" not in job.spec.arguments


def test_the_recommended_method_learns_in_a_job(bench, folder):
    job = bench.begin()
    assert (job.spec.kind, job.spec.device) == (KIND, "cpu")
    given = job.spec.arguments
    assert (given["method"], given["minutes"]) == ("simmim", 10)
    assert given["images"] == str(folder)
    assert given["changes"] == {"stop_on_collapse": True}
    assert "even when napari is closed" in bench.last("show_status").args[0]
    bench.look()
    assert "One is learning already" in bench.why_not
    assert bench.last("show_ready").kwargs["learns"], "there is nothing to set"
    bench.panel.images.begin()
    bench.acting.answer_all()
    assert len(bench.engine.submitted) == 1


def test_wishes_reach_the_job(bench, folder):
    bench.choose(
        folder=folder,
        method="simsiam",
        minutes=None,
        scale="paper",
        network="unet_small",
        dimensions=2,
        batch=4,
        seed=7,
        stop_on_collapse=False,
        settings={"pairs": "any"},
    )
    assert bench.last("show_method").args[0].why == "", "another one is recommended"
    spec = bench.begin().spec
    given = spec.arguments
    assert (given["method"], given["scale"], given["minutes"]) == ("simsiam", "paper", None)
    assert (given["network"], given["dimensions"], spec.seed) == ("unet_small", 2, 7)
    assert given["changes"] == {"stop_on_collapse": False, "batch": 4, "pairs": "any"}


def test_what_cannot_be_is_a_sentence(bench, folder):
    bench.choose(folder=folder, method="mae", network="unet_small")
    bench.panel.images.begin()
    bench.acting.answer_all()
    assert not bench.engine.submitted
    assert "with the network 'unet_small'" in bench.last("show_status").args[0]
    bench.look()
    assert bench.why_not == "", "it can be tried again"


def test_a_method_that_needs_more_images_says_so(tmp_path, folder):
    few = tmp_path / "few"
    few.mkdir()
    shutil.copy(sorted(folder.iterdir())[0], few)
    bench = PretrainBench(tmp_path)
    bench.choose(folder=few, method="barlow")
    assert bench.why_not == "This method needs 4 images or more. Add some, or choose another."


def test_engines_beyond_this_machine_are_offered(tmp_path):
    EngineBook().add("gpus", settings_from("ray", gpus=2, cpus=8))
    bench = PretrainBench(tmp_path)
    assert bench.last("show_engines").args[0] == ["gpus"]


def test_its_progress_and_whether_images_come_out_different_are_shown(bench, folder):
    bench.choose(folder=folder, method="simsiam")
    job = bench.begin()
    tell(job, state="running")
    tell(job, done=60, total=240, doing="Learning", seconds_left=90)
    measure(job, 60, loss=0.5, collapse=0.12)
    bench.look()
    facts, health = bench.last("show_run").args
    assert (facts.sentence, facts.far) == ("Learning. About 2 min left.", 250)
    assert health == "The images still come out different: good (collapse 0.12 of 1)."
    story = bench.last("show_story").args[0]
    assert [one.about for one in story.curves[""]] == ["loss", "alike"]
    measure(job, 70, loss=0.5, collapse=0.93)
    warn(job, "All images begin to come out alike.")
    bench.look()
    facts, health = bench.last("show_run").args
    assert facts.warnings == ("All images begin to come out alike.",)
    assert "may be worth little" in health
    bench.panel.run.stop()
    bench.look()
    assert job.stop_asked
    tell(job, state="cancelled")
    bench.look()
    bench.panel.run.go_on()
    bench.acting.answer_all()
    assert bench.engine.submitted == [job, job]


def test_one_that_waits_for_another_says_for_which(bench):
    make_job(bench.store, "count", title="Something else")
    job = bench.begin()
    assert job.status().state == "queued"
    bench.look()
    facts, _ = bench.last("show_run").args
    assert facts.sentence == "Waits for the processor: 'Something else' computes on it."


def test_what_it_learned_is_offered_and_can_be_taken_back(bench):
    job = bench.begin()
    sha256 = leave_encoder(job.artifacts)
    tell(job, state="running")
    bench.look()
    assert bench.encoder is None
    tell(job, state="done")
    bench.look()
    assert list(trained_cards()) == [f"barlow-{sha256[:8]}"]
    assert bench.encoder.offered
    assert bench.encoder.details.startswith("Trained on 2 images of unknown kind.")
    assert "is ready" in bench.last("show_status").args[0]
    assert bench.told == [("'Learning without masks: Hidden cells (SimMIM)' is done.", False)]
    bench.panel.result.offer(False)
    bench.look()
    assert trained_cards() == {}
    assert not bench.encoder.offered
    bench.panel.result.offer(True)
    bench.look()
    assert trained_cards()
    assert bench.encoder.offered


def test_it_is_found_again_after_napari_was_closed(bench, tmp_path):
    job = bench.begin()
    bench.panel.close()
    leave_encoder(job.artifacts, trouble="All came out alike.")
    tell(job, state="running")
    tell(job, state="done")
    again = PretrainBench(tmp_path)
    assert again.encoder.trouble == "All came out alike."
    assert again.encoder.offered, "by name; by itself learning takes none in trouble"
    assert again.last("show_run").args[0].state == "done"


def test_the_learn_panel_begins_with_it_and_says_why(tmp_path, made):
    with open_project(made / "study", read_only=True) as project:
        learn = LearnBench(project, tmp_path).look()
        assert learn.last("show_plan").args[2].startswith("It begins with random weights")
        job = make_job(learn.store, KIND)
        leave_encoder(job.artifacts, spacing_mm=(1, 1, 1))
        tell(job, state="done")
        learn.look().look()
        words = learn.last("show_plan").args[2]
        assert words.startswith("It begins with 'Barlow twins, scans', which learned without masks")
        [(name, title)] = learn.last("show_starts").args[0]
        assert (name, title) == (next(iter(trained_cards())), "Barlow twins, scans")


@pytest.mark.parametrize(
    ("method", "metrics", "begins"),
    [
        ("barlow", {"loss": 1.0}, ""),
        ("barlow", {"collapse": None, "step": 10}, ""),
        ("barlow", {"collapse": 0.8, "step": 10}, "The images come out much alike so far"),
        ("barlow", {"collapse": 0.8, "step": 90}, "The images come out much alike (collapse 0.80"),
        ("swin-unetr", {"collapse": 0.8, "step": 90}, "The images still come out different"),
        (
            "contrastive",
            {"collapse": 0.0, "found": 0.75, "step": 90},
            "The images still come out different: good (75% are found again in another view).",
        ),
        (
            "contrastive",
            {"collapse": 0.0, "found": 0.1, "step": 90},
            "The images come out much alike (10% are found again in another view)",
        ),
        ("simmim", {"loss": 1.0}, "This method cannot collapse."),
        (
            "smit",
            {"teacher_entropy": 0.5, "answers_in_use": 40.0, "token_spread": 0.1},
            "The images still come out different: good (entropy 0.50 of 1, 40 answers in use).",
        ),
        (
            "dino",
            {"teacher entropy": 0.99, "answers in use": 500.0, "step": 90},
            "The images come out much alike (entropy 0.99",
        ),
        (
            "dino",
            {"teacher entropy": 0.1, "answers in use": 1.0, "step": 90},
            "The images come out much alike (entropy 0.10",
        ),
    ],
)
def test_signs_of_collapse_in_words(method, metrics, begins):
    words = health_words(method, metrics)
    assert words.startswith(begins)
    assert bool(words) is bool(begins)
