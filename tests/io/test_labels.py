"""Label maps: exact on the way out, checked on the way in, with their JSON file beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from PIL import Image

from napari_medssl.errors import (
    GeometryError,
    MedSSLError,
    SaveError,
    UnreadableFileError,
    UnsupportedFormatError,
    UsageError,
)
from napari_medssl.io import LabelInfo, read_labels, read_volume, write_labels
from napari_medssl.io import write as write_module
from napari_medssl.io.sidecar import Sidecar, read_sidecar
from napari_medssl.volume import Geometry, Volume

AFFINE = np.array([[-0.5, 0, 0, 9], [0, 2.0, 0, -7], [0, 0, 3, 5], [0, 0, 0, 1]])
SHAPE = (4, 5, 6)
NAMES = (LabelInfo(1, "liver", (255, 0, 0)), LabelInfo(2, "Niere links", (0, 128, 255)))


@pytest.fixture
def image(tmp_path: Path) -> Volume:
    """A float image: its header, reused for labels, is what corrupts them elsewhere."""
    made = nib.Nifti1Image(np.random.default_rng(0).normal(size=SHAPE).astype("f4"), AFFINE)
    made.header["descrip"] = b"Jane Doe"
    made.to_filename(tmp_path / "scan.nii.gz")
    return read_volume(tmp_path / "scan.nii.gz")


def mask_of(volume: Volume, dtype: Any, highest: int) -> np.ndarray[Any, Any]:
    mask = np.zeros(volume.geometry.shape, dtype)
    mask[0, 0, :3] = (1, 2, highest)
    return mask


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize(
    ("highest", "expected"),
    [(3, "u1"), (255, "u1"), (256, "u2"), (65535, "u2"), (70000, "u4"), (2**32 - 1, "u4")],
)
def test_smallest_type_that_holds_the_labels(
    image: Volume, tmp_path: Path, highest: int, expected: str, suffix: str
) -> None:
    """Label 70000 became 69999.998, and 1 became 0, where the header said uint8."""
    mask = mask_of(image, np.int64, highest)
    path = write_labels(mask, image, tmp_path / f"m{suffix}")
    back = read_labels(path, image)
    assert back.dtype == np.dtype(expected)
    np.testing.assert_array_equal(back, mask)
    if ".nii" in suffix:
        other = np.asarray(nib.load(path).dataobj)
        slope, intercept = nib.load(path).header.get_slope_inter()
        assert (slope or 1, intercept or 0) == (1, 0)
    else:
        other = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))).T
    np.testing.assert_array_equal(other, image.to_source(mask))
    assert other.dtype == np.dtype(expected)


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i4", "f4", "f8"])
def test_whole_numbers_of_any_type(image: Volume, tmp_path: Path, dtype: str) -> None:
    """Float labels 0, 1, 2, 3 became 0, 2, 2 where an integer header was reused."""
    mask = np.arange(120).reshape(image.geometry.shape) % 4
    mask = mask.astype(dtype)
    path = write_labels(mask, image, tmp_path / "m.nii.gz")
    np.testing.assert_array_equal(read_labels(path, image), mask)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.5, "not whole numbers"),
        (np.nan, "not whole numbers"),
        (np.inf, "not whole numbers"),
        (-1, "negative value -1"),
        (2.0**32, "too large"),
    ],
)
def test_what_is_no_label_is_not_written(
    image: Volume, tmp_path: Path, value: float, words: str
) -> None:
    mask = np.zeros(image.geometry.shape)
    mask[0, 0, 0] = value
    with pytest.raises(SaveError, match=words):
        write_labels(mask, image, tmp_path / "m.nii.gz")
    assert not (tmp_path / "m.nii.gz").exists()
    with pytest.raises(SaveError, match="of the type complex128"):
        write_labels(mask.astype(complex), image, tmp_path / "m.nii.gz")


def test_mask_of_another_shape(image: Volume, tmp_path: Path) -> None:
    with pytest.raises(GeometryError):
        write_labels(np.zeros((2, 2, 2), np.uint8), image, tmp_path / "m.nii.gz")


def test_fresh_header_keeps_only_the_place(image: Volume, tmp_path: Path) -> None:
    header = nib.load(write_labels(mask_of(image, "u1", 3), image, tmp_path / "m.nii.gz")).header
    assert b"Jane" not in header.binaryblock
    assert int(header["intent_code"]) == 1002
    assert header.get_data_dtype() == np.uint8
    assert header.binaryblock[252:328] == image.source.header[252:328]


@pytest.mark.parametrize("kind", ["big-endian", "nifti2", "pair", "four_d", "two_d", "no_form"])
def test_orientation_fields_of_every_kind_of_nifti(tmp_path: Path, kind: str) -> None:
    shape = {"four_d": (*SHAPE, 3), "two_d": SHAPE[:2]}.get(kind, SHAPE)
    data = np.zeros(shape, np.int16)
    made = {
        "nifti2": nib.Nifti2Image,
        "pair": nib.Nifti1Pair,
    }.get(kind, nib.Nifti1Image)(data, AFFINE)
    if kind == "big-endian":
        made = nib.Nifti1Image(data, AFFINE, nib.Nifti1Header(endianness=">"))
    if kind == "no_form":
        made.set_sform(None, 0)
        made.set_qform(None, 0)
    name = "a.hdr" if kind == "pair" else "a.nii"
    made.to_filename(tmp_path / name)
    volume = read_volume(tmp_path / name)
    mask = mask_of(volume, "u2", 700)
    path = write_labels(mask, volume, tmp_path / "m.nii.gz")
    np.testing.assert_array_equal(read_labels(path, volume), mask)
    written, original = nib.load(path), nib.load(tmp_path / name)
    np.testing.assert_array_equal(written.affine, original.affine)
    for field in ("pixdim", "sform_code", "qform_code", "srow_x", "quatern_b", "xyzt_units"):
        assert written.header[field].tobytes() == original.header[field].tobytes()
    assert written.header.endianness == original.header.endianness
    assert isinstance(written, nib.Nifti2Image) == (kind == "nifti2")
    assert written.shape == SHAPE[: 2 if kind == "two_d" else 3]


def test_header_of_another_grid_is_not_used(image: Volume, tmp_path: Path) -> None:
    """A volume resampled after reading must not be saved under the orientation of its file."""
    other = Geometry((3, 4, 5), (2.0, 2.0, 2.0), (1.0, 2.0, 3.0))
    moved = image.on_grid(np.zeros(other.shape, np.int16), other)
    path = write_labels(np.ones(other.shape, np.uint8), moved, tmp_path / "m.nii.gz")
    assert read_volume(path).geometry.matches(other)


def test_more_than_nifti_1_counts(tmp_path: Path) -> None:
    long = Geometry((1, 1, 40_000))
    volume = Volume.from_source_array(
        np.zeros((40_000, 1, 1), np.uint8),
        Geometry.from_affine((40_000, 1, 1), np.eye(4)),
        name="long",
        format="made",
    )
    assert volume.geometry.matches(long)
    mask = np.zeros(long.shape, np.uint8)
    mask[0, 0, 39_999] = 1
    path = write_labels(mask, volume, tmp_path / "m.nii.gz")
    assert isinstance(nib.load(path), nib.Nifti2Image)
    np.testing.assert_array_equal(read_labels(path, volume), mask)


def test_sidecar(image: Volume, tmp_path: Path) -> None:
    told = {"engine": "litemedsam", "score": np.float32(0.5), "box": np.array([1, 2])}
    path = write_labels(
        mask_of(image, "u1", 2), image, tmp_path / "m.nii.gz", labels=NAMES, provenance=told
    )
    text = (tmp_path / "m.json").read_text("utf-8")
    assert str(tmp_path) not in text
    told_back = json.loads(text)
    assert told_back["mask"] == path.name
    assert told_back["image"] == "scan.nii.gz"
    assert told_back["written_by"].startswith("napari-medssl ")
    assert told_back["labels"][1] == {"value": 2, "name": "Niere links", "colour": [0, 128, 255]}
    assert told_back["provenance"] == {"engine": "litemedsam", "score": 0.5, "box": [1, 2]}
    write_labels(mask_of(image, "u1", 3), image, path)
    assert json.loads((tmp_path / "m.json").read_text())["labels"] == []


@pytest.mark.parametrize("outlines", [["words", 3, None], "words", {"a": 1}])
def test_what_tells_nothing_of_an_outline_is_passed_over(
    image: Volume, tmp_path: Path, outlines: Any
) -> None:
    path = write_labels(mask_of(image, "u1", 2), image, tmp_path / "m.nii.gz", labels=NAMES)
    told = json.loads((tmp_path / "m.json").read_text("utf-8"))
    told["provenance"] = {"outlines": outlines}
    (tmp_path / "m.json").write_text(json.dumps(told))
    assert read_sidecar(path) == Sidecar(NAMES)


@pytest.mark.parametrize("content", ['{"RepetitionTime": 2}', "not json", "[1]", "3"])
def test_foreign_json_is_kept(image: Volume, tmp_path: Path, content: str) -> None:
    (tmp_path / "m.json").write_text(content)
    with pytest.raises(SaveError, match=r"'m.json'.* belongs to another program"):
        write_labels(mask_of(image, "u1", 2), image, tmp_path / "m.nii.gz")
    assert (tmp_path / "m.json").read_text() == content
    assert not (tmp_path / "m.nii.gz").exists()


def test_image_is_never_written_over(image: Volume, tmp_path: Path) -> None:
    before = (tmp_path / "scan.nii.gz").read_bytes()
    (tmp_path / "link.nii.gz").symlink_to(tmp_path / "scan.nii.gz")
    for name in ("scan.nii.gz", "link.nii.gz"):
        with pytest.raises(SaveError, match="is the image itself"):
            write_labels(mask_of(image, "u1", 2), image, tmp_path / name)
    assert (tmp_path / "scan.nii.gz").read_bytes() == before


def test_a_mask_of_no_dicom_series_cannot_be_dicom(image: Volume, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormatError, match=r"is no DICOM series.*NIfTI"):
        write_labels(mask_of(image, "u1", 2), image, tmp_path / "m.dcm")


@pytest.mark.parametrize("name", ["m", "m.gz", ".nii", "m.nii.bz2"])
def test_unknown_suffix(image: Volume, tmp_path: Path, name: str) -> None:
    with pytest.raises(SaveError, match=r"ends in \.nii, \.nii\.gz, \.nrrd, \.mha"):
        write_labels(mask_of(image, "u1", 2), image, tmp_path / name)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("end", range(-40, 0, 8))
def test_bit_flipped_while_saving_is_caught(
    image: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, end: int
) -> None:
    noise = np.random.default_rng(9).integers(0, 255, image.geometry.shape)
    path = write_labels(noise, image, tmp_path / f"m{suffix}")
    before = path.read_bytes()
    write = write_module._WRITERS[suffix]

    def flip(part: Path, *args: Any, **options: Any) -> None:
        write(part, *args, **options)
        data = bytearray(part.read_bytes())
        data[end] ^= 4
        part.write_bytes(data)

    monkeypatch.setitem(write_module._WRITERS, suffix, flip)
    with pytest.raises(SaveError, match="did not read back"):
        write_labels(noise[::-1], image, path)
    assert path.read_bytes() == before


def test_labels_stored_in_another_order_of_axes(image: Volume, tmp_path: Path) -> None:
    mask = mask_of(image, "u1", 3)
    stored = nib.Nifti1Image(image.to_source(mask), AFFINE)
    for codes in ("RAS", "PIR", "LSA"):
        turned = stored.as_reoriented(
            nib.orientations.ornt_transform(
                nib.io_orientation(AFFINE), nib.orientations.axcodes2ornt(codes)
            )
        )
        turned.to_filename(tmp_path / "m.nii.gz")
        np.testing.assert_array_equal(read_labels(tmp_path / "m.nii.gz", image), mask)


def test_labels_onto_a_turned_volume(image: Volume, tmp_path: Path) -> None:
    from napari_medssl.volume.orient import Orient

    mask = mask_of(image, "u1", 3)
    path = write_labels(mask, image, tmp_path / "m.nii.gz")
    turned, _ = Orient("RAS")(image)
    back = read_labels(path, turned)
    np.testing.assert_array_equal(turned.to_source(back), image.to_source(mask))


def test_wrong_grid(image: Volume, tmp_path: Path) -> None:
    moved = AFFINE.copy()
    moved[0, 3] += 0.05 * 0.5 + 0.01
    nib.Nifti1Image(np.zeros(SHAPE, np.uint8), moved).to_filename(tmp_path / "m.nii")
    with pytest.raises(GeometryError, match=r"lie elsewhere .* 0\.0 mm away"):
        read_labels(tmp_path / "m.nii", image)
    nib.Nifti1Image(np.zeros((4, 5, 7), np.uint8), AFFINE).to_filename(tmp_path / "m.nii")
    with pytest.raises(GeometryError, match="have 4 x 5 x 7 voxels; expected 4 x 5 x 6"):
        read_labels(tmp_path / "m.nii", image)
    nib.Nifti1Image(np.zeros((*SHAPE, 2), np.uint8), AFFINE).to_filename(tmp_path / "m.nii")
    with pytest.raises(UnsupportedFormatError, match="holds 2 volumes"):
        read_labels(tmp_path / "m.nii", image)


@pytest.mark.parametrize(
    ("name", "expected", "words"),
    [
        ("label_wrong_shape.nii.gz", GeometryError, "have 32 x 51 x 35 voxels; expected 35 x 51"),
        ("label_float_noninteger.nii.gz", UnreadableFileError, "not whole numbers"),
        ("label_negative.nii.gz", UnreadableFileError, "negative value -1"),
        ("label_shifted_affine.nii.gz", GeometryError, r"their middle is .* mm away"),
        ("empty.nii.gz", UnreadableFileError, "empty"),
        ("truncated_gzip.nii.gz", UnreadableFileError, "cut off"),
    ],
)
def test_damaged_labels(
    shared_data: Path, name: str, expected: type[MedSSLError], words: str
) -> None:
    path = next(shared_data.glob("msd-hippocampus/**/hippocampus_001.nii.gz"), None)
    path = path or shared_data / "malformed-generated" / "constant_image.nii.gz"
    with pytest.raises(expected, match=words):
        read_labels(shared_data / "malformed-generated" / name, read_volume(path))


def test_real_labels(shared_data: Path) -> None:
    folder = shared_data / "msd-spleen-ct"
    volume = read_volume(folder / "spleen_2_crop_ct.nii.gz")
    labels = read_labels(folder / "spleen_2_crop_label.nii.gz", volume)
    assert labels.dtype == np.uint8
    assert labels.shape == volume.array.shape
    inside = volume.array[labels == 1]
    assert 0 < np.median(inside) < 200  # soft tissue: they lie on each other


def test_picture_masks(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    Image.fromarray(rng.integers(0, 255, (6, 8), np.uint8)).save(tmp_path / "a.png")
    volume = read_volume(tmp_path / "a.png")
    mask = rng.integers(0, 300, (1, 6, 8))
    for suffix in (".png", ".nii.gz", ".nrrd", ".mha"):
        path = write_labels(mask, volume, tmp_path / f"m{suffix}")
        np.testing.assert_array_equal(read_labels(path, volume), mask)
    with Image.open(tmp_path / "m.png") as written:
        np.testing.assert_array_equal(np.asarray(written), mask[0])
    with pytest.raises(SaveError, match="labels above 65,535"):
        write_labels(mask * 1000, volume, tmp_path / "wide.png")
    assert nib.load(tmp_path / "m.nii.gz").header.get_zooms() == (1, 1, 1)


def test_png_cannot_hold_a_place(image: Volume, tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="PNG cannot hold where"):
        write_labels(mask_of(image, "u1", 3), image, tmp_path / "m.png")


def test_labels_drawn_as_pictures(tmp_path: Path) -> None:
    entries = np.arange(48, dtype=np.uint8).reshape(6, 8) % 3
    Image.fromarray(entries).save(tmp_path / "a.png")
    volume = read_volume(tmp_path / "a.png")
    palette = Image.fromarray(entries, "P")
    palette.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    palette.save(tmp_path / "palette.png")
    Image.fromarray(np.repeat(entries[..., None], 3, -1)).save(tmp_path / "grey_rgb.png")
    for name in ("palette.png", "grey_rgb.png"):
        np.testing.assert_array_equal(read_labels(tmp_path / name, volume)[0], entries)
    palette.convert("RGB").save(tmp_path / "colour.png")
    with pytest.raises(UnsupportedFormatError, match="colour picture"):
        read_labels(tmp_path / "colour.png", volume)
    Image.fromarray(entries).save(tmp_path / "m.jpg")
    with pytest.raises(UnsupportedFormatError, match="JPEG, which blurs labels"):
        read_labels(tmp_path / "m.jpg", volume)


def test_real_palette_labels(shared_data: Path) -> None:
    folder = shared_data / "usgra-nerve-vessel-us"
    pairs = [
        (image, mask)
        for mask in sorted(folder.glob("masks/*.png"))
        if (image := folder / "images" / mask.name).exists()
    ]
    assert len(pairs) >= 20
    for image, mask in pairs:
        labels = read_labels(mask, read_volume(image))
        assert set(np.unique(labels)) <= {0, 1, 2}
        assert labels.any()


@pytest.mark.parametrize(
    ("value", "colour"), [(0, (0, 0, 0)), (2**32, (0, 0, 0)), (1, (0, 0, 256)), (1, (0, 0))]
)
def test_label_info_is_valid_from_birth(value: int, colour: Any) -> None:
    with pytest.raises(UsageError):
        LabelInfo(value, "x", colour)
