from __future__ import annotations

from pathlib import Path

import pytest
from case_studies import CASE, SHAPE, project_of

from napari_medssl.errors import UsageError


def test_only_slices_of_the_image_can_be_finished(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        for axis in range(3):
            project.mark_done(CASE, axis, SHAPE[axis] - 1, True)
            project.mark_done(CASE, axis, SHAPE[axis] - 1, True)
            for index in (-1, SHAPE[axis]):
                with pytest.raises(UsageError, match=f"slice {index} across axis {axis}"):
                    project.mark_done(CASE, axis, index, True)
        with pytest.raises(UsageError, match="axis 3"):
            project.mark_done(CASE, 3, 0, True)
        assert project.load(CASE).done == {(0, 5), (1, 7), (2, 9)}
        assert project.case(CASE).done_slices == 3
        project.mark_done(CASE, 1, 0, False)  # was not finished anyway
        project.mark_done(CASE, 1, 7, False)
        assert project.load(CASE).done == {(0, 5), (2, 9)}
