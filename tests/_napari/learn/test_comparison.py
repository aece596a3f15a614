"""Outlines of two masks: against a slow walk over every voxel; and figures in words."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_medssl._napari.presenters.learn.comparison import compare_outlines, read_comparison
from napari_medssl.errors import UnreadableFileError


def slow_outline(labels: np.ndarray, axis: int) -> np.ndarray:
    """Mark each labelled voxel that has another label beside it in its slice."""
    found = np.zeros(labels.shape, bool)
    for at in np.ndindex(labels.shape):
        for along in {0, 1, 2} - {axis}:
            for step in (-1, 1):
                beside = list(at)
                beside[along] += step
                if labels[at] and 0 <= beside[along] < labels.shape[along]:
                    found[at] |= labels[tuple(beside)] != labels[at]
    return found


def test_outlines_are_those_of_a_slow_walk() -> None:
    random = np.random.default_rng(3)
    old, new = (random.integers(0, 3, (4, 6, 7)).astype(np.uint8) for _ in range(2))
    codes = compare_outlines(old, new).codes
    for axis in range(3):
        slow = slow_outline(old, axis) + 2 * slow_outline(new, axis).astype(np.uint8)
        assert np.array_equal(codes[axis], slow)


def test_the_worst_slice_is_where_most_voxels_differ() -> None:
    old, new = np.zeros((5, 6, 7), np.uint8), np.zeros((5, 6, 7), np.uint8)
    new[3, 2, 1:4] = 1
    assert compare_outlines(old, new).worst == (3, 2, 1)
    assert compare_outlines(new, new).worst == (3, 2, 1), "where both agree, where they are"


def test_masks_of_another_model_are_not_taken(tmp_path) -> None:
    (tmp_path / "gate").mkdir()
    both = np.ones((2, 3, 4), np.uint8)
    np.savez_compressed(tmp_path / "gate" / "case-001.npz", old=both, new=both)
    verdict = {"kind": "better", "words": "Better."}
    (tmp_path / "gate.json").write_text(json.dumps({"verdict": verdict, "sha256": "abc"}))
    assert len(read_comparison([tmp_path], "abc", "case-001").codes) == 3
    for sha256, case in (("other", "case-001"), ("abc", "case-002")):
        with pytest.raises(UnreadableFileError, match="not there any more"):
            read_comparison([tmp_path / "gone", tmp_path], sha256, case)
