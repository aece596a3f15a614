"""Jobs in words."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from napari_medssl._napari.presenters.jobs.watch import Seen
from napari_medssl._napari.presenters.jobs.words import (
    device_words,
    end_words,
    facts_of,
    moment,
    numbers_of,
    row_of,
)
from napari_medssl.jobs import Job, Status, new_spec


def seen(tmp_path, *, device="cpu", title="nnU-Net", **status) -> Seen:
    return Seen(Job(tmp_path, new_spec("count", {}, title=title, device=device)), Status(**status))


def test_a_row_says_how_far_and_how_long(tmp_path):
    row = row_of(seen(tmp_path, state="running", done=21, total=50, seconds_left=200))
    assert row.line.startswith("running · 42 % · 3 min left · processor · ")
    waits = row_of(seen(tmp_path, state="queued", device="cuda:1"))
    assert waits.line.startswith("waits · GPU 1 · ")


def test_who_waits_says_for_whom(tmp_path):
    before = seen(tmp_path, state="running", title="The first")
    other = seen(tmp_path, state="running", title="Elsewhere", device="cuda:0")
    waits = seen(tmp_path, state="queued")
    facts = facts_of(waits, [waits, other, before], is_inside=True)
    assert facts.sentence == "Waits for the processor: 'The first' computes on it."
    assert facts_of(waits, [waits, other], is_inside=True).sentence == "It begins."


@pytest.mark.parametrize(
    ("state", "stop", "resume", "remove"),
    [
        ("queued", True, False, False),
        ("running", True, False, False),
        ("done", False, False, True),
        ("failed", False, True, True),
        ("cancelled", False, True, True),
        ("interrupted", False, True, True),
    ],
)
def test_what_can_be_done_depends_on_the_state(tmp_path, state, stop, resume, remove):
    facts = facts_of(seen(tmp_path, state=state), [], is_inside=True)
    assert (facts.may_stop, facts.may_resume, facts.may_remove) == (stop, resume, remove)


def test_facts_of_a_running_and_of_an_ended_job(tmp_path):
    one = seen(
        tmp_path, state="running", doing="Epoch 3", seconds_left=30, metrics={"memory_gb": 4.25}
    )
    facts = facts_of(one, [one], is_inside=False)
    assert facts.sentence == "Epoch 3. About 30 s left."
    assert facts.far is None
    assert facts.numbers == (("memory gb", "4.25"),)
    over = facts_of(seen(tmp_path, state="done", since=time.time()), [], is_inside=True)
    assert over.sentence == f"Done at {datetime.now():%H:%M}."
    assert facts_of(seen(tmp_path, state="failed"), [], is_inside=True).sentence == "Failed."


def test_an_end_is_a_sentence(tmp_path):
    assert end_words(seen(tmp_path, state="done")) == "'nnU-Net' is done."
    assert end_words(seen(tmp_path, state="failed", message="Why.")) == "'nnU-Net' failed. Why."
    assert end_words(seen(tmp_path, state="cancelled")) == "'nnU-Net' was stopped."


def test_numbers_devices_and_moments():
    told = {"step": 3, "loss": 0.123456, "cases": 1200, "training": "2d", "ok": True, "nan": None}
    assert numbers_of(told) == (("loss", "0.1235"), ("cases", "1,200"))
    assert [device_words(name) for name in ("cpu", "cuda:0", "mps")] == [
        "processor",
        "GPU 0",
        "GPU",
    ]
    assert moment(datetime(2020, 2, 3, tzinfo=UTC).timestamp()).endswith("February 2020")
    assert moment(None) == ""
