"""Several processes of a job: what torchrun does stands for itself in the slow test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from napari_medssl.jobs import JobStore, new_spec, ranks
from napari_medssl.jobs.ranks import run_together, write_verdict


@pytest.fixture
def job(tmp_path: Path):
    return JobStore(tmp_path).create(new_spec("count", {}, processes=3))


def program(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(ranks, "_command", lambda *_: [sys.executable, "-c", code])


def test_the_first_process_says_how_it_ended(job, monkeypatch: pytest.MonkeyPatch) -> None:
    write_verdict(job.folder, "done", "of an earlier time")
    program(
        monkeypatch,
        "from pathlib import Path; from napari_medssl.jobs.ranks import write_verdict; "
        f"write_verdict(Path({str(job.folder)!r}), 'failed', 'No blood.')",
    )
    assert run_together(job, {}) == ("failed", "No blood.")


def test_without_its_word_it_failed(job, monkeypatch: pytest.MonkeyPatch) -> None:
    write_verdict(job.folder, "done", "of an earlier time")
    program(monkeypatch, "raise SystemExit(9)")
    state, words = run_together(job, {})
    assert state == "failed"
    assert "One of its 3 processes ended without a word" in words
    job.ask_to_stop()
    assert run_together(job, {})[0] == "cancelled"


def test_torchrun_is_told_how_many_and_where(job) -> None:
    command = ranks._command(job, {"/a": "/b"})
    assert "--nproc-per-node=3" in command
    assert command[-2:] == [str(job.folder), "--path=/a=/b"]
