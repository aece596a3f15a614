"""Edits as data: what they hold, and what their bytes survive."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_medssl.correct import Edit
from napari_medssl.correct import edit as edit_module
from napari_medssl.correct.edit import _HEAD, _MAGIC
from napari_medssl.errors import GeometryError, SaveError, UnreadableFileError, UsageError

SHAPE = (5, 7, 9)


def same(one: Edit, other: Edit) -> bool:
    return (one.low, one.shape) == (other.low, other.shape) and all(
        np.array_equal(getattr(one, part), getattr(other, part))
        for part in ("bits", "before", "after")
    )


def change(seed: int, kind: type = np.uint8, most: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    before = rng.integers(0, most, SHAPE).astype(kind)
    after = before.copy()
    where = rng.random(SHAPE) < rng.choice([0.01, 0.2, 1.0])
    after[where] = rng.integers(0, most, where.sum())
    return before, after


@pytest.mark.parametrize(
    ("kind", "most"),
    [(np.uint8, 255), (np.uint16, 60_000), (np.uint32, 2**32 - 1), (np.int64, 300), (bool, 2)],
)
@pytest.mark.parametrize("seed", range(12))
def test_bytes_come_back_as_they_went_whatever_the_type(kind: type, most: int, seed: int) -> None:
    before, after = change(seed, kind, most)
    edit = Edit.between(before, after, (3, 0, 1))
    if edit is None:
        assert (before == after).all()
        return
    back = Edit.from_bytes(edit.to_bytes())
    assert same(edit, back)
    assert [v.dtype for v in (edit.before, edit.after)] == [back.before.dtype, back.after.dtype]
    whole = np.zeros((8, 7, 10), np.uint32)
    whole[3:, :, 1:] = before
    back.apply(whole)
    assert (whole[3:, :, 1:] == after).all()
    back.revert(whole)
    assert (whole[3:, :, 1:] == before).all()
    assert back.count == np.count_nonzero(before != after)


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_every_damaged_byte_and_every_cut_is_told(seed: int) -> None:
    before, after = change(seed)
    edit = Edit.between(before, after)
    assert edit is not None
    packed = edit.to_bytes()
    for at in range(len(packed)):
        for flip in (0x01, 0x10, 0xFF):
            damaged = bytearray(packed)
            damaged[at] ^= flip
            with pytest.raises(UnreadableFileError):
                Edit.from_bytes(bytes(damaged))
        with pytest.raises(UnreadableFileError):
            Edit.from_bytes(packed[:at])
    with pytest.raises(UnreadableFileError):
        Edit.from_bytes(packed + b"\0")


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_at_all_are_told_or_read(tail: bytes) -> None:
    for start in (b"", _MAGIC, _MAGIC + zlib.crc32(tail).to_bytes(4, "little")):
        with pytest.raises(UnreadableFileError):
            Edit.from_bytes(start + tail)


@pytest.mark.parametrize(
    ("shape", "counts", "widths"),
    [
        ((2**32 - 1,) * 3, (1, 1), (1, 1)),
        ((1, 1, 1), (2**32 - 1, 1), (4, 4)),
        ((1, 1, 1), (1, 1), (3, 1)),
        ((0, 1, 1), (1, 1), (1, 1)),
        ((1, 1, 2), (2, 2), (1, 1)),
        ((30_000, 30_000, 1), (1, 1), (1, 1)),
    ],
)
def test_a_size_that_was_made_up_costs_no_memory(
    shape: tuple[int, int, int], counts: tuple[int, int], widths: tuple[int, int]
) -> None:
    """The checksum is right, the sizes are not: a small file that asks for a great deal."""
    head = np.zeros((), _HEAD)
    head["low"], head["shape"], head["counts"], head["widths"] = (0, 0, 0), shape, counts, widths
    rest = head.tobytes() + zlib.compress(bytes(1 << 20))
    packed = _MAGIC + zlib.crc32(rest).to_bytes(4, "little") + rest
    with pytest.raises(UnreadableFileError, match="damaged"):
        Edit.from_bytes(packed)


def test_bits_beyond_the_box_are_refused() -> None:
    one = np.ones(1, np.uint8)
    Edit((0, 0, 0), (1, 1, 3), np.array([0b1000_0000], np.uint8), one, one)
    with pytest.raises(UsageError):
        Edit((0, 0, 0), (1, 1, 3), np.array([0b1001_0000], np.uint8), one, one)
    with pytest.raises(UsageError):
        Edit((0, 0, 0), (1, 1, 3), np.array([0], np.uint8), one, one)
    with pytest.raises(UsageError):
        Edit((0, 0, -1), (1, 1, 3), np.array([0b1000_0000], np.uint8), one, one)


def test_an_edit_is_small() -> None:
    before = np.zeros((200, 256, 256), np.uint8)
    after = before.copy()
    after[100, 100:130, 100:130] = 1
    edit = Edit.between(before, after)
    assert edit is not None
    assert (edit.low, edit.shape) == ((100, 100, 100), (1, 30, 30))
    assert edit.nbytes < 200
    assert len(edit.to_bytes()) < 200


def test_a_map_that_cannot_hold_it_is_left_as_it_is() -> None:
    edit = Edit.between(np.zeros(SHAPE, np.uint16), np.full(SHAPE, 300, np.uint16))
    assert edit is not None
    for labels in (np.zeros(SHAPE, np.uint8), np.zeros((5, 7, 8), np.uint16)):
        with pytest.raises(GeometryError):
            edit.apply(labels)
        assert not labels.any()


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(GeometryError):
        Edit.between(np.zeros(SHAPE, np.uint8), np.zeros((5, 7, 8), np.uint8))


def test_what_could_not_be_read_back_is_not_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = np.zeros(SHAPE, np.uint8), np.ones(SHAPE, np.uint8)
    edit = Edit.between(before, after)
    assert edit is not None
    monkeypatch.setattr(edit_module, "_MOST_BYTES", edit.nbytes)
    assert same(edit, Edit.from_bytes(edit.to_bytes()))
    monkeypatch.setattr(edit_module, "_MOST_BYTES", edit.nbytes - 1)
    with pytest.raises(SaveError, match="a step of"):
        edit.to_bytes()
