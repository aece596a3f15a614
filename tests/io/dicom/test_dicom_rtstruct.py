"""Written RTSTRUCTs, read back by a reader of the tests' own, on every kind of series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_masks import (
    SERIES,
    assert_same_places,
    drawn_on,
    make_series,
    places_in_rtstruct,
    places_of,
    positions_of_sources,
)

from napari_medssl.errors import SaveError, UnsupportedFormatError
from napari_medssl.io import LabelInfo, read_mask, read_volume
from napari_medssl.io.dicom.export import RESEARCH_ONLY
from napari_medssl.io.dicom.rtstruct import write_rtstruct
from napari_medssl.io.label_table import Code

LABELS = (
    LabelInfo(3, "Läsion", (230, 90, 40), Code("108369006", "SCT", "Neoplasm")),
    LabelInfo(7, "nothing yet", (0, 190, 140)),
    LabelInfo(300, "liver", (70, 170, 255), Code("10200004", "SCT", "Liver")),
)
NAMES = {info.value: info.name for info in LABELS}


@pytest.fixture(params=SERIES)
def series(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return make_series(request.param, tmp_path / "series")


def test_another_reader_finds_the_mask_where_it_was_drawn(series: Path, tmp_path: Path) -> None:
    volume = read_volume(series)
    mask = drawn_on(volume)
    path = write_rtstruct(mask, volume, tmp_path / "out.dcm", LABELS)
    assert_same_places(places_in_rtstruct(path, volume), places_of(mask, volume, NAMES))


def test_it_reads_back_voxel_for_voxel(series: Path, tmp_path: Path) -> None:
    volume = read_volume(series)
    mask = drawn_on(volume)
    back = read_mask(write_rtstruct(mask, volume, tmp_path / "out.dcm", LABELS), volume)
    assert (back.array == mask).all()
    assert back.labels == LABELS
    assert back.notices == ()


def test_every_contour_names_the_source_frame_at_its_place(series: Path, tmp_path: Path) -> None:
    volume = read_volume(series)
    ds = pydicom.dcmread(write_rtstruct(drawn_on(volume), volume, tmp_path / "out.dcm", LABELS))
    sources = positions_of_sources(series)
    normal = np.cross(*np.asarray(volume.source.geometry.direction).T[:2])
    contours = [c for r in ds.ROIContourSequence for c in r.get("ContourSequence", [])]
    assert {c.ContourGeometricType for c in contours} == {"CLOSED_PLANAR"}
    for contour in contours:
        points = np.array(contour.ContourData, float).reshape(-1, 3)
        assert contour.NumberOfContourPoints == len(points)
        if "ContourImageSequence" in contour:
            image = contour.ContourImageSequence[0]
            named = sources[image.ReferencedSOPInstanceUID, image.get("ReferencedFrameNumber")]
            assert np.abs((points - named) @ normal).max() < 1e-4
    unnamed = any("ContourImageSequence" not in c for c in contours)
    codes = {n.code for n in volume.notices}
    assert unnamed == bool(codes & {"slices-missing", "uneven-slices"})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["CT", "MR_T1"])
def test_real_series(shared_data: Path, tmp_path: Path, name: str) -> None:
    folder = shared_data / "dicom-rtstruct-sts" / "STS_025" / name
    volume = read_volume(folder / "image")
    mask = read_mask(folder / "mask" / "RS.dcm", volume).array
    path = write_rtstruct(mask, volume, tmp_path / "out.dcm", [LabelInfo(1, "GTV", (1, 2, 3))])
    assert (read_mask(path, volume).array == mask).all()
    assert_same_places(places_in_rtstruct(path, volume), places_of(mask, volume, {1: "GTV"}))


def test_it_says_what_it_is(tmp_path: Path) -> None:
    volume = read_volume(make_series("axial", tmp_path / "series"))
    ds = pydicom.dcmread(write_rtstruct(drawn_on(volume), volume, tmp_path / "out.dcm", LABELS))
    assert ds.SeriesDescription == ds.StructureSetDescription == RESEARCH_ONLY
    (frame,) = ds.ReferencedFrameOfReferenceSequence
    images = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0].ContourImageSequence
    assert frame.FrameOfReferenceUID == "1.2.826.0.1.8"
    assert len(images) == 4
    assert [list(r.ROIDisplayColor) for r in ds.ROIContourSequence] == [
        list(info.colour) for info in LABELS
    ]
    assert "ContourSequence" not in ds.ROIContourSequence[1]  # the label without voxels
    assert ds.ApprovalStatus == "UNAPPROVED"


def test_a_long_contour_is_written_whole(tmp_path: Path) -> None:
    from dicom_masks import MAKER, NAMED
    from dicom_phantoms import axial

    folder = MAKER.with_(rows=240, columns=240, spacing=(0.7123, 0.7123)).write_all(
        tmp_path / "s", axial([0]), **NAMED
    )
    volume = read_volume(folder)
    mask = (np.random.default_rng(0).random(volume.geometry.shape) < 0.5).astype(np.uint8)
    mask[:, ::8] = 1  # holds together what would be thousands of parts
    path = write_rtstruct(mask, volume, tmp_path / "out.dcm")
    ds = pydicom.dcmread(path)
    contours = ds.ROIContourSequence[0].ContourSequence
    assert max(c.get_item("ContourData").length for c in contours) > 2**16
    assert (read_mask(path, volume).array == mask).all()


def test_too_large_a_value_is_refused(tmp_path: Path) -> None:
    volume = read_volume(make_series("single", tmp_path / "series"))
    mask = np.full(volume.geometry.shape, 2**31, np.uint32)
    with pytest.raises(SaveError, match="label value 2147483648"):
        write_rtstruct(mask, volume, tmp_path / "out.dcm")


def test_a_mask_of_nifti_cannot_become_contours(shared_data: Path, tmp_path: Path) -> None:
    volume = read_volume(shared_data / "ibsi-sts-ct-mr-pet" / "STS_025" / "CT_image.nii.gz")
    with pytest.raises(UnsupportedFormatError, match="is no DICOM series"):
        write_rtstruct(np.ones(volume.geometry.shape, bool), volume, tmp_path / "out.dcm")
