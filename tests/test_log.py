from __future__ import annotations

from pathlib import Path

import pytest

from napari_medssl.log import log_file, record_unforeseen


def test_keeps_where_but_not_what(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    try:
        raise ValueError("could not open /home/DOE^JANE/scan.dcm")
    except ValueError as error:
        kept = record_unforeseen(error)
    assert kept == log_file()
    text = kept.read_text()
    assert "ValueError" in text
    assert "test_keeps_where_but_not_what" in text
    assert "JANE" not in text


def test_an_unwritable_folder_is_no_second_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    assert record_unforeseen(RuntimeError("x")) is None
