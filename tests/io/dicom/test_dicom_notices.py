"""What is said of a read, in sentences, naming nothing private."""

from __future__ import annotations

from pathlib import Path

import pytest
from dicom_phantoms import CORONAL, SliceMaker, axial

from napari_medssl.errors import UnreadableFileError
from napari_medssl.io.dicom.files import Found, find_images
from napari_medssl.io.dicom.geometry import fit_grid
from napari_medssl.io.dicom.notices import (
    about_choice,
    about_grid,
    about_neighbours,
    about_volumes,
)
from napari_medssl.io.dicom.objects import NotAnImageError
from napari_medssl.io.dicom.stacks import Stack, stacks_of

CT = SliceMaker()


def _stacks(folder: Path) -> tuple[Stack, ...]:
    return stacks_of(find_images(sorted(folder.iterdir())).images)


@pytest.mark.parametrize(
    ("depths", "codes"),
    [
        ([0, 2, 4], []),
        ([0, 2, 6], ["slices-missing"]),
        ([0, 2, 4.7, 7.1], ["uneven-slices"]),
        ([0, 9, 18], ["slice-gaps"]),
    ],
)
def test_grids_that_are_not_plain_are_explained(
    tmp_path: Path, depths: list[float], codes: list[str]
) -> None:
    CT.write_all(tmp_path, axial(depths))
    (stack,) = _stacks(tmp_path)
    positions = [s.placement.position for s in stack.volumes[0]]
    grid = fit_grid(positions, (1, 0, 0, 0, 1, 0), thickness_mm=2, pixel_mm=0.8)
    notices = about_grid(grid, stack.volumes[0])
    assert [n.code for n in notices] == codes
    assert all(n.text.endswith(".") for n in notices)


def test_what_was_left_out_is_said_with_its_numbers(tmp_path: Path) -> None:
    CT.write_all(tmp_path, axial([0, 2, 4]))
    for n in range(2):
        CT.with_(orientation=CORONAL).write(tmp_path / f"s{n}", (-20, n, 40), 50 + n)
    CT.with_(series="1.2.3", series_number=5).write(tmp_path / "o", (0, 0, 0), 1)
    stacks = _stacks(tmp_path)
    mixed, several = about_choice(0, stacks, asked=False)
    assert mixed.code == "mixed-orientation"
    assert "2 image(s) in other orientations" in mixed.text
    assert "--series 1." in mixed.text
    assert several.code == "several-series"
    assert "2 series; this is number 0" in several.text
    assert [n.code for n in about_choice(0, stacks, asked=True)] == ["mixed-orientation"]
    assert about_choice(2, stacks, asked=True) == []


def test_volumes_are_told_apart_in_words() -> None:
    stack = Stack(((), ()), ("echo time", "image type"), copies=2)
    apart, copies = about_volumes(stack, 0, 0)
    assert apart.text == "The volumes were told apart by: echo time, image type."
    assert copies.text.startswith("2 images")
    (other, *_) = about_volumes(stack, 0, 1)
    assert "--volume 1" in other.text


def test_neighbours_are_counted_and_objects_only_told_of_a_folder() -> None:
    seg = NotAnImageError("'s.dcm' is a segmentation")
    found = Found((), (seg, seg), (UnreadableFileError("'b.dcm' is cut off"),))
    others, broken = about_neighbours(found, named=False)
    assert "2 other DICOM object(s)" in others.text
    assert "(a segmentation)" in others.text
    assert "1 damaged file(s)" in broken.text
    assert [n.code for n in about_neighbours(found, named=True)] == ["broken-files"]
