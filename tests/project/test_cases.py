from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from case_studies import CASE, SHAPE, paint, project_of

from napari_medssl.errors import UsageError
from napari_medssl.project import STATUSES, Grid, open_project
from napari_medssl.volume import AxisMap, Geometry, Volume


def test_status_and_note_are_kept(tmp_path: Path) -> None:
    with project_of(tmp_path, images=2) as project:
        for status in STATUSES:
            project.set_status(CASE, status)
            assert project.case(CASE).status == status
        project.set_status(CASE, "flagged", "blurred; ask Ms X")
        project.set_status(CASE, "done")
        with pytest.raises(UsageError, match="expected one of new, in work, done, flagged"):
            project.set_status(CASE, "finished")
    with open_project(tmp_path / "project") as project:
        assert (project.case(CASE).status, project.case(CASE).note) == ("done", "blurred; ask Ms X")
        assert project.case("case-002").note == ""
        project.set_status(CASE, "done", "")
        assert project.case(CASE).note == ""


def test_a_case_that_is_not_there_is_told_by_every_call(tmp_path: Path) -> None:
    with project_of(tmp_path, images=2) as project:
        (step,) = paint(project, 1)
        for case in ("case-003", "case-0", "", "scan0", "case-1; DROP TABLE step"):
            for ask in (
                project.case,
                project.load,
                project.read_image,
                project.rewind,
                project.read_state,
                project.purge,
                lambda case: project.record(case, "do", step),
                lambda case: project.set_status(case, "done"),
                lambda case: project.mark_done(case, 0, 0, True),
                lambda case: project.save_view(case, {}),
                lambda case: project.replace_mask(case, np.zeros(SHAPE, np.uint8), "Mask"),
                lambda case: project.relocate(case, tmp_path),
            ):
                with pytest.raises(UsageError, match="expected case-001 to case-002"):
                    ask(case)


def test_labels_are_measured_without_opening_the_case(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        steps = paint(project, 1, 2)
        assert project.case(CASE).voxels == {1: 9, 2: 9}
        assert project.case(CASE).volumes_ml == pytest.approx({1: 0.027, 2: 0.027})
        project.record(CASE, "undo", steps[1])
        assert project.case(CASE).voxels == {1: 9}


def test_slices_are_counted_as_the_file_counts_them() -> None:
    stored = np.zeros((4, 5, 6), np.uint8)
    oblique = Geometry((4, 5, 6), direction=((-1.0, 0, 0), (0, -1.0, 0), (0, 0, 1.0)))
    volume = Volume.from_source_array(stored, oblique, name="a.nii", format="made")
    grid = Grid.from_json(Grid.of(volume).to_json())
    assert grid == Grid.of(volume)
    for axis in range(3):
        for index in range(grid.shape[axis]):
            zyx = [0.0, 0.0, 0.0]
            zyx[axis] = index
            of_file = volume.index_to_source((zyx[0], zyx[1], zyx[2]))
            assert grid.slice_of_file(axis, index) == of_file[grid.axes.order[axis]]
            assert grid.slice_of_file(axis, grid.slice_of_file(axis, index)) == index
    assert Grid((1, 2, 3), (1.0, 1.0, 1.0), AxisMap()).voxel_ml == 0.001
