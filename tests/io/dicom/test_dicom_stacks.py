"""Grouping frames into stacks and volumes from their headers alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from dicom_phantoms import CORONAL, SliceMaker, axial, plain_image

from napari_medssl.io.dicom.frames import PHASES, read_frames
from napari_medssl.io.dicom.headers import ImageFile
from napari_medssl.io.dicom.stacks import Stack, stacks_of
from napari_medssl.io.dicom.stored import StoredPixels
from napari_medssl.io.dicom.tags import Tags

MR = SliceMaker(modality="MR")


def _file(name: str, ds: Any) -> ImageFile:
    tags = Tags.of(ds)
    pixels = StoredPixels.from_tags(tags, "1.2.840.10008.1.2.1", "PixelData", "OW", 0)
    return ImageFile(
        path=Path(name),
        instance_uid=tags.text("SOPInstanceUID"),
        series_uid=tags.text("SeriesInstanceUID"),
        series_number=tags.whole("SeriesNumber"),
        instance_number=tags.whole("InstanceNumber"),
        description="",
        modality=tags.text("Modality"),
        units="",
        may_show_text=False,
        padding=None,
        unread_bytes=0,
        frame_time_ms=None,
        pixels=pixels,
        frames=read_frames(ds, pixels.frames, pixels.rows, pixels.columns),
    )


def _stacks(*slices: tuple[SliceMaker, Any, dict[str, Any]]) -> tuple[Stack, ...]:
    return stacks_of(
        _file(f"{n}.dcm", maker.dataset(position, n, **tags))
        for n, (maker, position, tags) in enumerate(slices)
    )


def _depths(stack: Stack, volume: int = 0) -> list[float]:
    return [s.placement.position[2] for s in stack.volumes[volume]]


def test_slices_are_sorted_by_place_not_by_number_or_name() -> None:
    (stack,) = _stacks(*[(MR, p, {}) for p in axial([6, 0, 4, 2])])
    assert _depths(stack) == [0, 2, 4, 6]


def test_orientation_size_spacing_and_series_part_stacks() -> None:
    makers = [
        MR,
        MR.with_(orientation=CORONAL),
        MR.with_(rows=20),
        MR.with_(spacing=(1.5, 0.9)),
        MR.with_(series="1.2.3"),
        MR.with_(modality="CT"),
    ]
    assert len(_stacks(*[(m, (0, 0, n), {}) for n, m in enumerate(makers)])) == 6


def test_orientation_that_differs_by_rounding_does_not() -> None:
    nearly = MR.with_(orientation=(1.0, 0.0001, 0.0, 0.0, 1.0, -0.0001))
    assert len(_stacks((MR, (0, 0, 0), {}), (nearly, (0, 0, 2), {}))) == 1


def test_stacks_are_numbered_by_series_then_instance() -> None:
    late = MR.with_(series="1.2.1", series_number=9)
    early = MR.with_(series="1.2.9", series_number=2)
    first, second = _stacks((late, (0, 0, 0), {}), (early, (0, 0, 0), {}))
    assert (first.series, second.series) == ("1.2.9", "1.2.1")


def test_two_attributes_together_can_tell_volumes_apart() -> None:
    slices = [
        (MR, p, {"EchoTime": echo, "ComplexImageComponent": part})
        for p in axial([0, 2, 4])
        for echo in (3, 9)
        for part in ("MAGNITUDE", "PHASE")
    ]
    (stack,) = _stacks(*slices)
    assert len(stack.volumes) == 4
    assert stack.told_apart_by == ("echo time", "image type")
    assert all(_depths(stack, n) == [0, 2, 4] for n in range(4))


def test_volumes_are_in_the_order_of_their_numbers() -> None:
    slices = [(MR, p, {"DiffusionBValue": b}) for b in (1000, 50, 0) for p in axial([0, 2])]
    (stack,) = _stacks(*slices)
    phase = list(PHASES).index("DiffusionBValue")
    assert [float(v[0].frame.phase[phase]) for v in stack.volumes] == [0, 50, 1000]


def test_a_volume_that_was_broken_off_stands_alone() -> None:
    slices = [(MR, p, {"TemporalPositionIdentifier": t}) for t in (1, 2) for p in axial([0, 2, 4])]
    slices += [(MR, (-20, -30, 0), {"TemporalPositionIdentifier": 3})]
    whole, part = _stacks(*slices)
    assert (len(whole.volumes), whole.size) == (2, (10, 12, 3))
    assert (len(part.volumes), part.size) == (1, (10, 12, 1))


def test_pictures_without_a_place_stand_alone() -> None:
    files = [_file(f"{n}", plain_image(np.zeros((4, 5), np.uint8))) for n in range(3)]
    stacks = stacks_of(files)
    assert len(stacks) == 3
    assert not any(stack.is_placed for stack in stacks)


def test_the_first_of_two_copies_is_kept() -> None:
    ds = MR.dataset((0, 0, 0), 1)
    (stack,) = stacks_of([_file("named.dcm", ds), _file("copy.dcm", ds)])
    assert stack.copies == 1
    assert stack.volume_with(Path("named.dcm")) == 0
    assert stack.volume_with(Path("copy.dcm")) is None
