"""What a first model must do better than, where what was learned from is right, and where wrong."""

from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.cli.learn_baseline import PlacesAlone
from napari_medssl.errors import UnreadableFileError
from napari_medssl.evaluate import dice
from napari_medssl.finetune.volumes.examples import Example, Labelled
from napari_medssl.volume import Geometry, Volume

SHAPE = (12, 14, 16)
HERE, ELSEWHERE, THIRD = slice(1, 5), slice(7, 11), slice(5, 7)


def example(name: str, place: slice) -> Example:
    """A case with label 4 in some slices."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[place, 3:10, 4:12] = 4
    volume = Volume.from_source_array(
        np.zeros(SHAPE, np.float32), Geometry(SHAPE), name="p", format="made"
    )
    return Example(name, name, lambda: Labelled(volume, labels))


def broken(name: str) -> Example:
    def read() -> Labelled:
        raise UnreadableFileError("a broken case")

    return Example(name, name, read)


def told(taught: list[Example], judges: list[Example], patients: str, whom: int = 0) -> np.ndarray:
    marks = {one.id: mark for one, mark in zip(judges, patients, strict=True)}
    tell = PlacesAlone(judges, marks).told_by(taught, [4])
    return tell(judges[whom], judges[whom].read())


def overlap(mask: np.ndarray, place: slice) -> float:
    return dice(mask == 4, example("", place).read().labels == 4)


def test_what_is_learned_from_tells_where_it_is_right() -> None:
    mask = told([example("a", HERE), example("b", HERE)], [example("c", HERE)], "x")
    assert overlap(mask, HERE) > 0.9


def test_wrong_masks_make_it_no_easier() -> None:
    judges = [example("c", HERE), example("d", HERE)]
    mask = told([example("a", ELSEWHERE)], judges, "xy")
    assert overlap(mask, HERE) > 0.9


@pytest.mark.parametrize("patients", ["xyy", "xxy"])
def test_who_judges_tells_nothing_of_themselves(patients: str) -> None:
    judges = [example("c", THIRD), example("d", THIRD), example("e", HERE)]
    mask = told([example("a", ELSEWHERE)], judges, patients)
    alone = patients == "xxy"
    assert (overlap(mask, THIRD) == 0) is alone


def test_a_judge_that_cannot_be_read_tells_nothing() -> None:
    mask = told([example("a", HERE)], [example("c", HERE), broken("d")], "xy")
    assert overlap(mask, HERE) > 0.9
