from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_jobs import tiny_job

from napari_medssl.jobs.events import Event
from napari_medssl.jobs.homeward import event_line, file_lines, own_words, take_in

RUNNING = event_line(Event("state", 1.0, {"state": "running"}))
METRIC = event_line(Event("metric", 2.0, {"step": 1, "loss": 0.5}))
DONE = event_line(Event("state", 3.0, {"state": "done"}))


def text(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def made(tmp_path: Path, size: int) -> tuple[Path, list[str]]:
    path = tmp_path / "model.bin"
    path.write_bytes(bytes(range(256)) * (size // 256) + b"end")
    return path, list(file_lines(path))


def test_events_come_once_and_files_before_the_end(tmp_path: Path) -> None:
    job = tiny_job(tmp_path / "jobs")
    path, lines = made(tmp_path, 2_000_000)
    assert len(lines) > 2
    told = text("hello", RUNNING, METRIC)
    taken = take_in(job, told + METRIC[:20], 0)
    assert taken == 2
    assert [event.kind for event in job.events()[0]] == ["state", "metric"]
    taken = take_in(job, told + text(*lines), taken)  # not told that it is done: not looked at
    assert not list(job.artifacts.iterdir())
    taken = take_in(job, told + text(*lines, DONE), taken)
    assert taken == 3
    assert (job.artifacts / "model.bin").read_bytes() == path.read_bytes()
    events, _ = job.events()
    assert [event.time for event in events] == [1.0, 2.0, 3.0]
    assert job.status().state == "done"
    assert own_words(told + text(*lines, DONE)) == "hello\n"


@pytest.mark.parametrize("name", ["../out", "/etc/x", "a/b", "a\\b", ".hidden", ".."])
def test_a_file_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    job = tiny_job(tmp_path / "jobs")
    _, (line,) = made(tmp_path, 256)
    mark, _, rest = line.partition(" ")
    bad = f"{mark} {json.dumps({**json.loads(rest), 'name': name})}"
    take_in(job, text(bad, DONE), 0)
    assert job.status().state == "failed"
    assert "came back damaged" in job.status().message
    assert not list(job.artifacts.iterdir())


@pytest.mark.parametrize("damage", ["lost part", "garbage", "altered"])
def test_damage_is_told_and_nothing_is_kept(tmp_path: Path, damage: str) -> None:
    job = tiny_job(tmp_path / "jobs")
    _, lines = made(tmp_path, 2_000_000)
    bad = {
        "lost part": lines[1:],
        "garbage": [lines[0], lines[0][:40], *lines[2:]],
        "altered": [lines[0].replace("AAEC", "AAED", 1), *lines[1:]],
    }[damage]
    take_in(job, text(*bad, DONE), 0)
    assert job.status().state == "failed"
    assert not list(job.artifacts.iterdir())


def test_garbage_among_events_is_passed_over(tmp_path: Path) -> None:
    job = tiny_job(tmp_path / "jobs")
    assert take_in(job, text("@medssl-event {", METRIC, "@medssl-event 3"), 0) == 3
    assert [event.kind for event in job.events()[0]] == ["metric"]
