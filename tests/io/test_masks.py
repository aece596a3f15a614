"""Any saved mask back on its image, and a verdict on every real DICOM mask at hand."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pydicom.data
import pytest
from dicom_masks import MAKER, NAMED, drawn_on, make_series
from dicom_phantoms import axial
from pydicom import Dataset

from napari_medssl.errors import (
    GeometryError,
    MedSSLError,
    UnreadableFileError,
    UnsupportedFormatError,
    UsageError,
)
from napari_medssl.io import LabelInfo, read_labels, read_mask, read_volume, write_labels
from napari_medssl.io.dicom.rtstruct import write_rtstruct
from napari_medssl.io.dicom.seg import write_seg
from napari_medssl.volume import Volume

LABELS = (LabelInfo(3, "lesion", (1, 2, 3)), LabelInfo(300, "liver", (4, 5, 6)))
LPS_OF_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
WHEEL = Path(pydicom.data.__file__).parent / "test_files"


@pytest.fixture
def image(tmp_path: Path) -> Volume:
    return read_volume(make_series("axial", tmp_path / "series"))


@pytest.mark.parametrize("name", ["CT", "MR_T1"])
def test_contours_are_their_nifti_twin(shared_data: Path, name: str) -> None:
    folder = shared_data / "dicom-rtstruct-sts" / "STS_025" / name
    volume = read_volume(folder / "image")
    mask = read_mask(folder / "mask" / "RS.dcm", volume)
    twin = nibabel.load(shared_data / "ibsi-sts-ct-mr-pet" / "STS_025" / f"{name}_mask.nii.gz")
    affine = LPS_OF_RAS @ twin.affine
    world = np.argwhere(np.asanyarray(twin.dataobj) > 0) @ affine[:3, :3].T + affine[:3, 3]
    wanted = np.zeros(volume.geometry.shape, bool)
    wanted[tuple(np.rint(volume.geometry.to_index(world)).astype(int).T)] = True
    assert np.count_nonzero(wanted) == len(world) == 9655
    assert (mask.array == wanted).all()  # Dice 1.000
    assert mask.labels == (LabelInfo(1, f"GTV_Mass_{name}", (255, 0, 0)),)


#: mask -> the image it is read onto, and voxels by label with notices, or words of the refusal
VERDICTS: dict[str, tuple[str, Any]] = {
    "rtstruct_phantom/rt.dcm": ("rtstruct_phantom", ({1: 1443}, set())),
    "rtstruct_phantom/invalid_reference_rt.dcm": (
        "rtstruct_phantom",
        "4 of 12 contours of .* do not lie on slices of the image.*Open the whole series",
    ),
    "rtstruct_phantom/non_existent_reference_rt.dcm": (
        "rtstruct_phantom",
        "4 of 12 contours of .* do not lie on slices of the image",
    ),
    "seg_ct3slice/liver.dcm": ("seg_ct3slice/image", ({1: 107098}, set())),
    "seg_ct3slice/partial_overlaps.dcm": (
        "seg_ct3slice/image",
        ({1: 9602, 2: 8849, 3: 10648, 4: 6693, 5: 4713}, {"labels-overlap"}),
    ),
    "highdicom/seg_image_ct_binary.dcm": ("wheel", ({1: 638}, set())),
    "highdicom/seg_image_ct_binary_fractional.dcm": ("wheel", ({1: 638}, {"fractions-cut"})),
    "highdicom/seg_image_ct_true_fractional.dcm": ("wheel", ({1: 638}, {"fractions-cut"})),
    "highdicom/seg_image_ct_binary_overlap.dcm": ("wheel", "does not lie on the slices"),
    "highdicom/seg_image_ct_binary_single_frame.dcm": (
        "highdicom/ct_image.dcm",
        ({1: 1832}, set()),
    ),
    "highdicom/seg_image_cr_binary.dcm": ("highdicom/ct_image.dcm", "another patient"),
    "highdicom/seg_image_sm_dots_tiled_full.dcm": (
        "highdicom/ct_image.dcm",
        "does not say where each of its frames lies",
    ),
    "highdicom/sr_document.dcm": ("highdicom/ct_image.dcm", "is a report; expected an image"),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_verdicts_on_real_masks(shared_data: Path, tmp_path: Path, name: str) -> None:
    folder = shared_data / "dicom-difficult"
    image, verdict = VERDICTS[name]
    volume = read_volume(_part_of_wheel(tmp_path) if image == "wheel" else folder / image)
    if isinstance(verdict, str):
        with pytest.raises(MedSSLError, match=verdict):
            read_mask(folder / name, volume)
        return
    mask = read_mask(folder / name, volume)
    voxels, notices = verdict
    assert {info.value: int((mask.array == info.value).sum()) for info in mask.labels} == voxels
    assert {notice.code for notice in mask.notices} == notices


def _part_of_wheel(tmp_path: Path) -> Path:
    """Three slices that lie together, of a series of which the wheel holds four."""
    for path in (WHEEL / "dicomdirtests" / "77654033" / "CT2").iterdir():
        if pydicom.dcmread(path).ImagePositionPatient[2] > 0:
            shutil.copy(path, tmp_path)
    return tmp_path


def test_a_real_seg_is_its_nrrd_twin(shared_data: Path) -> None:
    folder = shared_data / "dicom-difficult" / "seg_ct3slice"
    volume = read_volume(folder / "image")
    twin = read_labels(folder / "liver_seg.nrrd", volume)
    assert (read_mask(folder / "liver.dcm", volume).array == twin).all()


def test_overlaps_are_counted_and_each_label_can_be_had_whole(shared_data: Path) -> None:
    folder = shared_data / "dicom-difficult" / "seg_ct3slice"
    volume = read_volume(folder / "image")
    path = folder / "partial_overlaps.dcm"
    merged = read_mask(path, volume)
    (notice,) = merged.notices
    assert "3,134 voxels belong to more than one label" in notice.text
    assert "label 1 over label 2: 2,989" in notice.text
    alone = read_mask(path, volume, label=2)
    assert alone.notices == ()
    assert np.count_nonzero(alone.array) == 8849 + 2989 + 50
    with pytest.raises(UsageError, match="one of its labels: 1, 2, 3, 4, 5"):
        read_mask(path, volume, label=9)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha", ".dcm"])
def test_every_format_gives_back_mask_labels_and_outlines(
    image: Volume, tmp_path: Path, suffix: str
) -> None:
    mask, told = drawn_on(image), {"outlines": [{"engine": "x"}]}
    path = write_labels(mask, image, tmp_path / f"m{suffix}", labels=LABELS, provenance=told)
    back = read_mask(path, image)
    assert (back.array == mask).all()
    assert back.array.dtype == np.uint16
    assert back.labels == LABELS
    assert back.outlines == ({"engine": "x"},)
    assert (read_labels(path, image) == mask).all()
    assert (read_mask(path, image, label=3).array == np.where(mask == 3, 3, 0)).all()


def test_values_without_a_name_get_one(image: Volume, tmp_path: Path) -> None:
    path = write_labels(drawn_on(image), image, tmp_path / "m.nii.gz")
    assert [info.name for info in read_mask(path, image).labels] == ["Label 3", "Label 300"]


WRITERS = pytest.mark.parametrize("write", [write_seg, write_rtstruct])


@WRITERS
def test_another_patient_is_refused(image: Volume, tmp_path: Path, write: Any) -> None:
    path = _changed(write(drawn_on(image), image, tmp_path / "m.dcm"), PatientID="SECRET-OTHER")
    with pytest.raises(GeometryError, match="belongs to another patient") as told:
        read_mask(path, image)
    assert "SECRET" not in str(told.value)


@WRITERS
def test_another_frame_of_reference_is_refused(tmp_path: Path, write: Any) -> None:
    image = read_volume(make_series("axial", tmp_path / "one"))
    positions = axial([0, 2, 4, 6])
    named = {**NAMED, "FrameOfReferenceUID": "1.9.9"}
    other = read_volume(MAKER.write_all(tmp_path / "two", positions, **named))
    path = write(drawn_on(other), other, tmp_path / "m.dcm")
    with pytest.raises(GeometryError, match=r"another frame of reference.*Open the series"):
        read_mask(path, image)


@WRITERS
def test_other_images_of_the_same_place_are_told(tmp_path: Path, write: Any) -> None:
    """Such as a mask drawn on T1 and opened on the T2 of the same session."""
    image = read_volume(make_series("axial", tmp_path / "one"))
    other = read_volume(make_series("axial", tmp_path / "two"))
    path = write(drawn_on(other), other, tmp_path / "m.dcm")
    mask = read_mask(path, image)
    assert (mask.array == drawn_on(image)).all()
    assert [notice.code for notice in mask.notices] == ["drawn-on-other-images"]


@WRITERS
def test_another_grid_is_refused_not_resampled(tmp_path: Path, write: Any) -> None:
    image = read_volume(make_series("axial", tmp_path / "one"))
    between = MAKER.write_all(tmp_path / "two", axial([1, 3, 5]), **NAMED)
    path = write(drawn_on(read_volume(between)), read_volume(between), tmp_path / "m.dcm")
    with pytest.raises(GeometryError, match=r"nothing is (resampled|shifted) unseen"):
        read_mask(path, image)


def test_other_pixels_are_refused_for_a_seg(tmp_path: Path) -> None:
    image = read_volume(make_series("axial", tmp_path / "one"))
    coarse = MAKER.with_(spacing=(3.0, 1.6), rows=11).write_all(
        tmp_path / "two", axial([0, 2, 4, 6]), **NAMED
    )
    path = write_seg(drawn_on(read_volume(coarse)), read_volume(coarse), tmp_path / "m.dcm")
    with pytest.raises(GeometryError, match="has other pixels than the image"):
        read_mask(path, image)


def test_a_seg_of_part_of_the_plane_is_laid_where_it_belongs(tmp_path: Path) -> None:
    image = read_volume(make_series("axial", tmp_path / "one"))
    corner = -20 + 0.8 * 3, -30 + 1.5 * 4
    part = MAKER.with_(rows=5, columns=6).write_all(
        tmp_path / "two", [(corner[0], corner[1], float(z)) for z in (0, 2, 4, 6)], **NAMED
    )
    small = read_volume(part)
    path = write_seg(np.ones(small.geometry.shape, bool), small, tmp_path / "m.dcm")
    wanted = np.zeros(image.geometry.shape, np.uint8)
    wanted[:, 4:9, 3:9] = 1
    assert (read_mask(path, image).array == wanted).all()
    back = write_seg(np.ones(image.geometry.shape, bool), image, tmp_path / "large.dcm")
    with pytest.raises(GeometryError, match="reaches beyond the image"):
        read_mask(back, small)


@pytest.mark.parametrize(
    ("turn", "cosines", "corner"),
    [
        (lambda f: f[:, ::-1], (-1, 0, 0, 0, 1, 0), (18, 0)),
        (lambda f: f[::-1], (1, 0, 0, 0, -1, 0), (0, 22)),
        (lambda f: f.transpose(1, 0), (0, 1, 0, 1, 0, 0), (0, 0)),
    ],
)
def test_a_seg_whose_frames_are_turned_is_turned_back(
    image: Volume, tmp_path: Path, turn: Any, cosines: Any, corner: tuple[int, int]
) -> None:
    """Other programs write frames in their own order of rows and columns."""
    mask = (drawn_on(image) == 3).astype(np.uint8)
    path = write_seg(mask, image, tmp_path / "m.dcm")
    ds = pydicom.dcmread(path)
    size = ds.Rows * ds.Columns
    bits = np.unpackbits(np.frombuffer(ds.PixelData, np.uint8), bitorder="little")
    frames = bits[: ds.NumberOfFrames * size].reshape(-1, ds.Rows, ds.Columns)
    turned = np.stack([turn(frame) for frame in frames])
    ds.Rows, ds.Columns = turned.shape[1:]
    packed = np.packbits(turned, bitorder="little").tobytes()
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
    shared = ds.SharedFunctionalGroupsSequence[0]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = list(cosines)
    if cosines[0] == 0:
        shared.PixelMeasuresSequence[0].PixelSpacing = [0.8, 1.5]
    for group in ds.PerFrameFunctionalGroupsSequence:
        x, y, z = group.PlanePositionSequence[0].ImagePositionPatient
        moved = [x + 0.8 * corner[0], y + 1.5 * corner[1], z]
        group.PlanePositionSequence[0].ImagePositionPatient = moved
    ds.save_as(path)
    assert (read_mask(path, image).array == mask).all()


def test_wrong_references_are_told_and_positions_taken(image: Volume, tmp_path: Path) -> None:
    mask = drawn_on(image)
    path = write_rtstruct(mask, image, tmp_path / "m.dcm")
    ds = pydicom.dcmread(path)
    contours = [c for r in ds.ROIContourSequence for c in r.ContourSequence]
    named = [c.ContourImageSequence[0].ReferencedSOPInstanceUID for c in contours]
    for contour, other in zip(contours, reversed(named), strict=True):
        contour.ContourImageSequence[0].ReferencedSOPInstanceUID = other
    ds.save_as(path)
    back = read_mask(path, image)
    assert (back.array == mask).all()
    assert [notice.code for notice in back.notices] == ["references-wrong"]


def test_points_and_open_lines_are_passed_over_with_a_word(image: Volume, tmp_path: Path) -> None:
    mask = drawn_on(image)
    path = write_rtstruct(mask, image, tmp_path / "m.dcm", LABELS)
    ds = pydicom.dcmread(path)
    for kind, count in (("POINT", 1), ("OPEN_PLANAR", 2)):
        extra = Dataset()
        extra.ContourGeometricType, extra.NumberOfContourPoints = kind, count
        extra.ContourData = [0.0, 0.0, 99.0] * count
        ds.ROIContourSequence[0].ContourSequence.append(extra)
    ds.save_as(path)
    back = read_mask(path, image)
    assert (back.array == mask).all()
    assert "2 contours enclose nothing (1 points, 1 open lines)" in back.notices[0].text


@WRITERS
def test_a_file_that_was_cut_off_is_never_taken_for_whole(
    image: Volume, tmp_path: Path, write: Any
) -> None:
    path = write(drawn_on(image), image, tmp_path / "m.dcm", LABELS)
    whole, wanted = path.read_bytes(), read_mask(path, image)
    cut = tmp_path / "cut.dcm"
    for share in range(1, 40):
        cut.write_bytes(whole[: len(whole) * share // 40])
        with suppress(MedSSLError):
            assert (read_mask(cut, image).array == wanted.array).all()


@WRITERS
def test_damaged_bytes_give_a_mask_or_a_sentence(image: Volume, tmp_path: Path, write: Any) -> None:
    whole = write(drawn_on(image), image, tmp_path / "m.dcm", LABELS).read_bytes()
    rng = np.random.default_rng(0)
    bad = tmp_path / "bad.dcm"
    said = []
    for _ in range(60):
        flipped = bytearray(whole)
        for place in rng.integers(132, len(whole), 12):
            flipped[place] = int(rng.integers(256))
        bad.write_bytes(flipped)
        try:
            assert read_mask(bad, image).array.shape == image.array.shape
        except MedSSLError as error:
            said.append(str(error))
    assert said
    assert not any("CANARY" in sentence for sentence in said)


def test_frames_that_the_file_cannot_hold_are_refused_at_once(
    image: Volume, tmp_path: Path
) -> None:
    path = _changed(write_seg(drawn_on(image), image, tmp_path / "m.dcm"), NumberOfFrames=10**8)
    with pytest.raises(UnreadableFileError, match="is cut off"):
        read_mask(path, image)


def test_a_dicom_mask_needs_its_dicom_image(shared_data: Path) -> None:
    nifti = read_volume(shared_data / "ibsi-sts-ct-mr-pet" / "STS_025" / "CT_image.nii.gz")
    contours = shared_data / "dicom-rtstruct-sts" / "STS_025" / "CT" / "mask" / "RS.dcm"
    with pytest.raises(UnsupportedFormatError, match=r"is no DICOM series.*Open the DICOM folder"):
        read_mask(contours, nifti)


def test_a_label_map_stored_as_a_dicom_series_is_still_read(tmp_path: Path) -> None:
    image = read_volume(make_series("axial", tmp_path / "one"))
    folder = MAKER.with_(intercept=0.0).write_all(tmp_path / "two", axial([0, 2, 4, 6]), **NAMED)
    for path in folder.iterdir():
        ds = pydicom.dcmread(path)
        ds.PixelData = (np.arange(23 * 19) % 3).astype("<i2").tobytes()
        ds.save_as(path)
    assert set(np.unique(read_labels(folder, image))) == {0, 1, 2}


def _changed(path: Path, **tags: Any) -> Path:
    ds = pydicom.dcmread(path)
    for keyword, value in tags.items():
        setattr(ds, keyword, value)
    ds.save_as(path)
    return path
