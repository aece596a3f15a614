"""Ultrasound: calibration of regions, cines, and the text that may be in the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from dicom_phantoms import plain_image, save, scan_region
from pydicom import uid

from napari_medssl.io.dicom import read_dicom
from napari_medssl.io.ultrasound import region_spacing, scan_regions

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

    from napari_medssl.volume import Volume

WHOLE = (0, 0, 63, 47)


def _picture(frames: int = 1, **tags: Any) -> Dataset:
    pixels = np.random.default_rng(0).integers(0, 255, (frames, 48, 64, 3), np.uint8)
    ds = plain_image(pixels if frames > 1 else pixels[0])
    ds.SOPClassUID = (
        uid.UltrasoundMultiFrameImageStorage if frames > 1 else uid.UltrasoundImageStorage
    )
    ds.Modality = "US"
    for keyword, value in tags.items():
        setattr(ds, keyword, value)
    return ds


def _read(folder: Path, ds: Dataset) -> Volume:
    return read_dicom(save(folder / "us.dcm", ds))


def test_spacing_comes_from_the_regions(tmp_path: Path) -> None:
    regions = [
        scan_region((0, 0, 30, 40), (0.02, 0.03)),
        scan_region((31, 0, 63, 40), (0.02, 0.03)),
    ]
    volume = _read(tmp_path, _picture(SequenceOfUltrasoundRegions=regions))
    assert volume.source.geometry.spacing_mm == pytest.approx((0.2, 0.3, 1.0))
    assert volume.spacing_known
    assert not volume.orientation_known
    codes = {n.code for n in volume.notices}
    assert {"spacing-from-regions", "orientation-unknown", "burnt-in-text"} <= codes


def test_of_regions_that_differ_the_largest_counts_and_that_is_said(tmp_path: Path) -> None:
    regions = [
        scan_region((0, 0, 10, 10), (0.01, 0.01)),
        scan_region((11, 0, 63, 40), (0.05, 0.05)),
    ]
    volume = _read(tmp_path, _picture(SequenceOfUltrasoundRegions=regions))
    assert volume.source.geometry.spacing_mm[0] == pytest.approx(0.5)
    said = next(n for n in volume.notices if n.code == "spacing-from-regions")
    assert "largest region" in said.text


def test_a_calibration_that_does_not_fit_the_picture_is_not_believed(tmp_path: Path) -> None:
    regions = [scan_region((0, 0, 200, 100), (0.02, 0.02))]
    volume = _read(tmp_path, _picture(SequenceOfUltrasoundRegions=regions))
    assert volume.source.geometry.spacing_mm == (1.0, 1.0, 1.0)
    assert not volume.spacing_known
    said = next(n for n in volume.notices if n.code == "spacing-assumed")
    assert "cut or scaled" in said.text


def test_doppler_curves_and_uncalibrated_regions_are_passed_over() -> None:
    doppler = scan_region(WHOLE, (0.01, 0.01), format_=3)
    seconds = scan_region(WHOLE, (0.01, 0.01))
    seconds.PhysicalUnitsXDirection = 4
    nothing = scan_region(WHOLE, (0.0, 0.01))
    assert scan_regions([doppler, seconds, nothing]) == ()
    assert region_spacing((), 48, 64) == (None, "none")


def test_the_largest_region_comes_first() -> None:
    small, large = scan_region((0, 0, 9, 9), (0.1, 0.1)), scan_region((0, 0, 19, 9), (0.2, 0.2))
    first, second = scan_regions([small, large])
    assert (first.area, second.area) == (200, 100)
    assert (first.row_mm, first.column_mm) == (2.0, 2.0)


def test_pixels_that_are_not_square_are_shown_in_proportion(tmp_path: Path) -> None:
    volume = _read(tmp_path, _picture(PixelAspectRatio=[4, 3]))
    assert volume.source.geometry.spacing_mm == pytest.approx((1.0, 4 / 3, 1.0))
    assert not volume.spacing_known


def test_a_cine_is_a_stack_in_time(tmp_path: Path) -> None:
    ds = _picture(5, FrameTime=40)
    volume = _read(tmp_path, ds)
    assert volume.stack == "time"
    assert volume.modality == "US"
    assert volume.array.shape == (3, 5, 48, 64)
    assert volume.geometry.spacing_mm[0] == 1.0
    stored = np.frombuffer(ds.PixelData, np.uint8).reshape(5, 48, 64, 3)
    assert (np.moveaxis(volume.array, 0, -1) == stored).all()
    assert "40 ms" in next(n for n in volume.notices if n.code == "cine").text


@pytest.mark.parametrize(("stated", "warned"), [("YES", True), ("NO", False), ("", True)])
def test_text_in_the_picture_is_warned_of_unless_ruled_out(
    tmp_path: Path, stated: str, warned: bool
) -> None:
    volume = _read(tmp_path, _picture(BurnedInAnnotation=stated))
    assert ("burnt-in-text" in {n.code for n in volume.notices}) is warned
