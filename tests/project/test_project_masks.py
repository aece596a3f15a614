from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from case_studies import CASE, SHAPE, paint, project_of, told_of

from napari_medssl.errors import GeometryError, UsageError
from napari_medssl.io import read_mask, write_labels
from napari_medssl.io.label_table import LabelInfo, unnamed_label
from napari_medssl.project.masks import export_mask, import_mask

LIVER, CYST = LabelInfo(1, "liver", (1, 2, 3)), LabelInfo(2, "cyst", (4, 5, 6))


def test_a_mask_goes_out_and_comes_back(tmp_path: Path) -> None:
    out = tmp_path / "mask.nii.gz"
    with project_of(tmp_path, images=2) as project:
        project.set_labels([LIVER, CYST])
        paint(project, 1, 2)
        project.record(CASE, "do", told_of({"label": 1, "engine": "test"}))
        export_mask(project, CASE, out)
        saved = read_mask(out, project.read_image(CASE))
        assert np.array_equal(saved.array, project.load(CASE).labels)
        assert saved.labels == (LIVER, CYST)
        project.set_labels([LIVER])
        import_mask(project, "case-002", out)  # the same grid, as images of a phantom are
        state = project.load("case-002")
        assert np.array_equal(state.labels, saved.array)
        assert [step.words for step in state.history.done] == ["Mask from a file"]
        assert state.outlines == ({"label": 1, "engine": "test"},)
        (step,) = state.history.done
        project.record("case-002", "undo", step)
        assert project.load("case-002").outlines == ()
        project.record("case-002", "redo", step)
        assert project.load("case-002").outlines == state.outlines
        assert [label.info for label in project.labels()] == [LIVER, CYST]


def test_labels_of_another_name_are_not_mixed_up(tmp_path: Path) -> None:
    out = tmp_path / "mask.nii.gz"
    mask = np.ones(SHAPE, np.uint8)
    with project_of(tmp_path) as project:
        scan = project.read_image(CASE)
        project.set_labels([LIVER])
        write_labels(mask, scan, out, labels=[LabelInfo(1, "spleen", (1, 2, 3))])
        with pytest.raises(UsageError, match="calls label 1 'spleen'; expected 'liver'"):
            import_mask(project, CASE, out)
        assert project.case(CASE).steps == 0
        write_labels(mask, scan, out, labels=[unnamed_label(1)])
        import_mask(project, CASE, out)
        assert [label.info for label in project.labels()] == [LIVER]


def test_a_mask_of_another_grid_is_refused(tmp_path: Path) -> None:
    from napari_medssl.volume import Geometry, Volume

    other = Geometry((2, 3, 4))
    array = np.zeros((2, 3, 4), np.uint8)
    volume = Volume.from_source_array(array, other, name="o.nii", format="made")
    write_labels(array, volume, tmp_path / "other.nii")
    with project_of(tmp_path) as project, pytest.raises(GeometryError, match="voxels"):
        import_mask(project, CASE, tmp_path / "other.nii")
