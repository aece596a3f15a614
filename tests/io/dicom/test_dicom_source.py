"""The series behind an image, found again."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from dicom_masks import MAKER, NAMED, SERIES, make_series, positions_of_sources
from dicom_phantoms import axial

from napari_medssl.errors import UnreadableFileError, UnsupportedFormatError
from napari_medssl.io import read_volume
from napari_medssl.io.dicom.source import find_source


@pytest.mark.parametrize("kind", SERIES)
def test_planes_are_where_the_grid_says_and_name_their_frames(kind: str, tmp_path: Path) -> None:
    folder = make_series(kind, tmp_path / "series")
    volume = read_volume(folder)
    series, sources = find_source(volume), positions_of_sources(folder)
    corners = [(0, 0, k) for k in range(len(series.planes))]
    grid = volume.source.geometry.to_world(corners)
    for k, plane in enumerate(series.planes):
        np.testing.assert_allclose(plane.position, grid[k], atol=1e-4)
        if plane.reference is not None:
            _, instance, frame = plane.reference
            np.testing.assert_allclose(plane.position, sources[instance, frame], atol=1e-4)
    missing = {"gap": [3], "uneven": [1, 2, 3]}.get(kind, [])
    assert [k for k, p in enumerate(series.planes) if p.reference is None] == missing


@pytest.mark.parametrize("kind", ["oblique", "tilted", "gap", "anisotropic"])
def test_points_go_to_their_plane_and_back(kind: str, tmp_path: Path) -> None:
    series = find_source(read_volume(make_series(kind, tmp_path / "series")))
    pixels = np.array([[0, 0], [3.5, 7.25], [22, 18]])
    for k in range(len(series.planes)):
        points = series.in_space(pixels, k)
        assert series.plane_at(points) == k
        np.testing.assert_allclose(series.in_plane(points, k), pixels, atol=1e-9)
        normal = np.cross(series.orientation[:3], series.orientation[3:])
        assert series.plane_at(points + 0.08 * normal) == k
        assert series.plane_at(points + 0.5 * normal) is None
    slanted = np.concatenate([series.in_space(pixels, 0), series.in_space(pixels, 1)])
    assert series.plane_at(slanted) is None


def test_the_right_one_of_two_alike_series_is_found(tmp_path: Path) -> None:
    """Two phases of one examination lie on the very same grid, in one folder."""
    folder = make_series("axial", tmp_path / "series")
    MAKER.with_(series="1.2.826.0.1.2", series_number=2).write_all(
        folder, axial([0, 2, 4, 6]), **NAMED
    )
    found = [find_source(read_volume(folder, series=n)) for n in (0, 1)]
    assert [f.tags.text("SeriesInstanceUID")[-1] for f in found] == ["1", "2"]
    assert not found[0].planes_of.keys() & found[1].planes_of.keys()


def test_each_volume_of_a_4d_file_has_its_own_frames(tmp_path: Path) -> None:
    folder = make_series("enhanced-echoes", tmp_path / "series")
    frames = [
        [
            p.reference.frame
            for p in find_source(read_volume(folder, volume=n)).planes
            if p.reference
        ]
        for n in (0, 1)
    ]
    assert frames == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_a_series_without_frame_of_reference_always_gets_the_same(tmp_path: Path) -> None:
    volume = read_volume(make_series("no-frame-of-reference", tmp_path / "series"))
    one, same = find_source(volume), find_source(volume)
    assert one.frame_of_reference == same.frame_of_reference != ""
    assert one.is_named


def test_moved_or_other_files_are_noticed(tmp_path: Path) -> None:
    folder = make_series("axial", tmp_path / "series")
    volume = read_volume(folder)
    shutil.rmtree(folder)
    make_series("axial", folder)
    with pytest.raises(UnreadableFileError, match=r"not those that were opened\. Open the image"):
        find_source(volume)


def test_an_image_that_is_no_series_says_so(shared_data: Path) -> None:
    nifti = read_volume(shared_data / "ibsi-sts-ct-mr-pet" / "STS_025" / "CT_image.nii.gz")
    with pytest.raises(UnsupportedFormatError, match="is no DICOM series"):
        find_source(nifti)
