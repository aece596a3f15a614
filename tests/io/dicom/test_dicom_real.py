"""Every real DICOM file and folder at hand: the verdict on each, and whether it is right."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom.data
import pytest

from napari_medssl.errors import MedSSLError, UnreadableFileError, UnsupportedFormatError
from napari_medssl.io.dicom import looks_like_dicom, read_dicom
from napari_medssl.io.dicom import pixels as dicom_pixels

PYDICOM_FILES = Path(pydicom.data.__file__).parent / "test_files"
pytestmark = pytest.mark.slow

LPS_OF_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

#: folder or file -> stored shape and notices, or the kind of error and words of its sentence
DIFFICULT: dict[str, tuple[Any, Any]] = {
    "4d_fmri_ge": ((64, 64, 4), {"several-volumes", "volumes-apart"}),
    "compressed_j2k": ((256, 256, 4), set()),
    "compressed_jpeg": ((256, 256, 4), set()),
    "compressed_jpegls": ((256, 256, 4), set()),
    "compressed_rle": ((256, 256, 4), set()),
    "gantrytilting": ((512, 512, 4), {"gantry-tilt", "sheared"}),
    "highdicom": ((128, 128, 1), {"several-series", "other-objects", "single-slice"}),
    "highdicom/ct_image.dcm": ((128, 128, 1), {"single-slice"}),
    "highdicom/dx_image.dcm": (
        (211, 169, 1),
        {"spacing-at-detector", "orientation-unknown", "inverted", "single-slice"},
    ),
    "highdicom/seg_image_ct_binary.dcm": (UnsupportedFormatError, "is a segmentation"),
    "highdicom/sm_image.dcm": (UnsupportedFormatError, "is a whole-slide microscopy image"),
    "highdicom/sm_annotations.dcm": (UnsupportedFormatError, "is annotations of a microscopy"),
    "highdicom/sr_document.dcm": (UnsupportedFormatError, "is a report"),
    "notavolume": (
        (512, 512, 1),
        {"several-volumes", "volumes-apart", "thickness-assumed", "single-slice"},
    ),
    "philips_enhanced": ((256, 256, 8), set()),
    "philips_enhanced/IM-0001-0170-0001.dcm": ((256, 256, 8), set()),
    "rgb_colour_volume": ((52, 77, 4), {"burnt-in-text"}),
    "rtstruct_phantom": ((512, 512, 2), {"other-objects"}),
    "rtstruct_phantom/rt.dcm": (UnsupportedFormatError, "is a set of radiotherapy contours"),
    "seg_ct3slice": ((512, 512, 3), {"other-objects"}),
    "seg_ct3slice/image": ((512, 512, 3), set()),
    "seg_ct3slice/liver.dcm": (UnsupportedFormatError, "is a segmentation"),
    "siemens_multiframe": ((256, 256, 8), set()),
    "slicecount": ((256, 256, 2), set()),
    "sliceincrement": ((512, 512, 5), {"slices-missing"}),
    "sliceorientation": ((288, 288, 2), {"mixed-orientation"}),
    "SOURCES.md": (UnreadableFileError, "is not a DICOM file"),
}
ULTRASOUND: dict[str, tuple[Any, Any]] = {
    ".": (
        (640, 480, 1),
        {"several-series", "spacing-from-regions", "orientation-unknown", "burnt-in-text"}
        | {"colour-reduced", "single-slice"},
    ),
    "US1_J2KR.dcm": (
        (640, 480, 1),
        {"spacing-assumed", "orientation-unknown", "burnt-in-text", "single-slice"},
    ),
    "US1_UNCR.dcm": (
        (640, 480, 1),
        {"spacing-assumed", "orientation-unknown", "burnt-in-text", "single-slice"},
    ),
    "gdcm-US-ALOKA-16.dcm": (
        (640, 480, 1),
        {"spacing-from-regions", "orientation-unknown", "burnt-in-text", "colour-reduced"}
        | {"single-slice"},
    ),
}


@pytest.fixture
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode in this process: a child for each of many files would take minutes."""
    monkeypatch.setattr(
        dicom_pixels, "run_in_child", lambda function, request, **_: function(request)
    )


def _judge(path: Path, expected: tuple[Any, Any]) -> None:
    shape, words = expected
    if isinstance(shape, type):
        with pytest.raises(shape, match=words):
            read_dicom(path)
        return
    volume = read_dicom(path)
    assert volume.source.geometry.shape == shape
    assert {n.code for n in volume.notices} == words


@pytest.mark.usefixtures("no_child")
@pytest.mark.parametrize("name", DIFFICULT)
def test_verdicts_on_difficult_dicom(shared_data: Path, name: str) -> None:
    _judge(shared_data / "dicom-difficult" / name, DIFFICULT[name])


@pytest.mark.usefixtures("no_child")
@pytest.mark.parametrize("name", ULTRASOUND)
def test_verdicts_on_ultrasound(shared_data: Path, name: str) -> None:
    _judge(shared_data / "us-dicom" / name, ULTRASOUND[name])


@pytest.mark.usefixtures("no_child")
def test_every_other_difficult_file_gives_a_volume_or_a_sentence(shared_data: Path) -> None:
    files = [p for p in sorted((shared_data / "dicom-difficult").rglob("*")) if p.is_file()]
    verdicts = [_verdict(path) for path in files]
    assert len(verdicts) > 80
    assert verdicts.count("volume") == len([p for p in files if _is_image(p)])


def _is_image(path: Path) -> bool:
    no_image = ("seg_image", "sm_", "sr_", "liver", "partial", "rt.", "invalid", "non_existent")
    return path.suffix == ".dcm" and not any(word in path.name for word in no_image)


def _verdict(path: Path) -> str:
    try:
        read_dicom(path)
    except MedSSLError as error:
        return f"sentence: {error}"
    return "volume"


#: files of the pydicom wheel that are cut off, empty, or hold no pixels
REFUSED_IMAGES = {
    "DICOMDIR-empty.dcm",
    "JPEG2000-embedded-sequence-delimiter.dcm",
    "MR_truncated.dcm",
    "UN_sequence.dcm",
    "empty_charset_LEI.dcm",
    "meta_missing_tsyntax.dcm",
    "nested_priv_SQ.dcm",
    "no_meta.dcm",
    "no_meta_group_length.dcm",
    "priv_SQ.dcm",
}
NO_IMAGES = ("rt", "liver", "report", "test-SR", "waveform", "badVR", "ExplVR_BigEndNo", "ExplVR_L")


@pytest.mark.usefixtures("no_child")
def test_every_file_of_the_pydicom_wheel(tmp_path: Path) -> None:
    files = [p for p in sorted(PYDICOM_FILES.glob("*")) if p.is_file()]
    wrong = []
    for n, path in enumerate(files):
        folder = tmp_path / str(n)
        folder.mkdir()
        verdict = _verdict(Path(shutil.copy(path, folder)))
        image = path.suffix == ".dcm" and path.name not in REFUSED_IMAGES
        image = image and not path.name.startswith(NO_IMAGES)
        if (verdict == "volume") != image:
            wrong.append((path.name, verdict))
    assert len(files) >= 80
    assert wrong == []


def test_every_folder_and_disc_of_the_pydicom_wheel() -> None:
    folders = [p for p in sorted(PYDICOM_FILES.rglob("*")) if p.is_dir()]
    discs = [p for p in PYDICOM_FILES.rglob("DICOMDIR*") if looks_like_dicom(p)]
    verdicts = {path.name: _verdict(path) for path in (*folders, *discs)}
    refused = {name for name, verdict in verdicts.items() if verdict != "volume"}
    headers_only = {"DICOMDIR", "DICOMDIR-empty.dcm", "TINY_ALPHA", "PT000000", "ST000000"}
    assert refused <= headers_only | {"SE000000", "77654033", "CT2"}
    assert "4 slices lie between 1.25 and" in verdicts["CT2"]  # four of a series of hundreds


@pytest.mark.parametrize("codec", ["j2k", "jpeg", "jpegls", "rle"])
def test_four_codecs_give_the_same_pixels_in_the_same_place(shared_data: Path, codec: str) -> None:
    folder = shared_data / "dicom-difficult"
    _assert_same_image(folder / f"compressed_{codec}", folder / "compressed_reference.nii.gz")


@pytest.mark.parametrize("name", ["CT", "MR_T1"])
def test_dicom_lands_where_its_nifti_twin_does(shared_data: Path, name: str) -> None:
    _assert_same_image(
        shared_data / "dicom-rtstruct-sts" / "STS_025" / name / "image",
        shared_data / "ibsi-sts-ct-mr-pet" / "STS_025" / f"{name}_image.nii.gz",
    )


def _assert_same_image(folder: Path, nifti: Path) -> None:
    twin = nibabel.load(nifti)
    values = np.asanyarray(twin.dataobj)
    index = np.indices(values.shape).reshape(3, -1)
    affine = LPS_OF_RAS @ twin.affine
    volume = read_dicom(folder)
    found = volume.geometry.to_index((affine[:3, :3] @ index).T + affine[:3, 3])
    nearest = np.rint(found).astype(int)
    assert np.abs(found - nearest).max() < 1e-4
    assert volume.array.size == values.size
    assert volume.array.dtype.kind in "iu"
    assert (volume.array[tuple(nearest.T)] == values[tuple(index)]).all()


def test_colours_do_not_depend_on_the_compression(shared_data: Path) -> None:
    plain, compressed = (
        read_dicom(shared_data / "us-dicom" / f"US1_{kind}.dcm") for kind in ("UNCR", "J2KR")
    )
    assert plain.is_rgb
    assert plain.modality == "US"
    assert (plain.array == compressed.array).all()


def test_enhanced_image_agrees_with_simpleitk(shared_data: Path) -> None:
    import SimpleITK

    for name in ("philips_enhanced/IM-0001-0170-0001.dcm", "siemens_multiframe"):
        path = shared_data / "dicom-difficult" / name
        volume = read_dicom(path)
        file = path if path.is_file() else next(path.iterdir())
        image = SimpleITK.ReadImage(str(file))
        geometry = volume.source.geometry
        np.testing.assert_allclose(geometry.origin_mm, image.GetOrigin(), atol=1e-4)
        np.testing.assert_allclose(geometry.spacing_mm, image.GetSpacing(), atol=1e-4)
        np.testing.assert_allclose(np.ravel(geometry.direction), image.GetDirection(), atol=1e-4)
        stored = volume.to_source(volume.array).transpose(2, 1, 0)
        np.testing.assert_allclose(stored, SimpleITK.GetArrayFromImage(image), rtol=1e-6)


def test_real_gantry_tilt(shared_data: Path) -> None:
    volume = read_dicom(shared_data / "dicom-difficult" / "gantrytilting")
    tilt = next(n for n in volume.notices if n.code == "gantry-tilt")
    assert "14.0 degrees" in tilt.text
    assert volume.source.geometry.spacing_mm[2] == pytest.approx(5.0)


def test_real_gap_is_filled_where_it_is(shared_data: Path) -> None:
    volume = read_dicom(shared_data / "dicom-difficult" / "sliceincrement")
    gap = next(n for n in volume.notices if n.code == "slices-missing")
    assert "(k = 3)" in gap.text
    stored = volume.to_source(volume.array).astype(float)
    assert np.abs(stored[..., 3] - stored[..., 2:5:2].mean(axis=-1)).max() <= 0.5


def test_series_of_one_place_over_time_offers_each_time(shared_data: Path) -> None:
    folder = shared_data / "dicom-difficult" / "notavolume"
    first = read_dicom(folder)
    assert first.source.volumes == 4
    assert {read_dicom(folder, volume=n).geometry for n in range(4)} == {first.geometry}


def test_both_stacks_of_a_mixed_series_can_be_read(shared_data: Path) -> None:
    folder = shared_data / "dicom-difficult" / "sliceorientation"
    spacings = {
        round(read_dicom(folder, series=n).source.geometry.spacing_mm[2], 3) for n in (0, 1)
    }
    # the second pair lies 4.4 mm apart, as its spacing between slices says
    assert spacings == {3.3, 4.4}
