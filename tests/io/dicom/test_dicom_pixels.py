"""Frames of many files in one array, decoded here or in a child."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from dicom_phantoms import plain_image, save
from pydicom import uid

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io.dicom import pixels as dicom_pixels
from napari_medssl.io.dicom.headers import read_image_file
from napari_medssl.io.dicom.pixels import Wanted, decode

if TYPE_CHECKING:
    from pathlib import Path

VALUES = np.add.outer(np.arange(64), 2 * np.arange(64)).astype("u1")


def _wanted(path: Path, frames: tuple[int, ...], values: np.ndarray[Any, Any]) -> Wanted:
    save(path, plain_image(values))
    return Wanted(path, read_image_file(path).pixels, frames)


def test_frames_come_in_the_order_asked(tmp_path: Path) -> None:
    one = np.arange(60, dtype="u2").reshape(3, 4, 5)
    wanted = [
        _wanted(tmp_path / "a", (2, 0), one),
        _wanted(tmp_path / "b", (1,), one + np.uint16(100)),
    ]
    assert (decode(wanted) == np.stack([one[2], one[0], one[1] + 100])).all()


def test_types_that_differ_are_widened(tmp_path: Path) -> None:
    signed = _wanted(tmp_path / "a", (0,), np.full((2, 2), -5, "i2"))
    unsigned = _wanted(tmp_path / "b", (0,), np.full((2, 2), 60_000, "u2"))
    both = decode([signed, unsigned])
    assert both.dtype == np.int32
    assert both[:, 0, 0].tolist() == [-5, 60_000]


def test_only_compiled_decoders_are_sent_to_a_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, Any]] = []

    def child(function: Any, request: Any, **limits: Any) -> Any:
        sent.append(limits)
        return function(request)

    monkeypatch.setattr(dicom_pixels, "run_in_child", child)
    for syntax in (uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless):
        ds = plain_image(VALUES)
        ds.compress(syntax)
        path = save(tmp_path / "x.dcm", ds)
        values = decode([Wanted(path, read_image_file(path).pixels, (0,))])
        assert (values[0] == VALUES).all()
    assert len(sent) == 2
    assert all(limits["memory_bytes"] < 1e6 for limits in sent)
    assert sent[0]["subject"] == "'x.dcm'"


def test_a_file_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    wanted = _wanted(tmp_path / "a.dcm", (0,), np.zeros((2, 2), "u2"))
    wanted.path.unlink()
    with pytest.raises(UnreadableFileError, match=r"'a\.dcm'"):
        decode([wanted])
