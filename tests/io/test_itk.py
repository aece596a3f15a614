"""NRRD and MetaImage against SimpleITK as the independent reader and writer."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import SimpleITK
from scipy.spatial.transform import Rotation

from napari_medssl.errors import (
    GeometryError,
    MedSSLError,
    UnreadableFileError,
    UnsupportedFormatError,
    UsageError,
)
from napari_medssl.io.itk import read_meta, read_nrrd

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.volume import Volume

SUFFIXES = ["nrrd", "nhdr", "mha", "mhd"]


def read(path: Path, volume: int = 0) -> Volume:
    return (read_meta if path.suffix.startswith(".mh") else read_nrrd)(path, volume=volume)


def values(dtype: Any, *shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(2).integers(0, 100, shape).astype(dtype)


def save(path: Path, data: Any, *, vector: bool = False, packed: bool = False) -> Any:
    image = SimpleITK.GetImageFromArray(data, isVector=vector)
    if image.GetDimension() == 3:
        image.SetSpacing((1.5, 2, 0.7))
        image.SetOrigin((5, -6, 7.25))
        image.SetDirection(Rotation.random(random_state=1).as_matrix().ravel().tolist())
    SimpleITK.WriteImage(image, str(path), packed)
    return image


def stored(volume: Volume) -> np.ndarray[Any, Any]:
    return volume.to_source(volume.array)


def codes(volume: Volume) -> set[str]:
    return {notice.code for notice in volume.notices}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_values_and_place(tmp_path: Path, dtype: str, suffix: str, packed: bool) -> None:
    path, data = tmp_path / f"a.{suffix}", values(dtype, 4, 5, 6)
    image = save(path, data, packed=packed)
    volume = read(path)
    assert volume.array.dtype == data.dtype
    np.testing.assert_array_equal(stored(volume), data.T)
    for corner in ((0, 0, 0), (5, 4, 3), (5, 0, 0), (0, 4, 0)):
        np.testing.assert_allclose(
            volume.source.geometry.to_world(corner),
            image.TransformIndexToPhysicalPoint(corner),
            atol=1e-9,
        )
    assert volume.orientation_known
    assert volume.source.format == suffix.replace("nhdr", "nrrd").replace("mhd", "mha")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_colour(tmp_path: Path, suffix: str, packed: bool) -> None:
    for channels in (3, 4):
        path, data = tmp_path / f"{channels}.{suffix}", values("u1", 4, 5, 6, channels)
        save(path, data, vector=True, packed=packed)
        volume = read(path)
        assert volume.is_rgb
        np.testing.assert_array_equal(stored(volume), data[..., :3].T)
        assert ("alpha-dropped" in codes(volume)) == (channels == 4)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_four_dimensions(tmp_path: Path, suffix: str, packed: bool) -> None:
    path, data = tmp_path / f"a.{suffix}", values("i2", 3, 4, 5, 6)
    save(path, data, packed=packed)
    for number in range(3):
        volume = read(path, number)
        np.testing.assert_array_equal(stored(volume), data[number].T)
        assert "several-volumes" in codes(volume)
    with pytest.raises(UsageError, match="expected 0 to 2"):
        read(path, 3)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_two_dimensions(tmp_path: Path, suffix: str) -> None:
    path, data = tmp_path / f"a.{suffix}", values("i2", 4, 5)
    save(path, data)
    volume = read(path)
    np.testing.assert_array_equal(stored(volume)[..., 0], data.T)
    assert "single-slice" in codes(volume)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_vectors_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    save(path, values("f4", 4, 5, 6, 3), vector=True)
    with pytest.raises(UnsupportedFormatError, match="several numbers at each voxel"):
        read(path)


@pytest.mark.parametrize("suffix", ["nrrd", "mha"])
def test_sheared_axes_are_kept_and_said(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    image = SimpleITK.GetImageFromArray(values("i2", 4, 5, 6))
    image.SetDirection([1, 0, 0, 0, 1, np.sin(0.3), 0, 0, np.cos(0.3)])
    SimpleITK.WriteImage(image, str(path))
    volume = read(path)
    assert "sheared" in codes(volume)
    np.testing.assert_allclose(
        volume.source.geometry.to_world((5, 4, 3)),
        image.TransformIndexToPhysicalPoint((5, 4, 3)),
        atol=1e-9,
    )


NRRD = {
    "type": "short",
    "dimension": "3",
    "sizes": "3 2 2",
    "space": "left-posterior-superior",
    "space directions": "(1,0,0) (0,2,0) (0,0,3)",
    "space origin": "(5,6,7)",
    "endian": "little",
    "encoding": "raw",
}
DATA = np.arange(12, dtype="<i2")


def nrrd(path: Path, *, data: bytes = DATA.tobytes(), **changes: str | None) -> Path:
    """Write a NRRD by hand; ``None`` leaves a line out."""
    lines = {**NRRD, **{k.replace("_", " "): v for k, v in changes.items()}}
    head = "".join(f"{k}: {v}\n" for k, v in lines.items() if v is not None)
    path.write_bytes(b"NRRD0005\n# comment\n" + head.encode() + b"\n" + data)
    return path


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("LPS", (1, 1, 1)),
        ("right-anterior-superior", (-1, -1, 1)),
        ("RAS", (-1, -1, 1)),
        ("left-anterior-superior", (1, -1, 1)),
    ],
)
def test_named_spaces(tmp_path: Path, space: str, signs: tuple[int, ...]) -> None:
    volume = read_nrrd(nrrd(tmp_path / "a.nrrd", space=space))
    np.testing.assert_allclose(
        volume.source.geometry.affine[:3], np.diag(signs) @ np.c_[np.diag([1, 2, 3]), [5, 6, 7]]
    )
    assert volume.orientation_known


def test_unnamed_space_is_told(tmp_path: Path) -> None:
    volume = read_nrrd(nrrd(tmp_path / "a.nrrd", space="3D-right-handed"))
    assert not volume.orientation_known
    assert "orientation-unknown" in codes(volume)


def test_spacing_only_and_nothing_at_all(tmp_path: Path) -> None:
    bare: dict[str, Any] = {"space": None, "space_directions": None, "space_origin": None}
    volume = read_nrrd(nrrd(tmp_path / "a.nrrd", spacings="1 2 3", **bare))
    assert volume.source.geometry.spacing_mm == (1, 2, 3)
    assert volume.spacing_known
    assert not volume.orientation_known
    volume = read_nrrd(nrrd(tmp_path / "b.nrrd", **bare))
    assert not volume.spacing_known
    assert {"spacing-assumed", "orientation-unknown"} <= codes(volume)


def test_micrometres(tmp_path: Path) -> None:
    volume = read_nrrd(nrrd(tmp_path / "a.nrrd", space_units='"um" "um" "um"'))
    np.testing.assert_allclose(volume.source.geometry.spacing_mm, (0.001, 0.002, 0.003))
    assert "units-converted" in codes(volume)


def test_big_endian_and_skips(tmp_path: Path) -> None:
    big = nrrd(tmp_path / "a.nrrd", endian="big", data=DATA.astype(">i2").tobytes())
    np.testing.assert_array_equal(stored(read_nrrd(big)).ravel("F"), DATA)
    data = DATA.tobytes()
    skipped = nrrd(tmp_path / "b.nrrd", byte_skip="5", data=b"12345" + data)
    np.testing.assert_array_equal(stored(read_nrrd(skipped)).ravel("F"), DATA)
    at_the_end = nrrd(tmp_path / "c.nrrd", byte_skip="-1", data=b"whatever" + data)
    np.testing.assert_array_equal(stored(read_nrrd(at_the_end)).ravel("F"), DATA)


def test_volumes_that_interleave(tmp_path: Path) -> None:
    path = nrrd(
        tmp_path / "a.nrrd",
        dimension="4",
        sizes="2 3 2 2",
        kinds="list domain domain domain",
        space_directions="none (1,0,0) (0,2,0) (0,0,3)",
        encoding="gzip",
        data=gzip.compress(np.arange(24, dtype="<i2").tobytes()),
    )
    for number in (0, 1):
        volume = read_nrrd(path, volume=number)
        np.testing.assert_array_equal(stored(volume).ravel("F"), np.arange(number, 24, 2))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"type": "block"}, UnsupportedFormatError),
        ({"type": None}, UnreadableFileError),
        ({"dimension": "4"}, UnreadableFileError),
        ({"sizes": "3 2 x"}, UnreadableFileError),
        ({"sizes": "3 2 0"}, UnreadableFileError),
        ({"sizes": "3 2 -2"}, UnreadableFileError),
        ({"sizes": "60000 60000 60000"}, UnreadableFileError),
        ({"sizes": "9" * 5000 + " 1 1"}, UnreadableFileError),
        ({"endian": None}, UnreadableFileError),
        ({"encoding": "ascii"}, UnsupportedFormatError),
        ({"encoding": None}, UnreadableFileError),
        ({"space_directions": "(1,0,0) (0,2,0)"}, UnreadableFileError),
        ({"space_directions": "(1,0,0) (0,2,0) (0,0,x)"}, UnreadableFileError),
        ({"space_directions": "(1,0,0) (0,2,0) (0,0,nan)"}, GeometryError),
        ({"space_directions": "(1,0,0) (0,2,0) (0,0,0)"}, GeometryError),
        ({"space_directions": "(1,0,0) (0,2,0) (0,2,0)"}, GeometryError),
        ({"space_origin": "(inf,0,0)"}, GeometryError),
        ({"encoding": "bzip2"}, UnsupportedFormatError),
        ({"space_directions": "(1,0,0) (0,2,0) (0,0,3) (0,0,4)"}, UnreadableFileError),
        ({"byte_skip": "-1", "encoding": "gzip"}, UnreadableFileError),
        ({"byteskip": "0", "sizes": "3 2 2\nsizes: 3 2 1"}, UnreadableFileError),
        ({"byte_skip": "-7"}, UnreadableFileError),
        ({"line_skip": "3"}, UnreadableFileError),
        ({"data_file": "LIST"}, UnsupportedFormatError),
        ({"data_file": "a%03d.raw 1 10 1"}, UnsupportedFormatError),
        ({"data_file": "/etc/passwd"}, UnreadableFileError),
        ({"data_file": "../a.raw"}, UnreadableFileError),
    ],
    ids=str,
)
def test_damaged_nrrd(
    tmp_path: Path, changes: Any, error: type[MedSSLError], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(error, match=r"'a\.nrrd'"):
        read_nrrd(nrrd(tmp_path / "a.nrrd", **changes))
    assert capfd.readouterr() == ("", "")


META = {
    "ObjectType": "Image",
    "NDims": "3",
    "BinaryData": "True",
    "BinaryDataByteOrderMSB": "False",
    "TransformMatrix": "1 0 0 0 1 0 0 0 1",
    "Offset": "5 6 7",
    "ElementSpacing": "1 2 3",
    "DimSize": "3 2 2",
    "ElementType": "MET_SHORT",
}


def meta(
    path: Path, *, file: str = "LOCAL", data: bytes = DATA.tobytes(), **changes: str | None
) -> Path:
    lines = {**META, **changes}
    head = "".join(f"{k} = {v}\n" for k, v in lines.items() if v is not None)
    path.write_bytes(head.encode() + f"ElementDataFile = {file}\n".encode() + data)
    return path


def test_meta_says_modality(tmp_path: Path) -> None:
    volume = read_meta(meta(tmp_path / "a.mha", Modality="MET_MOD_CT"))
    assert (volume.modality, volume.units) == ("CT", "HU")
    assert "modality-guessed" not in codes(volume)


def test_meta_without_place(tmp_path: Path) -> None:
    volume = read_meta(meta(tmp_path / "a.mha", TransformMatrix=None, ElementSpacing=None))
    assert not volume.spacing_known
    assert not volume.orientation_known
    assert {"spacing-assumed", "orientation-unknown"} <= codes(volume)


def test_meta_big_endian_and_header_size(tmp_path: Path) -> None:
    big = meta(tmp_path / "a.mha", BinaryDataByteOrderMSB="True", data=DATA.astype(">i2").tobytes())
    np.testing.assert_array_equal(stored(read_meta(big)).ravel("F"), DATA)
    (tmp_path / "b.raw").write_bytes(b"12345" + DATA.tobytes())
    for size in ("5", "-1"):
        path = meta(tmp_path / "b.mhd", HeaderSize=size, file="b.raw", data=b"")
        np.testing.assert_array_equal(stored(read_meta(path)).ravel("F"), DATA)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"NDims": None}, UnreadableFileError),
        ({"NDims": "4"}, UnreadableFileError),
        ({"ObjectType": "Image\nElementSize = 1 2 3"}, UnreadableFileError),
        ({"DimSize": "3 2"}, UnreadableFileError),
        ({"DimSize": "3 2 0"}, UnreadableFileError),
        ({"DimSize": "60000 60000 60000"}, UnreadableFileError),
        ({"DimSize": "60000 60000 60000", "CompressedData": "True"}, UnreadableFileError),
        ({"ElementType": "MET_STRING"}, UnsupportedFormatError),
        ({"ElementType": "MET_UCHAR", "DimSize": "1 1 1"}, None),
        ({"ElementNumberOfChannels": "2"}, UnsupportedFormatError),
        ({"BinaryData": "False"}, UnsupportedFormatError),
        ({"ElementSpacing": "1 2 0"}, GeometryError),
        ({"ElementSpacing": "1 2 nan"}, GeometryError),
        ({"ElementSpacing": "1 2"}, UnreadableFileError),
        ({"TransformMatrix": "1 0 0 0 1 0 0 1 0"}, GeometryError),
        ({"TransformMatrix": "1 0 0 0 1 0"}, UnreadableFileError),
        ({"Offset": "a b c"}, UnreadableFileError),
        ({"HeaderSize": "4"}, UnreadableFileError),
        ({"CompressedData": "True"}, UnreadableFileError),
        ({"CompressedData": "True", "CompressedDataSize": "24"}, UnreadableFileError),
        ({"CompressedData": "True", "HeaderSize": "-1"}, UnreadableFileError),
        ({"CompressedData": "Truth"}, UnreadableFileError),
        ({"BinaryDataByteOrderMSB": "False\nNDims = 3"}, UnreadableFileError),
        ({"file": "LIST"}, UnsupportedFormatError),
        ({"file": "a%02d.raw 1 3 1"}, UnsupportedFormatError),
        ({"file": "/etc/passwd"}, UnreadableFileError),
        ({"file": "sub/../../a.raw"}, UnreadableFileError),
    ],
    ids=str,
)
def test_damaged_meta(
    tmp_path: Path,
    changes: Any,
    error: type[MedSSLError] | None,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = meta(tmp_path / "a.mha", **changes)
    if error is None:  # a smaller grid leaves a few bytes over
        assert "trailing-bytes" in codes(read_meta(path))
        return
    with pytest.raises(error, match=r"'a\.mha'"):
        read_meta(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("told", [None, "-5", "0", "1", "28", "30"])
def test_meta_must_say_how_long_its_stream_is(
    tmp_path: Path, told: str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    """ITK alone returns zeros, and complains on the terminal."""
    packed = zlib.compress(DATA.tobytes())
    path, packs = tmp_path / "a.mha", {"CompressedData": "True"}
    whole = meta(path, data=packed, CompressedDataSize="29", **packs)
    np.testing.assert_array_equal(stored(read_meta(whole)).ravel("F"), DATA)
    with pytest.raises(UnreadableFileError, match=r"'a\.mha'"):
        read_meta(meta(path, data=packed, CompressedDataSize=told, **packs))
    assert capfd.readouterr() == ("", "")


def test_smaller_grid_than_the_stream_holds(tmp_path: Path) -> None:
    small = {"DimSize": "3 2 1", "CompressedData": "True"}
    packed = zlib.compress(DATA.tobytes())
    path = meta(tmp_path / "a.mha", data=packed, CompressedDataSize=str(len(packed)), **small)
    other = nrrd(
        tmp_path / "a.nrrd", sizes="3 2 1", encoding="gzip", data=gzip.compress(DATA.tobytes())
    )
    for volume in (read_meta(path), read_nrrd(other)):
        np.testing.assert_array_equal(stored(volume).ravel("F"), DATA[:6])
        assert "trailing-bytes" in codes(volume)


def test_slice_that_leans_in_space_is_not_straightened(tmp_path: Path) -> None:
    path = nrrd(
        tmp_path / "a.nrrd",
        dimension="2",
        sizes="3 4",
        space_directions="(1,0,0) (0,0.6,0.8)",
    )
    with pytest.raises(UnreadableFileError, match="laid out in a way that cannot be read"):
        read_nrrd(path)


def test_meta_without_an_end(tmp_path: Path) -> None:
    (tmp_path / "a.mha").write_bytes(b"ObjectType = Image\nNDims = 3\n")
    with pytest.raises(UnreadableFileError, match="no usable line for ElementDataFile"):
        read_meta(tmp_path / "a.mha")


def test_slicer_segmentations(shared_data: Path) -> None:
    for path in sorted(shared_data.glob("dicom-difficult/seg_ct3slice/*.nrrd")):
        volume = read_nrrd(path)
        image = SimpleITK.ReadImage(str(path))
        np.testing.assert_array_equal(stored(volume), SimpleITK.GetArrayFromImage(image).T)
        np.testing.assert_allclose(
            volume.source.geometry.to_world((7, 5, 2)),
            image.TransformIndexToPhysicalPoint((7, 5, 2)),
            atol=1e-6,
        )
