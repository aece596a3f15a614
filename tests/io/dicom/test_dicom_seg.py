"""Written SEGs, read by highdicom and by nothing but pydicom, on every kind of series."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from dicom_masks import (
    SERIES,
    assert_same_places,
    drawn_on,
    make_series,
    places_by_highdicom,
    places_in_seg,
    places_of,
    places_on_sources,
    positions_of_sources,
)

from napari_medssl.errors import GeometryError, SaveError, UnsupportedFormatError
from napari_medssl.io import LabelInfo, read_mask, read_volume
from napari_medssl.io.dicom import export
from napari_medssl.io.dicom.seg import write_seg
from napari_medssl.io.label_table import Code

if TYPE_CHECKING:
    from napari_medssl.volume import Volume

LABELS = (
    LabelInfo(3, "Läsion", (230, 90, 40), Code("108369006", "SCT", "Neoplasm")),
    LabelInfo(7, "nothing yet", (0, 190, 140)),
    LabelInfo(300, "liver", (70, 170, 255), Code("10200004", "SCT", "Liver")),
)
#: folders of ../shared/data/dicom-difficult; of a folder of several series, the first is taken
REAL = (
    *("4d_fmri_ge", "compressed_j2k", "compressed_jpeg", "compressed_jpegls", "compressed_rle"),
    *("gantrytilting", "highdicom", "notavolume", "philips_enhanced", "rgb_colour_volume"),
    *("rtstruct_phantom", "seg_ct3slice", "siemens_multiframe", "slicecount", "sliceincrement"),
    "sliceorientation",
)
NAMES = {info.value: info.name for info in LABELS}


@pytest.fixture(params=SERIES)
def series(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return make_series(request.param, tmp_path / "series")


@pytest.fixture
def axial(tmp_path: Path) -> Volume:
    return read_volume(make_series("axial", tmp_path / "axial"))


def test_pydicom_alone_finds_the_mask_where_it_was_drawn(series: Path, tmp_path: Path) -> None:
    volume = read_volume(series)
    mask = drawn_on(volume)
    path = write_seg(mask, volume, tmp_path / "out.dcm", LABELS)
    assert_same_places(places_in_seg(path), places_of(mask, volume, NAMES))


def test_it_reads_back_as_it_was(series: Path, tmp_path: Path) -> None:
    volume = read_volume(series)
    mask = drawn_on(volume)
    back = read_mask(write_seg(mask, volume, tmp_path / "out.dcm", LABELS), volume)
    assert (back.array == mask).all()
    assert back.labels == LABELS
    assert back.notices == ()


def test_every_frame_names_the_source_frame_at_its_place(series: Path, tmp_path: Path) -> None:
    volume = read_volume(series)
    ds = pydicom.dcmread(write_seg(drawn_on(volume), volume, tmp_path / "out.dcm", LABELS))
    sources = positions_of_sources(series)
    unnamed = 0
    for group in ds.PerFrameFunctionalGroupsSequence:
        position = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
        if not group.DerivationImageSequence:
            unnamed += 1
            assert min(np.abs(p - position).max() for p in sources.values()) > 0.1
            continue
        image = group.DerivationImageSequence[0].SourceImageSequence[0]
        named = sources[image.ReferencedSOPInstanceUID, image.get("ReferencedFrameNumber")]
        np.testing.assert_allclose(named, position, atol=1e-4)
    filled_in = any(n.code in ("slices-missing", "uneven-slices") for n in volume.notices)
    assert bool(unnamed) == filled_in


def test_highdicom_finds_the_mask_on_the_source_images(series: Path, tmp_path: Path) -> None:
    from highdicom.seg import segread

    volume = read_volume(series)
    mask = drawn_on(volume)
    seg = segread(write_seg(mask, volume, tmp_path / "out.dcm", LABELS))
    stored = volume.to_source(mask).transpose(2, 1, 0)
    planes = [position @ _normal(volume) for position in _plane_positions(volume)]
    for (uid, frame), position in positions_of_sources(series).items():
        k = int(np.argmin(np.abs(planes - position @ _normal(volume))))
        if np.abs(_plane_positions(volume)[k] - position).max() > 1e-3:
            continue  # of an uneven series, resampled
        if frame is None:
            found = seg.get_pixels_by_source_instance([uid], ignore_spatial_locations=True)
        elif frame > len(planes):
            continue  # the other echo
        else:
            found = seg.get_pixels_by_source_frame(uid, [frame], ignore_spatial_locations=True)
        for number, info in enumerate(LABELS):
            assert (found[0, ..., number].astype(bool) == (stored[k] == info.value)).all()


def _plane_positions(volume: Volume) -> np.ndarray:
    grid = volume.source.geometry
    return grid.to_world([(0, 0, k) for k in range(grid.shape[2])])


def _normal(volume: Volume) -> np.ndarray:
    columns = np.asarray(volume.source.geometry.direction)
    return np.cross(columns[:, 0], columns[:, 1])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["CT", "MR_T1"])
def test_a_drawn_tumour_on_real_series(shared_data: Path, tmp_path: Path, name: str) -> None:
    folder = shared_data / "dicom-rtstruct-sts" / "STS_025" / name
    volume = read_volume(folder / "image")
    mask = read_mask(folder / "mask" / "RS.dcm", volume).array.astype(np.uint16) * 300
    path = write_seg(mask, volume, tmp_path / "out.dcm", LABELS)
    wanted = places_of(mask, volume, NAMES)
    assert_same_places(places_in_seg(path), wanted)
    assert_same_places(places_by_highdicom(path), wanted)
    assert_same_places(places_on_sources(path, folder / "image"), wanted)
    assert (read_mask(path, volume).array == mask).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_real_difficult_series(shared_data: Path, tmp_path: Path, name: str) -> None:
    folder = shared_data / "dicom-difficult" / name
    volume = read_volume(folder)
    stored = np.zeros(volume.source.geometry.shape, np.uint16)
    stored[20:50, 30:47] = 3
    stored[30:40, 40:47] = 300
    mask = volume.source.axes.apply(stored)
    path = write_seg(mask, volume, tmp_path / "out.dcm", LABELS)
    wanted = places_of(mask, volume, NAMES)
    assert_same_places(places_in_seg(path), wanted)
    assert (read_mask(path, volume).array == mask).all()
    if name == "gantrytilting":
        # each plane is shifted against the one before: no grid that highdicom's volumes can have
        with pytest.raises(RuntimeError, match="do not form a regularly-spaced volume"):
            places_by_highdicom(path)
    else:
        assert_same_places(places_by_highdicom(path), wanted)
    if name == "sliceincrement":
        # slice 3 is missing and was filled in: its frame has a place, but no image to ask for
        stored[..., 3] = 0
        wanted = places_of(volume.source.axes.apply(stored), volume, NAMES)
    assert_same_places(places_on_sources(path, folder), wanted)


def test_it_says_what_it_is(axial: Volume, tmp_path: Path) -> None:
    ds = pydicom.dcmread(write_seg(drawn_on(axial), axial, tmp_path / "out.dcm", LABELS))
    assert ds.SeriesDescription == ds.ContentDescription == export.RESEARCH_ONLY
    assert (ds.SegmentationType, ds.Modality) == ("BINARY", "SEG")
    assert {item.SegmentAlgorithmType for item in ds.SegmentSequence} == {"SEMIAUTOMATIC"}
    categories = [
        i.SegmentedPropertyCategoryCodeSequence[0].CodeMeaning for i in ds.SegmentSequence
    ]
    kinds = [i.SegmentedPropertyTypeCodeSequence[0].CodeMeaning for i in ds.SegmentSequence]
    assert categories == ["Morphologically Altered Structure", "Tissue", "Anatomical Structure"]
    assert kinds == ["Neoplasm", "Tissue", "Liver"]
    assert ds.PatientID == "CANARY-ID"
    assert str(ds.PatientName) == "CANARY^NAME"
    assert ds.StudyInstanceUID == "1.2.826.0.1.7"
    assert ds.FrameOfReferenceUID == "1.2.826.0.1.8"


def test_an_empty_mask_keeps_its_named_labels(axial: Volume, tmp_path: Path) -> None:
    empty = np.zeros(axial.geometry.shape, bool)
    back = read_mask(write_seg(empty, axial, tmp_path / "out.dcm", LABELS), axial)
    assert back.labels == LABELS
    assert not back.array.any()
    with pytest.raises(SaveError, match="without any label"):
        write_seg(empty, axial, tmp_path / "none.dcm")


def test_a_mask_of_another_format_cannot_become_a_seg(tmp_path: Path, axial: Volume) -> None:
    made = axial.as_stored()
    with pytest.raises(UnsupportedFormatError, match=r"is no DICOM series.*Open the DICOM folder"):
        write_seg(drawn_on(axial), made, tmp_path / "out.dcm", LABELS)


def test_a_cine_without_a_place_is_refused(shared_data: Path, tmp_path: Path) -> None:
    volume = read_volume(shared_data / "us-dicom" / "US1_UNCR.dcm")
    with pytest.raises(UnsupportedFormatError, match=r"no place in the patient.*NIfTI"):
        write_seg(np.ones(volume.geometry.shape, bool), volume, tmp_path / "out.dcm")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda m: m * 0.5, "not whole numbers"),
        (lambda m: -m.astype(int), "negative value"),
    ],
)
def test_what_is_no_mask_is_refused(axial: Volume, tmp_path: Path, wrong: Any, words: str) -> None:
    with pytest.raises(SaveError, match=words):
        write_seg(wrong(drawn_on(axial)), axial, tmp_path / "out.dcm")
    assert not (tmp_path / "out.dcm").exists()


def test_another_shape_is_refused(axial: Volume, tmp_path: Path) -> None:
    with pytest.raises(GeometryError):
        write_seg(drawn_on(axial)[1:], axial, tmp_path / "out.dcm")


def test_a_name_that_dicom_cannot_hold_is_refused(axial: Volume, tmp_path: Path) -> None:
    for name in ("x" * 65, "left\\right"):
        with pytest.raises(SaveError, match="Rename the label"):
            write_seg(drawn_on(axial), axial, tmp_path / "o.dcm", [LabelInfo(3, name, (1, 2, 3))])


def test_what_does_not_read_back_is_not_saved(
    axial: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_seg(drawn_on(axial), axial, tmp_path / "out.dcm", LABELS)
    before = path.read_bytes()
    monkeypatch.setattr("napari_medssl.io.dicom.export.merge", lambda *_: (np.zeros(1), ()))
    with pytest.raises(SaveError, match="did not read back"):
        write_seg(drawn_on(axial), axial, path, LABELS)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["out.dcm"]


def test_a_series_that_changed_since_is_refused(tmp_path: Path) -> None:
    folder = make_series("axial", tmp_path / "series")
    volume = read_volume(folder)
    next(folder.iterdir()).unlink()
    with pytest.raises(Exception, match="are not those that were opened"):
        write_seg(drawn_on(volume), volume, tmp_path / "out.dcm")
