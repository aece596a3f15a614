"""Where frames lie and what their pixels measure, plain and in functional groups."""

from __future__ import annotations

from typing import Any

import pytest
from dicom_phantoms import SliceMaker, axial, enhanced, plain_image
from pydicom import Dataset
from pydicom.sequence import Sequence as Items

from napari_medssl.io.dicom.frames import PHASES, Frame, read_frames

MR = SliceMaker(modality="MR")


def _plain(**tags: Any) -> Frame:
    (frame,) = read_frames(MR.dataset((1, 2, 3), 1, **tags), 1, 12, 10)
    return frame


def test_a_plain_frame() -> None:
    frame = _plain(EchoTime=4.6)
    assert frame.placement is not None
    assert frame.placement.position == (1, 2, 3)
    assert frame.placement.orientation == (1, 0, 0, 0, 1, 0)
    assert (frame.pixel_size.row_mm, frame.pixel_size.column_mm) == (1.5, 0.8)
    assert (frame.thickness_mm, frame.slope, frame.intercept) == (2.0, 1.0, -1024.0)
    assert frame.phase[list(PHASES).index("EchoTime")] == "4.6"


@pytest.mark.parametrize(
    "orientation", [[0] * 6, [1, 0, 0, 1, 0, 0], [2, 0, 0, 0, 1, 0], [1, 0, 0, 0.2, 0.98, 0]]
)
def test_directions_that_are_no_directions_place_nothing(orientation: list[float]) -> None:
    assert _plain(ImageOrientationPatient=orientation).placement is None


def test_directions_rounded_by_the_scanner_are_made_unit_vectors() -> None:
    placement = _plain(ImageOrientationPatient=[0.9, 0.436, 0, 0, 0, -1]).placement
    assert placement is not None
    assert sum(v**2 for v in placement.orientation[:3]) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("modality", "tags", "spacing", "source"),
    [
        ("MR", {"PixelSpacing": [2, 3]}, (2, 3), "given"),
        ("MR", {"PixelSpacing": [0, 0]}, (1, 1), "assumed"),
        ("DX", {"ImagerPixelSpacing": [2, 3]}, (2, 3), "detector"),
        ("DX", {"PixelSpacing": [2, 3], "ImagerPixelSpacing": [2, 3]}, (2, 3), "detector"),
        ("DX", {"PixelSpacing": [1, 2], "ImagerPixelSpacing": [2, 3]}, (1, 2), "given"),
        ("CR", {"PixelSpacing": [2, 3]}, (2, 3), "detector"),
        (
            "CR",
            {"PixelSpacing": [2, 3], "PixelSpacingCalibrationType": "FIDUCIAL"},
            (2, 3),
            "given",
        ),
        ("OT", {"NominalScannedPixelSpacing": [2, 3]}, (2, 3), "scanned"),
        ("OT", {}, (1, 1), "assumed"),
    ],
)
def test_pixel_size_is_taken_from_where_it_stands(
    modality: str, tags: dict[str, Any], spacing: tuple[float, float], source: str
) -> None:
    ds = MR.dataset((0, 0, 0), 1)
    del ds.PixelSpacing
    ds.Modality = modality
    for keyword, value in tags.items():
        setattr(ds, keyword, value)
    (frame,) = read_frames(ds, 1, 12, 10)
    size = frame.pixel_size
    assert ((size.row_mm, size.column_mm), size.source) == (spacing, source)


def test_each_enhanced_frame_has_its_own_place_and_shares_the_rest() -> None:
    ds = enhanced(MR, axial([0, 5]), echoes=(3.0, 9.0))
    frames = read_frames(ds, 4, 12, 10)
    assert [f.placement.position[2] for f in frames if f.placement] == [0, 5, 0, 5]
    assert {f.pixel_size.row_mm for f in frames} == {1.5}
    assert {f.intercept for f in frames} == {-1024.0}
    echoes = [f.phase[list(PHASES).index("EffectiveEchoTime")] for f in frames]
    assert echoes == ["3.0", "3.0", "9.0", "9.0"]


def test_private_groups_that_repeat_public_tags_are_not_believed() -> None:
    ds = enhanced(MR, axial([0, 5]))
    for group in ds.PerFrameFunctionalGroupsSequence:
        private = Dataset()
        private.ImagePositionPatient = [99, 99, 99]
        group.add_new(0x00090010, "LO", "MAKER")
        group.add_new(0x00091001, "SQ", Items([private]))
    positions = [f.placement.position[2] for f in read_frames(ds, 2, 12, 10) if f.placement]
    assert positions == [0, 5]


def test_many_frames_without_groups_have_no_place() -> None:
    import numpy as np

    ds = plain_image(np.zeros((3, 4, 4), np.uint8))
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    frames = read_frames(ds, 3, 4, 4)
    assert [f.index for f in frames] == [0, 1, 2]
    assert {f.placement for f in frames} == {None}
