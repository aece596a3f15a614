"""Images written out: values, type, axes and place as before, in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nibabel as nib
import numpy as np
import pytest
import SimpleITK

from napari_medssl.errors import SaveError
from napari_medssl.io import read_volume, write_volume
from napari_medssl.volume import Geometry, Volume

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".mha"]
AFFINE = np.array([[0, 0, 2.5, 4], [-0.7, 0, 0, 3], [0, 0.9, 0, -60], [0, 0, 0, 1.0]])


def volume_of(stored: np.ndarray, affine: np.ndarray = AFFINE) -> Volume:  # type: ignore[type-arg]
    geometry = Geometry.from_affine(stored.shape[-3:], affine)
    return Volume.from_source_array(stored, geometry, name="made", format="made")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_values_type_axes_and_place(tmp_path: Path, dtype: str, suffix: str) -> None:
    stored = np.random.default_rng(0).integers(0, 99, (4, 5, 6)).astype(dtype)
    if dtype[0] == "f":
        stored[0, 0, :3] = (np.nan, np.inf, -0.0)
    volume = volume_of(stored)
    back = read_volume(write_volume(volume, tmp_path / f"a{suffix}"))
    assert back.array.dtype == stored.dtype
    assert back.to_source(back.array).tobytes() == stored.tobytes()
    assert back.source.geometry.matches(volume.source.geometry)
    path = tmp_path / f"a{suffix}"
    if ".nii" in suffix:
        np.testing.assert_array_equal(np.asarray(nib.load(path).dataobj), stored)
        lps = np.diag([-1, -1, 1, 1]) @ nib.load(path).affine
        np.testing.assert_allclose(lps, AFFINE, atol=1e-5)
        np.testing.assert_allclose(nib.load(path).get_qform(), nib.load(path).affine, atol=1e-5)
    else:
        image = SimpleITK.ReadImage(str(path))
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).T, stored)
        np.testing.assert_allclose(
            image.TransformIndexToPhysicalPoint((3, 4, 5)), AFFINE[:3] @ (3, 4, 5, 1)
        )


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_colour(tmp_path: Path, suffix: str) -> None:
    stored = np.random.default_rng(0).integers(0, 255, (3, 4, 5, 6)).astype(np.uint8)
    back = read_volume(write_volume(volume_of(stored), tmp_path / f"a{suffix}"))
    assert back.is_rgb
    np.testing.assert_array_equal(back.to_source(back.array), stored)
    if suffix in (".nrrd", ".mha"):
        image = SimpleITK.ReadImage(str(tmp_path / f"a{suffix}"))
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).T, stored)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_sheared_axes_are_held_by_every_format(tmp_path: Path, suffix: str) -> None:
    sheared = AFFINE.copy()
    sheared[1, 2] = 0.8
    volume = volume_of(np.zeros((4, 5, 6), np.int16), sheared)
    path = write_volume(volume, tmp_path / f"a{suffix}")
    np.testing.assert_allclose(read_volume(path).source.geometry.affine, sheared, atol=1e-5)
    if suffix == ".nii":
        assert int(nib.load(path).header["qform_code"]) == 0  # it cannot hold shear
    elif suffix in (".nrrd", ".mha"):
        place = SimpleITK.ReadImage(str(path)).TransformIndexToPhysicalPoint((3, 4, 5))
        np.testing.assert_allclose(place, sheared[:3] @ (3, 4, 5, 1), atol=1e-9)


def test_file_is_packed(tmp_path: Path) -> None:
    volume = volume_of(np.zeros((40, 50, 60), np.int16))
    for suffix in (".nii.gz", ".nrrd", ".mha"):
        path = write_volume(volume, tmp_path / f"a{suffix}")
        assert path.stat().st_size < 10_000


def test_upper_case_suffix(tmp_path: Path) -> None:
    volume = volume_of(np.zeros((4, 5, 6), np.int16))
    for name in ("A.NII.GZ", "B.NRRD", "C.MHA"):
        assert read_volume(write_volume(volume, tmp_path / name)).geometry.shape == (5, 4, 6)


def test_picture_to_png(tmp_path: Path) -> None:
    colour = np.random.default_rng(0).integers(0, 255, (3, 8, 6, 1)).astype(np.uint8)
    for stored in (colour, colour[0], colour[0].astype(np.uint16) * 200):
        geometry = Geometry.from_affine(stored.shape[-3:], np.eye(4))
        picture = Volume.from_source_array(stored, geometry, name="a.png", format="picture")
        back = read_volume(write_volume(picture, tmp_path / "b.png"))
        np.testing.assert_array_equal(back.array, picture.array)
    with pytest.raises(SaveError, match="numbers of the type float32"):
        write_volume(picture.with_values(picture.array.astype("f4")), tmp_path / "b.png")


def test_image_is_never_written_over(tmp_path: Path) -> None:
    path = write_volume(volume_of(np.zeros((4, 5, 6), np.int16)), tmp_path / "a.nrrd")
    with pytest.raises(SaveError, match="never written over"):
        write_volume(read_volume(path), path)


def test_failing_disk_is_a_sentence(tmp_path: Path) -> None:
    volume = volume_of(np.zeros((4, 5, 6), np.int16))
    with pytest.raises(SaveError, match=r"'gone' for 'a.nii' does not exist"):
        write_volume(volume, tmp_path / "gone" / "a.nii")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_library_that_fails_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("ITK ERROR: /secret/path") if suffix in (".nrrd", ".mha") else OSError

    monkeypatch.setattr(SimpleITK.ImageFileWriter, "Execute", fail)
    monkeypatch.setattr(nib.Nifti1Image, "to_stream", fail)
    volume = volume_of(np.zeros((4, 5, 6), np.int16))
    with pytest.raises(SaveError, match="could not be written: the disk failed"):
        write_volume(volume, tmp_path / f"a{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_colours_that_no_file_can_hold_are_refused(tmp_path: Path, suffix: str) -> None:
    colours = volume_of(np.zeros((3, 4, 5, 6), np.float32))
    with pytest.raises(SaveError, match="0 to 255"):
        write_volume(colours, tmp_path / f"scaled{suffix}")
    assert not list(tmp_path.iterdir())
