from __future__ import annotations

from pathlib import Path

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.jobs import JobStore, jobs_folder, new_spec
from napari_medssl.jobs.events import EVENTS, EventLog


def test_jobs_are_found_wherever_they_lie(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs")
    assert store.jobs() == []
    inside = store.create(new_spec("count", {}))
    outside = store.create(new_spec("tally", {}), at=tmp_path / "results")
    assert inside.folder == tmp_path / "jobs" / inside.spec.id
    assert {job.folder for job in store.jobs()} == {inside.folder, tmp_path / "results"}
    assert store.find(inside.spec.id).folder == inside.folder
    assert store.find(str(outside.folder)).spec == outside.spec
    assert inside.status().state == "queued"
    (tmp_path / "jobs" / "stray").mkdir()
    assert len(store.jobs()) == 2


def test_what_is_there_is_never_taken(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs")
    store.create(new_spec("count", {}), at=tmp_path / "results")
    with pytest.raises(UsageError, match="a job in 'results' already"):
        store.create(new_spec("count", {}), at=tmp_path / "results")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="holds other files"):
        store.create(new_spec("count", {}), at=tmp_path / "mine")


def test_names_must_tell_one_job(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    jobs = [store.create(new_spec("count", {})) for _ in range(2)]
    assert store.find(jobs[0].spec.id).spec == jobs[0].spec
    with pytest.raises(UsageError, match="2 jobs begin with '20"):
        store.find("20")
    with pytest.raises(UsageError, match="no job 'x'"):
        store.find("x")
    assert jobs_folder().name == "jobs"


def test_a_job_is_forgotten_with_its_folder_only_where_that_is_the_stores(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs")
    inside = store.create(new_spec("count", {}))
    outside = store.create(new_spec("count", {}), at=tmp_path / "results")
    with pytest.raises(UsageError, match="Stop it first"):
        store.remove(inside)
    for job in (inside, outside):
        log = EventLog(job.folder / EVENTS)
        log.append("state", state="done")
        log.close()
    assert store.is_inside(inside)
    assert not store.is_inside(outside)
    store.remove(inside)
    store.remove(outside)
    assert store.jobs() == []
    assert not inside.folder.exists()
    assert (outside.folder / "spec.json").is_file()
