"""48 orientations x 4 formats, straight and oblique: image -> volume -> mask, 0 voxels astray.

Images are written, and masks read back, by nibabel and SimpleITK, which know nothing of ours.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from scipy.spatial.transform import Rotation

from napari_medssl.io import read_labels, read_volume, write_labels

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SHAPE = (7, 6, 5)
SPACING = (0.8, 1.5, 3.0)
ORIENTATIONS = [
    (order, signs)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]
TILT = Rotation.from_euler("xyz", (11, -17, 23), degrees=True).as_matrix()
RAS_TO_LPS = np.diag([-1.0, -1, 1, 1])


def lps_affine(order: tuple[int, ...], signs: tuple[int, ...], tilt: Any) -> NDArray[np.float64]:
    affine = np.eye(4)
    affine[:3, :3] = tilt @ (np.eye(3)[:, order] * signs * SPACING)
    affine[:3, 3] = (-31.5, 12.25, 140.75)
    return affine


def write_image(path: Path, data: NDArray[Any], affine: NDArray[np.float64]) -> None:
    if ".nii" in path.name:
        image = nib.Nifti1Image(data, RAS_TO_LPS @ affine)
        image.set_qform(RAS_TO_LPS @ affine, 1)
        image.to_filename(path)
        return
    made = SimpleITK.GetImageFromArray(np.ascontiguousarray(data.T))
    made.SetSpacing(SPACING)
    made.SetOrigin(affine[:3, 3].tolist())
    made.SetDirection((affine[:3, :3] / SPACING).ravel().tolist())
    SimpleITK.WriteImage(made, str(path))


def read_mask(path: Path) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return voxels (i, j, k) and their LPS affine as the other library sees them."""
    if ".nii" in path.name:
        mask = nib.load(path)
        return np.asarray(mask.dataobj), RAS_TO_LPS @ mask.affine
    made = SimpleITK.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(made.GetDirection(), (3, 3)) * made.GetSpacing()
    affine[:3, 3] = made.GetOrigin()
    return SimpleITK.GetArrayFromImage(made).T, affine


def places(mask: NDArray[Any], affine: NDArray[np.float64]) -> dict[tuple[float, ...], int]:
    """World position -> label, for every labelled voxel."""
    index = np.argwhere(mask)
    world = np.round(index @ affine[:3, :3].T + affine[:3, 3], 3) + 0.0
    return {tuple(w): int(mask[tuple(i)]) for w, i in zip(world, index, strict=True)}


@pytest.mark.parametrize("tilt", [np.eye(3), TILT], ids=["straight", "oblique"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_every_orientation_comes_home(tmp_path: Path, suffix: str, tilt: Any) -> None:
    rng = np.random.default_rng(6)
    data = rng.integers(-1000, 1000, SHAPE).astype(np.int16)
    checked = 0
    for order, signs in ORIENTATIONS:
        affine = lps_affine(order, signs, tilt)
        image, saved = tmp_path / f"image{suffix}", tmp_path / f"mask{suffix}"
        write_image(image, data, affine)
        volume = read_volume(image)
        assert volume.geometry.axis_codes == "SPL"

        # 20 voxels chosen in the file, found again in the (z, y, x) array by world position alone
        chosen = rng.permutation(np.prod(SHAPE))[:20]
        ijk = np.stack(np.unravel_index(chosen, SHAPE), axis=1)
        world = ijk @ affine[:3, :3].T + affine[:3, 3]
        zyx = volume.geometry.to_index(world)
        assert np.abs(zyx - np.rint(zyx)).max() < 1e-3
        at = tuple(np.rint(zyx).astype(int).T)
        np.testing.assert_array_equal(volume.array[at], data[tuple(ijk.T)])
        painted = np.zeros(volume.geometry.shape, np.int32)
        painted[at] = np.arange(1, 21)

        write_labels(painted, volume, saved)
        mask, mask_affine = read_mask(saved)
        assert mask.dtype == np.uint8
        np.testing.assert_allclose(mask_affine, affine, atol=1e-4)
        expected = {tuple(w): n for n, w in enumerate(np.round(world, 3) + 0.0, 1)}
        assert places(mask, affine) == expected
        np.testing.assert_array_equal(read_labels(saved, volume), painted)
        if ".nii" in suffix:
            original, written = nib.load(image).header, nib.load(saved).header
            assert original.binaryblock[76:108] == written.binaryblock[76:108]  # pixdim
            assert original.binaryblock[252:328] == written.binaryblock[252:328]  # both forms
        checked += 1
    assert checked == 48


@pytest.mark.parametrize("source", [".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("target", [".nii", ".nrrd", ".mha"])
def test_a_mask_in_another_format_lies_in_the_same_place(
    tmp_path: Path, source: str, target: str
) -> None:
    for order, signs in ORIENTATIONS[::5]:
        affine = lps_affine(order, signs, TILT)
        write_image(tmp_path / f"image{source}", np.zeros(SHAPE, np.int16), affine)
        volume = read_volume(tmp_path / f"image{source}")
        painted = np.zeros(volume.geometry.shape, bool)
        painted[1, 2, 0] = True
        saved = write_labels(painted, volume, tmp_path / f"mask{target}")
        mask, mask_affine = read_mask(saved)
        (found,) = np.argwhere(mask) @ mask_affine[:3, :3].T + mask_affine[:3, 3]
        np.testing.assert_allclose(found, volume.geometry.to_world((1, 2, 0)), atol=1e-3)
        np.testing.assert_array_equal(read_labels(saved, volume), painted)


def test_sixty_oblique_and_sheared_affines(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    for n in range(60):
        affine = np.eye(4)
        affine[:3, :3] = Rotation.random(random_state=n).as_matrix() * rng.uniform(0.3, 6, 3)
        affine[:3, 3] = rng.uniform(-300, 300, 3)
        if n % 2:
            affine[:3, 2] += 0.4 * affine[:3, 1]
        image = nib.Nifti1Image(np.zeros(SHAPE, np.int16), RAS_TO_LPS @ affine)
        image.to_filename(tmp_path / "a.nii")
        volume = read_volume(tmp_path / "a.nii")
        painted = rng.integers(0, 3, volume.geometry.shape).astype(np.uint8)
        saved = write_labels(painted, volume, tmp_path / f"m{('.nii', '.nrrd', '.mha')[n % 3]}")
        np.testing.assert_array_equal(read_labels(saved, volume), painted)
        mask, mask_affine = read_mask(saved)
        np.testing.assert_array_equal(mask, volume.to_source(painted))
        np.testing.assert_allclose(mask_affine, affine, rtol=1e-6, atol=1e-4)
        if saved.suffix == ".nii":
            written = nib.load(saved).header.binaryblock
            assert written[252:328] == image.header.binaryblock[252:328]
