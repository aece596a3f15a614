from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_medssl.project.burnt_in import about_text, may_show_text
from napari_medssl.volume import Geometry, Notice, Volume


def test_an_image_whose_reader_warned_of_text_is_known() -> None:
    volume = Volume.from_source_array(
        np.zeros((3, 4, 5), np.int16), Geometry((3, 4, 5)), name="a", format="nifti"
    )
    assert not may_show_text(volume)
    assert not may_show_text(replace(volume, notices=(Notice("sheared", "It leans."),)))
    assert may_show_text(replace(volume, notices=(Notice("burnt-in-text", "It may."),)))


@pytest.mark.parametrize(
    ("count", "named"),
    [(1, "(case-1)"), (5, "case-4, case-5)"), (6, "case-5 and 1 more)"), (2005, "and 2,000 more)")],
)
def test_a_few_are_named_and_the_rest_counted(count: int, named: str) -> None:
    (notice,) = about_text([f"case-{n}" for n in range(1, count + 1)])
    assert notice.text.startswith(f"{count:,} images may show a name")
    assert named in notice.text
    assert notice.code == "burnt-in-text"


def test_of_none_nothing_is_said() -> None:
    assert about_text([]) == ()
