from __future__ import annotations

from pathlib import Path

import pytest
from made_scans import scan, volume

from napari_medssl.errors import UnreadableFileError, WeightsError
from napari_medssl.io import atomic_write
from napari_medssl.pretrain.images import survey
from napari_medssl.pretrain.images.kept_survey import read_seen, write_seen
from napari_medssl.pretrain.images.prepared import Source
from napari_medssl.pretrain.images.survey import survey_images


def counted(read: list[str], name: str) -> Source:
    def open_it():
        read.append(name)
        if name == "broken":
            raise UnreadableFileError("'x.nii' is cut off")
        return volume(scan(0))

    return Source(name, open_it)


def test_what_was_seen_is_not_read_again(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(survey, "_KEEP_EVERY", 2)
    read: list[str] = []
    sources = [counted(read, name) for name in ("a", "broken", "c", "d", "e")]

    def keep(seen):
        write_seen(tmp_path, seen, atomic_write)

    assert read_seen(tmp_path) == {}
    first = survey_images(sources[:2], before=read_seen(tmp_path), keep=keep)
    told: list[int] = []
    whole = survey_images(sources, told.append, before=read_seen(tmp_path), keep=keep)
    assert read == ["a", "broken", "c", "d", "e"]
    assert told == [3, 4, 5]
    assert first.left_out == whole.left_out == {"broken": "'x.nii' is cut off."}
    assert survey_images(sources, before=read_seen(tmp_path), keep=keep) == whole
    assert len(read) == 5


def test_a_damaged_one_is_a_sentence(tmp_path: Path):
    for text in ("{", '{"a": {"id": "a"}}', "[]"):
        (tmp_path / "survey.json").write_text(text, "utf-8")
        with pytest.raises(WeightsError, match=r"survey\.json"):
            read_seen(tmp_path)
