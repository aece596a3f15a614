from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny_jobs import tiny_job

from napari_medssl.errors import UsageError
from napari_medssl.jobs import Job
from napari_medssl.jobs.lock import FileLock
from napari_medssl.jobs.runner import execute, known_recipes


def executed(job: Job, recipe: Any) -> tuple[bool, list[tuple[str, dict[str, Any]]]]:
    """Run a recipe in this process; return how it ended and all it told."""
    well = execute(job.folder, lambda kind: recipe)
    return well, [(event.kind, dict(event.facts)) for event in job.events()[0]]


def test_what_a_recipe_tells_is_told_between_its_states(tmp_path: Path) -> None:
    def recipe(job: Job, report: Any, should_stop: Any) -> bool:
        assert not should_stop()
        report.progress(1, 2, "Half", seconds_left=3.0)
        report.metric(7, loss=0.5)
        report.warning("It is slow.")
        return True

    well, told = executed(tiny_job(tmp_path), recipe)
    assert well
    assert told == [
        ("state", {"state": "queued"}),
        ("state", {"state": "running"}),
        ("progress", {"done": 1, "total": 2, "doing": "Half", "seconds_left": 3.0}),
        ("metric", {"step": 7, "loss": 0.5}),
        ("warning", {"text": "It is slow."}),
        ("state", {"state": "done"}),
    ]


def test_work_that_was_stopped_is_cancelled_and_that_is_no_failure(tmp_path: Path) -> None:
    job = tiny_job(tmp_path)
    well, told = executed(job, lambda *_: False)
    assert well
    assert told[-1][1] == {
        "state": "cancelled",
        "message": "It was stopped; the best so far is kept.",
    }


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UsageError("a stone", expected="bread"), "a stone; expected bread."),
        (MemoryError(), "The memory did not suffice"),
        (type("OutOfMemoryError", (RuntimeError,), {})(), "The memory did not suffice"),
        (KeyError("DOE^JANE"), "Something unforeseen went wrong (KeyError)"),
    ],
)
def test_a_failure_is_a_sentence(tmp_path: Path, error: Exception, said: str) -> None:
    def recipe(*_: Any) -> bool:
        raise error

    well, told = executed(tiny_job(tmp_path), recipe)
    assert not well
    assert told[-1][1]["state"] == "failed"
    assert said in told[-1][1]["message"]
    assert "DOE" not in told[-1][1]["message"]


def test_the_lock_and_the_device_are_free_afterwards(tmp_path: Path) -> None:
    first, second = tiny_job(tmp_path), tiny_job(tmp_path)
    assert executed(first, lambda *_: True)[0]
    assert executed(second, lambda *_: True)[0]
    lock = FileLock(first.folder / "lock")
    assert lock.take()
    lock.give_back()


def test_a_kind_nobody_knows_is_refused_with_those_there_are() -> None:
    made: list[str] = []

    def one() -> Any:
        made.append("one")
        return lambda *_: True

    recipe_of = known_recipes({"train": one, "measure": one})
    assert not made, "a recipe is imported only when its job runs"
    recipe_of("train")
    assert made == ["one"]
    with pytest.raises(UsageError, match="'paint'; expected measure or train"):
        recipe_of("paint")
