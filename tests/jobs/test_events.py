from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from napari_medssl.errors import SaveError
from napari_medssl.jobs.events import EVENTS, EventLog, read_events


def test_lines_come_back_from_where_one_stopped(tmp_path: Path) -> None:
    log = EventLog(tmp_path / EVENTS)
    assert log.append("progress", done=1, total=4, doing="Grüße")
    first, at = read_events(tmp_path / EVENTS)
    assert (first[0].kind, first[0].facts["doing"]) == ("progress", "Grüße")
    log.append("metric", step=1, loss=float("nan"), dice=[0.5, float("inf")])
    (second,), _ = read_events(tmp_path / EVENTS, at)
    assert second.facts == {"step": 1, "loss": None, "dice": [0.5, None]}
    log.close()
    assert read_events(tmp_path / "none") == ([], 0)


def test_a_long_file_is_read_in_blocks_of_whole_lines(tmp_path: Path) -> None:
    log = EventLog(tmp_path / EVENTS)
    for step in range(50):
        log.append("metric", step=step)
    log.close()
    steps, at, blocks = [], 0, 0
    while True:
        events, after = read_events(tmp_path / EVENTS, at, 200)
        if after == at:
            break
        assert 0 < after - at <= 200
        steps += [event.facts["step"] for event in events]
        at, blocks = after, blocks + 1
    assert steps == list(range(50))
    assert blocks > 5


def test_a_torn_last_line_is_passed_over_and_mended(tmp_path: Path) -> None:
    path = tmp_path / EVENTS
    log = EventLog(path)
    log.append("warning", text="one")
    log.close()
    with path.open("ab") as file:
        file.write(b'{"event": "warning", "ti')
    assert len(read_events(path)[0]) == 1
    log = EventLog(path)
    log.append("warning", text="two")
    log.close()
    assert [event.facts["text"] for event in read_events(path)[0]] == ["one", "two"]


def test_lines_that_are_no_events_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / EVENTS
    lines = [b"[1]", b"\xff\xfe", b'{"event": "party", "time": 1}', b'{"event": "metric"}', b""]
    path.write_bytes(b"\n".join(lines) + b'\n{"event": "metric", "time": 1, "step": 2}\n')
    assert [event.facts for event in read_events(path)[0]] == [{"step": 2}]


def test_a_reader_never_sees_a_broken_line(tmp_path: Path) -> None:
    path, count = tmp_path / EVENTS, 1500
    log = EventLog(path)

    def write(part: int) -> None:
        for n in range(count):
            log.append("metric", step=n, part=part, filling="x" * (n % 300))

    writers = [threading.Thread(target=write, args=(part,)) for part in range(2)]
    for writer in writers:
        writer.start()
    found, at = [], 0
    while any(writer.is_alive() for writer in writers):
        events, at = read_events(path, at)
        found += events
    found += read_events(path, at)[0]
    log.close()
    for part in range(2):
        assert [e.facts["step"] for e in found if e.facts["part"] == part] == list(range(count))


@pytest.mark.parametrize("written", [None, 0, 7])
def test_a_full_disk_costs_an_event_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int | None
) -> None:
    path = tmp_path / EVENTS
    log = EventLog(path)
    log.append("warning", text="before")
    real = os.write

    def full(file: int, data: bytes) -> int:
        if written is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, data[:written])

    monkeypatch.setattr(os, "write", full)
    assert not log.append("warning", text="lost")
    assert not log.append("state", state="done")
    monkeypatch.undo()
    assert log.append("warning", text="after")
    log.close()
    events, _ = read_events(path)
    assert [event.facts["text"] for event in events] == ["before", "after"]
    assert events[1].facts["lost_before"] == 2


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match=r"events.jsonl"):
        EventLog(tmp_path / "gone" / EVENTS)
