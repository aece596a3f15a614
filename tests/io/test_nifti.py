"""NIfTI against nibabel as the independent reader."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
import pytest

from napari_medssl.errors import (
    GeometryError,
    MedSSLError,
    UnreadableFileError,
    UnsupportedFormatError,
    UsageError,
)
from napari_medssl.io.nifti import read_nifti
from napari_medssl.io.nifti.read import scaled
from napari_medssl.volume import Volume

if TYPE_CHECKING:
    from pathlib import Path

RAS_TO_LPS = np.diag([-1.0, -1, 1, 1])
AFFINE = np.array([[0, -2.0, 0, 11], [1.5, 0, 0, -7], [0, 0, 3, 5], [0, 0, 0, 1]])
SHAPE = (5, 6, 7)


def values(dtype: str, shape: tuple[int, ...] = SHAPE) -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).integers(0, 100, shape).astype(dtype)


def save(path: Path, data: Any, affine: Any = AFFINE, *, version: int = 1, **fields: Any) -> Path:
    image = (nib.Nifti1Image if version == 1 else nib.Nifti2Image)(data, affine, dtype=data.dtype)
    image.set_qform(affine if affine is not None else np.eye(4), 1)
    for name, value in fields.items():
        image.header[name] = value
    image.to_filename(path)
    return path


def codes(volume: Volume) -> set[str]:
    return {notice.code for notice in volume.notices}


def stored(volume: Volume) -> np.ndarray[Any, Any]:
    return volume.to_source(volume.array)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_values_and_place_as_nibabel_reads_them(
    tmp_path: Path, dtype: str, name: str, version: int
) -> None:
    data = values(dtype)
    volume = read_nifti(save(tmp_path / name, data, version=version))
    assert volume.array.dtype == data.dtype
    np.testing.assert_array_equal(stored(volume), data)
    np.testing.assert_allclose(volume.source.geometry.affine, RAS_TO_LPS @ AFFINE, atol=1e-6)
    assert volume.source.format == "nifti"
    assert len(volume.source.header) == {1: 348, 2: 540}[version]
    assert volume.geometry.axis_codes == "SPL"


@pytest.mark.parametrize("dtype", ["i2", "u2", "f4", "f8"])
def test_big_endian(tmp_path: Path, dtype: str) -> None:
    data = values(dtype)
    header = nib.Nifti1Header(endianness=">")
    header.set_data_dtype(np.dtype(dtype).newbyteorder(">"))
    nib.Nifti1Image(data, AFFINE, header).to_filename(tmp_path / "a.nii")
    assert (tmp_path / "a.nii").read_bytes()[:4] == b"\0\0\1\x5c"
    volume = read_nifti(tmp_path / "a.nii")
    assert volume.array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(stored(volume), data)


def test_content_decides_whether_it_is_packed(tmp_path: Path) -> None:
    data = values("i2")
    plain = save(tmp_path / "a.nii", data).read_bytes()
    (tmp_path / "plain.nii.gz").write_bytes(plain)
    (tmp_path / "packed.nii").write_bytes(gzip.compress(plain))
    for name in ("plain.nii.gz", "packed.nii"):
        np.testing.assert_array_equal(stored(read_nifti(tmp_path / name)), data)


@pytest.mark.parametrize("opened", ["a.hdr", "a.img"])
def test_pair_of_files(tmp_path: Path, opened: str) -> None:
    data = values("i2")
    nib.Nifti1Pair(data, AFFINE).to_filename(tmp_path / "a.hdr")
    np.testing.assert_array_equal(stored(read_nifti(tmp_path / opened)), data)


def test_pair_may_not_lead_out(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    nib.Nifti1Pair(values("i2"), AFFINE).to_filename(tmp_path / "case" / "a.hdr")
    (tmp_path / "case" / "a.img").rename(tmp_path / "secret.img")
    (tmp_path / "case" / "a.img").symlink_to(tmp_path / "secret.img")
    with pytest.raises(UnreadableFileError, match="outside its own folder"):
        read_nifti(tmp_path / "case" / "a.hdr")


@pytest.mark.parametrize(
    ("dtype", "slope", "intercept", "expected"),
    [
        ("u2", 1, -1024, "i2"),
        ("i2", 1, -1024, "i2"),
        ("i2", 2, 0, "i2"),
        ("i2", 1000, 0, "i4"),
        ("u1", -1, 0, "i2"),
        ("i2", 0.5, 1, "f4"),
        ("f4", 2, 1, "f4"),
        ("f8", 2, 1, "f8"),
    ],
)
def test_scaling(tmp_path: Path, dtype: str, slope: float, intercept: float, expected: str) -> None:
    path = save(tmp_path / "a.nii", values(dtype))
    raw = bytearray(path.read_bytes())
    raw[112:120] = np.array([slope, intercept], "<f4").tobytes()
    path.write_bytes(raw)
    volume = read_nifti(path)
    assert volume.array.dtype == np.dtype(expected)
    np.testing.assert_allclose(stored(volume), np.asarray(nib.load(path).dataobj), rtol=1e-6)


@pytest.mark.parametrize(
    ("slope", "intercept"), [(1, 0), (0, 0), (0, 5), (np.nan, np.nan), (np.nan, 0)]
)
def test_no_scaling(tmp_path: Path, slope: float, intercept: float) -> None:
    path = save(tmp_path / "a.nii", values("i2"))
    raw = bytearray(path.read_bytes())
    raw[112:120] = np.array([slope, intercept], "<f4").tobytes()
    path.write_bytes(raw)
    volume = read_nifti(path)
    assert volume.array.dtype == np.int16
    np.testing.assert_array_equal(stored(volume), values("i2"))


def test_whole_numbers_at_the_edge_of_int32() -> None:
    data = np.array([[[-(2**15), 2**15 - 1]]], "i2")
    for slope, kind in ((65535.0, "i4"), (65537.0, "f4")):
        result = scaled(data, slope, 0.0)
        assert result.dtype == np.dtype(kind)
        np.testing.assert_allclose(result, data * np.float64(slope), rtol=1e-7)


@pytest.mark.parametrize(("slope", "intercept"), [(np.inf, 0), (1, np.nan), (1, np.inf)])
def test_scaling_that_is_no_number(tmp_path: Path, slope: float, intercept: float) -> None:
    path = save(tmp_path / "a.nii", values("i2"))
    raw = bytearray(path.read_bytes())
    raw[112:120] = np.array([slope, intercept], "<f4").tobytes()
    path.write_bytes(raw)
    with pytest.raises(UnreadableFileError, match="multiplies its values"):
        read_nifti(path)


def test_four_dimensions(tmp_path: Path) -> None:
    data = values("i2", (4, 5, 6, 3))
    for name in ("a.nii", "a.nii.gz"):
        path = save(tmp_path / name, data)
        for number in range(3):
            volume = read_nifti(path, volume=number)
            np.testing.assert_array_equal(stored(volume), data[..., number])
            assert (volume.source.volume, volume.source.volumes) == (number, 3)
            assert "several-volumes" in codes(volume)
        with pytest.raises(UsageError, match=f"volume 3 of '{name}'; expected 0 to 2"):
            read_nifti(path, volume=3)


def test_two_dimensions(tmp_path: Path) -> None:
    data = values("i2", (4, 5))
    path = save(tmp_path / "a.nii", data, np.diag([2.0, 2, 1, 1]))
    raw = bytearray(path.read_bytes())
    raw[88:92] = bytes(4)  # pixdim[3] of a 2-D image is often 0
    path.write_bytes(raw)
    volume = read_nifti(path)
    assert volume.array.shape == (1, 5, 4)
    np.testing.assert_array_equal(stored(volume)[..., 0], data)
    assert "single-slice" in codes(volume)


@pytest.mark.parametrize(("fields", "dropped"), [("RGB", False), ("RGBA", True)])
def test_colour(tmp_path: Path, fields: str, dropped: bool) -> None:
    channels = values("u1", (*SHAPE, len(fields)))
    kind = np.dtype([(letter, "u1") for letter in fields])
    nib.Nifti1Image(channels.view(kind)[..., 0], AFFINE).to_filename(tmp_path / "a.nii")
    volume = read_nifti(tmp_path / "a.nii")
    assert volume.is_rgb
    np.testing.assert_array_equal(stored(volume), np.moveaxis(channels[..., :3], -1, 0))
    assert ("alpha-dropped" in codes(volume)) == dropped


def test_qform_is_used_without_sform(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for n in range(20):
        rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        affine = np.eye(4)
        affine[:3] = np.c_[rotation * rng.uniform(0.5, 5, 3), rng.normal(size=3) * 100]
        image = nib.Nifti1Image(values("i2"), None)
        image.set_qform(affine, 1)
        image.set_sform(None, 0)
        image.to_filename(tmp_path / f"{n}.nii")
        volume = read_nifti(tmp_path / f"{n}.nii")
        np.testing.assert_allclose(volume.source.geometry.affine, RAS_TO_LPS @ affine, atol=1e-3)
        assert not codes(volume) & {"sform-unusable", "qform-differs"}


def test_sform_wins_and_a_difference_is_said(tmp_path: Path) -> None:
    image = nib.Nifti1Image(values("i2"), AFFINE)
    image.set_qform(AFFINE @ np.diag([-1, 1, 1, 1]), 1)
    image.to_filename(tmp_path / "a.nii")
    volume = read_nifti(tmp_path / "a.nii")
    np.testing.assert_allclose(volume.source.geometry.affine, RAS_TO_LPS @ AFFINE, atol=1e-6)
    assert "qform-differs" in codes(volume)
    assert "qform-differs" not in codes(read_nifti(save(tmp_path / "b.nii", values("i2"))))


@pytest.mark.parametrize("row", [[np.nan, 0, 0, 0], [0, 0, 0, 0], [np.inf, 0, 0, 0]])
def test_unusable_sform(tmp_path: Path, row: list[float]) -> None:
    path = save(tmp_path / "a.nii", values("i2"))
    raw = bytearray(path.read_bytes())
    raw[280:296] = np.array(row, "<f4").tobytes()
    path.write_bytes(raw)
    volume = read_nifti(path)
    np.testing.assert_allclose(volume.source.geometry.affine, RAS_TO_LPS @ AFFINE, atol=1e-4)
    assert "sform-unusable" in codes(volume)
    raw[252:254] = bytes(2)  # and no qform to fall back on
    path.write_bytes(raw)
    with pytest.raises(GeometryError):
        read_nifti(path)


def test_no_form_is_told(tmp_path: Path) -> None:
    image = nib.Nifti1Image(values("i2"), None)
    image.header.set_zooms((2, 3, 4))
    image.set_sform(None, 0)
    image.set_qform(None, 0)
    image.to_filename(tmp_path / "a.nii")
    volume = read_nifti(tmp_path / "a.nii")
    assert not volume.orientation_known
    assert "orientation-unknown" in codes(volume)
    assert volume.source.geometry.spacing_mm == (2, 3, 4)
    expected = RAS_TO_LPS @ nib.load(tmp_path / "a.nii").affine
    np.testing.assert_allclose(volume.source.geometry.affine, expected, atol=1e-6)


def test_sheared_axes_are_kept_and_said(tmp_path: Path) -> None:
    sheared = AFFINE.copy()
    sheared[:3, 2] += [0, 0.8, 0]
    path = tmp_path / "a.nii"
    nib.Nifti1Image(values("i2"), sheared).to_filename(path)
    volume = read_nifti(path)
    np.testing.assert_allclose(volume.source.geometry.affine, RAS_TO_LPS @ sheared, atol=1e-6)
    assert "sheared" in codes(volume)


@pytest.mark.parametrize(("unit", "factor"), [(0, 1), (1, 1000), (2, 1), (3, 0.001), (10, 1)])
def test_units(tmp_path: Path, unit: int, factor: float) -> None:
    path = save(tmp_path / "a.nii", values("i2"), xyzt_units=unit)
    volume = read_nifti(path)
    np.testing.assert_allclose(
        volume.source.geometry.spacing_mm, np.array([1.5, 2, 3]) * factor, rtol=1e-6
    )
    assert ("units-converted" in codes(volume)) == (factor != 1)


@pytest.mark.parametrize("size", [0.0, np.nan, np.inf])
@pytest.mark.parametrize("axis", [1, 2, 3])
def test_voxel_without_size(tmp_path: Path, axis: int, size: float) -> None:
    path = save(tmp_path / "a.nii", values("i2"))
    raw = bytearray(path.read_bytes())
    raw[76 + 4 * axis : 80 + 4 * axis] = np.array(size, "<f4").tobytes()
    path.write_bytes(raw)
    with pytest.raises(GeometryError, match="gives a voxel of"):
        read_nifti(path)


def test_voxel_size_that_contradicts_the_sform(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", values("i2"))
    raw = bytearray(path.read_bytes())
    raw[252:254] = bytes(2)
    raw[80:84] = np.array(9, "<f4").tobytes()
    path.write_bytes(raw)
    assert "spacing-differs" in codes(read_nifti(path))


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("c8", UnsupportedFormatError),
        ("c16", UnsupportedFormatError),
        ("vector", UnsupportedFormatError),
        ("line", UnsupportedFormatError),
    ],
)
def test_what_is_no_image(tmp_path: Path, kind: str, error: type[MedSSLError]) -> None:
    data = {
        "vector": values("f4", (3, 4, 5, 1, 3)),
        "line": values("f4", (8,)),
    }.get(kind)
    data = values("f4").astype(kind) if data is None else data
    nib.Nifti1Image(data, np.eye(4)).to_filename(tmp_path / "a.nii")
    with pytest.raises(error, match=r"'a.nii'"):
        read_nifti(tmp_path / "a.nii")


@pytest.mark.parametrize("offset", [-1, 1, 100, 352.5, 1e30, np.nan, np.inf])
def test_voxels_that_begin_nowhere(tmp_path: Path, offset: float) -> None:
    path = save(tmp_path / "a.nii", values("i2"))
    raw = bytearray(path.read_bytes())
    raw[108:112] = np.array(offset, "<f4").tobytes()
    path.write_bytes(raw)
    with pytest.raises(UnreadableFileError):
        read_nifti(path)


def test_ct_is_guessed_and_told(shared_data: Path) -> None:
    volume = read_nifti(shared_data / "msd-spleen-ct" / "spleen_2_crop_ct.nii.gz")
    assert (volume.modality, volume.units) == ("CT", "HU")
    assert "modality-guessed" in codes(volume)


def test_real_orientations_as_nibabel_reads_them(shared_data: Path) -> None:
    paths = sorted(shared_data.glob("spinal-cord-mr/*/*.nii.gz"))
    paths += sorted(shared_data.glob("oblique-orientation/*.nii.gz"))
    assert len(paths) >= 4
    for path in paths:
        volume, oracle = read_nifti(path), nib.load(path)
        np.testing.assert_array_equal(stored(volume), np.asarray(oracle.dataobj))
        expected = RAS_TO_LPS @ oracle.affine
        np.testing.assert_allclose(volume.source.geometry.affine, expected, atol=1e-4)
