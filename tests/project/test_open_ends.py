"""Whether somebody looked beyond the ends of what is drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_medssl.io import write_volume
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.project import create_project
from napari_medssl.project.open_ends import OpenEnds, open_ended, open_ends_words
from napari_medssl.volume import Geometry, Volume

SHAPE = (10, 12, 14)


@pytest.fixture
def drawn() -> np.ndarray:
    """Label 2 in slices 3 to 6 across the first axis, and up to the edge across the last."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[3:7, 4:8, 9:] = 2
    return labels


@pytest.mark.parametrize(
    ("done", "is_open"),
    [
        ([(0, 4)], True),
        ([(0, 2), (0, 4)], True),
        ([(0, 4), (0, 9)], True),
        ([(0, 2), (0, 4), (0, 7)], False),
        ([(0, 0), (0, 4), (0, 9)], False),
        ([(0, 1)], False),
        ([(2, 8), (2, 11), (2, 13)], False),
        ([(2, 10), (2, 13)], True),
        ([(0, 4), (1, 3), (1, 5), (1, 8)], False),
    ],
)
def test_the_outermost_finished_slices_decide(drawn, done, is_open) -> None:
    assert open_ended(drawn, done) is is_open


def test_cases_are_counted_and_looked_at_again_when_they_change(tmp_path: Path, drawn) -> None:
    counter = OpenEnds()
    with create_project(tmp_path / "study", labels=[unnamed_label(2)]) as project:
        cases = []
        for n in range(2):
            array = np.full(SHAPE, n, np.int16)
            volume = Volume.from_source_array(array, Geometry(SHAPE), name="p", format="made")
            [case] = project.add(write_volume(volume, tmp_path / f"p{n}.nii.gz")).added
            project.replace_mask(case, drawn, "Box")
            cases.append(case)

        def count() -> int:
            return counter.count(project, map(project.case, cases))

        assert count() == 0, "of which nothing is done"
        project.mark_done(cases[0], 0, 4, True)
        project.set_status(cases[1], "done")
        assert count() == 1
        for index in (2, 7):
            project.mark_done(cases[0], 0, index, True)
        assert count() == 0


def test_what_to_do_is_said() -> None:
    assert open_ends_words(0) == ""
    assert "Of one case no slice" in open_ends_words(1)
    assert "Mark an empty slice before and after it" in open_ends_words(2)
