from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from napari_medssl.errors import SaveError, UnreadableFileError
from napari_medssl.jobs.files import get_json, not_saved, put_json


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    for facts in ({"name": "Zoë", "n": [1, 2.5, None]}, {}):
        put_json(path, facts)
        assert get_json(path) == facts
    assert os.listdir(tmp_path) == ["facts.json"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "facts.json"
    put_json(path, {"n": 1})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SaveError, match=r"'facts\.json' could not be written: the disk is full"):
        put_json(path, {"n": 2})
    assert get_json(path) == {"n": 1}
    assert os.listdir(tmp_path) == ["facts.json"]


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b"\xff\xfe", b'"text"'])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "spec.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"'spec\.json' of the job is"):
        get_json(path)


def test_a_reason_is_told_without_the_folder() -> None:
    error = not_saved(PermissionError(errno.EACCES, "Permission denied"), Path("/ward/DOE/a.json"))
    assert "'a.json' could not be written: permission denied" in str(error)
    assert "DOE" not in str(error)
