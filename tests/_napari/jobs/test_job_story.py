"""A job's story: curves, the newest picture, the end of the log."""

from __future__ import annotations

import os

import numpy as np
import pytest
from job_fakes import make_job, measure
from PIL import Image

from napari_medssl._napari.presenters.jobs.story import StoryReader
from napari_medssl.jobs import Job, JobStore
from napari_medssl.jobs.events import EVENTS, EventLog


@pytest.fixture
def job(tmp_path):
    return make_job(JobStore(tmp_path))


def points(curves):
    return {one.name: list(zip(one.steps, one.values, strict=True)) for one in curves}


def test_curves_grow_and_a_step_measured_again_counts_anew(job):
    reader = StoryReader(job)
    assert reader.read().curves == {}
    measure(job, 1, train_loss=1.0, dice=0.1, note="x", good=True, broken=float("nan"))
    measure(job, 2, train_loss=0.5)
    assert points(reader.read().curves[""]) == {
        "train loss": [(1, 1.0), (2, 0.5)],
        "dice": [(1, 0.1)],
    }
    measure(job, 2, train_loss=0.6)  # resumed from step 1
    measure(job, 3, train_loss=0.4)
    story = reader.read()
    assert points(story.curves[""])["train loss"] == [(1, 1.0), (2, 0.6), (3, 0.4)]
    assert points(StoryReader(job).read().curves[""]) == points(story.curves[""])


def test_what_is_said_of_a_plan_is_kept_as_words_each_once(job):
    reader = StoryReader(job)
    for note in ("Because it fits.", "160 steps.", "Because it fits."):
        measure(job, 0, note=note)
    assert reader.read().notes == ("Because it fits.", "160 steps.")
    assert points(reader.read().curves.get("", ())) == {}
    measure(job, 1, note="More.")
    assert reader.read().notes[-1] == "More."


def test_signs_of_collapse_have_their_own_axis(job):
    measure(job, 1, loss=1.0, collapse=0.1, token_spread=0.9, teacher_entropy=0.5, answers=12)
    of = {one.name: one.about for one in StoryReader(job).read().curves[""]}
    assert [name for name, about in of.items() if about == "alike"] == [
        "collapse",
        "token spread",
        "teacher entropy",
    ]
    assert of["answers"] == "other"


def test_what_a_few_masks_tell_has_an_axis_of_its_own(job):
    measure(job, 0, **{"told apart by a linear layer": 0.4})
    [curve] = StoryReader(job).read().curves[""]
    assert (curve.name, curve.about) == ("told apart by a linear layer", "probe")


def test_each_training_has_its_own_curves_the_newest_last(job):
    for training in ("2d, fold 0", "2d, fold 1", "2d, fold 0"):
        measure(job, 1, training=training, val_loss=1.0, learning_rate=0.1, iou=0.5)
    curves = StoryReader(job).read().curves
    assert list(curves) == ["2d, fold 1", "2d, fold 0"]
    assert [one.about for one in curves["2d, fold 0"]] == ["loss", "other", "dice"]


def test_long_curves_are_thinned_with_both_ends(job, monkeypatch):
    monkeypatch.setattr("napari_medssl._napari.presenters.jobs.story._BLOCK", 1000)
    log = EventLog(job.folder / EVENTS)
    for step in range(1, 2501):
        log.append("metric", step=step, loss=1 / step)
    log.close()
    (loss,) = StoryReader(job).read().curves[""]
    assert len(loss.steps) == 1000
    assert (loss.steps[0], loss.steps[-1]) == (1, 2500)
    assert np.all(np.diff(loss.steps) > 0)
    assert np.allclose(loss.values, 1 / loss.steps)


def test_only_what_is_new_is_read(job, monkeypatch):
    measure(job, 1, loss=1.0)
    reader = StoryReader(job)
    reader.read()
    asked = []
    events = Job.events
    monkeypatch.setattr(Job, "events", lambda job, at, most: asked.append(at) or events(job, at))
    reader.read()
    assert asked == [(job.folder / "events.jsonl").stat().st_size]


def test_the_newest_picture_is_shown_small(job):
    reader = StoryReader(job)
    assert reader.read().picture is None
    for n, name in enumerate(("preview-9.png", "preview-10.png")):
        Image.new("L", (1280, 320), 100 + n).save(job.artifacts / name)
        os.utime(job.artifacts / name, (n, n))
    (job.artifacts / "mask.png").write_bytes(b"")
    picture = reader.read().picture
    assert picture.name == "preview-10.png"
    assert picture.pixels.shape == (160, 640, 3)
    assert (picture.pixels == 101).all()
    assert reader.read().picture is picture
    (job.artifacts / "preview-11.png").write_bytes(b"half a pic")
    assert reader.read().picture is picture


def test_the_end_of_the_log(job):
    assert StoryReader(job).read().log == ""
    (job.folder / "log.txt").write_text("short\n")
    assert StoryReader(job).read().log == "short\n"
    (job.folder / "log.txt").write_text("".join(f"line {n}\n" for n in range(9000)))
    log = StoryReader(job).read().log
    assert log.endswith("line 8999\n")
    assert log.startswith("line ")
    assert len(log) <= 30_000
