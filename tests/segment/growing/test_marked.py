from __future__ import annotations

import pytest
from bright_ball import WINDOW, ball, segmenter

from napari_medssl.errors import PromptError
from napari_medssl.segment import BoxPrompt, Plane, PointPrompt, Prompts
from napari_medssl.segment.growing import by_slice, given_masks


def test_prompts_of_several_slices_are_sorted_and_points_outside_alone_end_it() -> None:
    volume = ball()
    box = BoxPrompt((12, 8, 8), (12, 52, 56))
    inside, outside = PointPrompt((9, 30, 32)), PointPrompt((15, 30, 32), positive=False)
    marked = by_slice(Prompts((inside, outside), (box,)), volume)
    assert list(marked) == [Plane(0, 9), Plane(0, 12), Plane(0, 15)]
    looking = segmenter()
    outlines = {
        plane: looking.segment(volume, here, WINDOW, axis=0)
        for plane, here in marked.items()
        if here.mark_something
    }
    given = given_masks(outlines, marked, volume)
    assert given[Plane(0, 12)].any()
    assert not given[Plane(0, 15)].any()
    assert given[Plane(0, 15)].shape == (60, 64)


def test_what_is_wrong_with_them_is_said() -> None:
    volume = ball()
    with pytest.raises(PromptError, match="outside the image"):
        by_slice(Prompts((PointPrompt((99, 30, 32)),)), volume, 0)
    with pytest.raises(PromptError, match="nothing is marked inside"):
        by_slice(Prompts((PointPrompt((9, 30, 32), positive=False),)), volume)
