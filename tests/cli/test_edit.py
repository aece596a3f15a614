from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import typer
from dicom_phantoms import plain_image, save
from PIL import Image
from typer.testing import CliRunner, Result

from napari_medssl.cli.edit import edit
from napari_medssl.correct import TOOLS
from napari_medssl.errors import GeometryError, MedSSLError, SaveError, UsageError
from napari_medssl.io import LabelInfo, read_volume, write_labels

#: stored as RIA: 1.25 mm to the right, 3 mm down, 0.75 mm to the front
AFFINE = np.array([[1.25, 0, 0, -60.0], [0, 0, 0.75, 70.0], [0, -3.0, 0, 40.0], [0, 0, 0, 1]])
SHAPE = (20, 9, 24)
ML = 1.25 * 3 * 0.75 / 1000


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    grey = np.random.default_rng(0).integers(-100, 300, SHAPE).astype(np.int16)
    path = tmp_path / "scan.nii.gz"
    nib.save(nib.Nifti1Image(grey, AFFINE), path)
    return path


@pytest.fixture
def mask(scan: Path, tmp_path: Path) -> Path:
    """Label 2, a block with a hole and a speck, and label 5 beside it, as a file of ours."""
    volume = read_volume(scan)
    stored = np.zeros(SHAPE, np.uint8)
    stored[4:12, 2:7, 5:15] = 2
    stored[6, 4, 8] = 0
    stored[17, 1, 20] = 2
    stored[12:14, 2:7, 5:15] = 5
    return write_labels(
        volume.source.axes.apply(stored),
        volume,
        tmp_path / "mask.nii.gz",
        labels=[LabelInfo(2, "liver", (9, 8, 7)), LabelInfo(5, "spleen", (1, 2, 3))],
        provenance={"outlines": [{"label": 2, "engine": "litemedsam"}]},
    )


def medssl(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(edit)
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def read(path: Path) -> np.ndarray:
    stored: np.ndarray = np.asanyarray(nib.load(path).dataobj)
    return stored


def test_one_tool_on_one_label_and_all_else_kept(scan: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.nii.gz"
    before = read(mask)
    done = medssl(
        mask, "--image", scan, "--tool", "keep-largest", "--label", 2, "--out", out, "--json"
    )
    said = json.loads(done.stdout)
    after = read(out)
    assert after[17, 1, 20] == 0
    assert np.count_nonzero(after != before) == said["voxels_changed"] == 1
    assert said["voxels"] == [400, 399]
    assert said["ml"] == pytest.approx([400 * ML, 399 * ML])
    assert after.dtype == np.uint8
    np.testing.assert_array_equal(nib.load(out).affine, AFFINE)
    beside = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert [(row["value"], row["name"], row["colour"]) for row in beside["labels"]] == [
        (2, "liver", [9, 8, 7]),
        (5, "spleen", [1, 2, 3]),
    ]
    first, second = beside["provenance"]["outlines"]
    assert first == {"label": 2, "engine": "litemedsam"}
    assert second["tool"] == "keep-largest"
    assert (read(mask) == before).all()


def test_the_mask_may_be_replaced_and_edits_add_up(scan: Path, mask: Path, tmp_path: Path) -> None:
    for tool in ("keep-largest", "fill-holes"):
        medssl(mask, "--image", scan, "--tool", tool, "--label", 2, "--out", mask)
    assert (read(mask)[4:12, 2:7, 5:15] == 2).all()
    assert (read(mask) == 2).sum() == 400
    beside = json.loads((tmp_path / "mask.json").read_text("utf-8"))
    told = [row.get("tool") for row in beside["provenance"]["outlines"]]
    assert told == [None, "keep-largest", "fill-holes"]


@pytest.mark.parametrize(
    ("plane", "index", "where"),
    [
        ("axial", 4, np.s_[:, 4, :]),
        ("coronal", 8, np.s_[:, :, 8]),
        ("sagittal", 6, np.s_[6, :, :]),
    ],
)
def test_a_slice_is_counted_as_the_file_counts(
    scan: Path, mask: Path, plane: str, index: int, where: tuple[object, ...], tmp_path: Path
) -> None:
    out = tmp_path / "out.nii.gz"
    medssl(
        mask,
        *("--image", scan, "--tool", "clear", "--label", 2),
        *("--plane", plane, "--index", index, "--out", out),
    )
    expected = read(mask).copy()
    expected[where][expected[where] == 2] = 0
    assert (read(out) == expected).all()


def test_a_voxel_chooses_an_island(scan: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.nii.gz"
    told = ("--image", scan, "--label", 2, "--at", "17,1,20", "--out", out, "--force")
    medssl(mask, *told, "--tool", "keep-island")
    assert np.argwhere(read(out) == 2).tolist() == [[17, 1, 20]]
    medssl(mask, *told, "--tool", "remove-island")
    assert (read(out) == 2).sum() == 399


def test_mm_follow_the_files_own_axes(scan: Path, mask: Path, tmp_path: Path) -> None:
    """1.3 mm is one voxel to the right, one to the front, and none along the thick slices."""
    out = tmp_path / "out.nii.gz"
    medssl(
        mask,
        *("--image", scan, "--tool", "grow", "--label", 5, "--set", "mm=1.3", "--out", out),
    )
    grown = np.argwhere(read(out) == 5)
    assert grown.min(0).tolist() == [12, 2, 4]
    assert grown.max(0).tolist() == [14, 6, 15]
    assert ((read(mask) == 2) == (read(out) == 2)).all()


def test_rules_of_the_window_hold_here_too(scan: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.nii.gz"
    told = ("--image", scan, "--tool", "grow", "--label", 5, "--set", "mm=4", "--out", out)
    told = (*told, "--force")
    medssl(mask, *told, "--overwrite")
    assert (read(out) == 2).sum() < 400
    medssl(mask, *told, "--overwrite", "--lock", 2, "--range", "0,100")
    grey, before, after = read(scan), read(mask), read(out)
    assert (after == 2).sum() == 400
    for lock in (("--lock", "1,2"), ("--lock", 1, "--lock", "2 ,7")):
        medssl(mask, *told, "--overwrite", *lock)
        assert (read(out) == 2).sum() == 400
    gained = (after == 5) & (before != 5)
    assert gained.any()
    assert grey[gained].min() >= 0
    assert grey[gained].max() <= 100


def test_islands_get_values_and_rows_of_their_own(scan: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.nii.gz"
    told = ("--image", scan, "--tool", "split-islands", "--label", 2, "--out", out, "--json")
    said = json.loads(medssl(mask, *told).stdout)
    assert read(out)[17, 1, 20] == 6
    assert said["labels"] == [2, 5, 6]
    rows = json.loads((tmp_path / "out.json").read_text("utf-8"))["labels"]
    assert [row["name"] for row in rows] == ["liver", "spleen", "Label 6"]


def test_another_mask_and_another_label(scan: Path, mask: Path, tmp_path: Path) -> None:
    out, told = tmp_path / "out.nii.gz", ("--image", scan, "--label", 2)
    medssl(mask, *told, "--tool", "add", "--with-label", 5, "--out", out)
    assert (read(out) == 2).sum() == 500
    assert not (read(out) == 5).any()
    medssl(out, *told, "--tool", "subtract", "--with-mask", mask, "--with-label", 5, "--out", out)
    assert (read(out) == 2).sum() == 400
    medssl(out, *told, "--tool", "intersect", "--with-mask", mask, "--out", out)
    assert (read(out) == 2).sum() == 400


def test_slices_drawn_along_an_axis_are_joined(scan: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.nii.gz"
    for index in (3, 5):
        medssl(
            out if index == 5 else mask,
            *("--image", scan, "--tool", "clear", "--label", 2, "--out", out),
            *("--plane", "axial", "--index", index),
        )
    told = ("--image", scan, "--tool", "fill-between", "--label", 2, "--plane", "axial")
    done = medssl(out, *told, "--out", out)
    assert (read(out)[4:12, 3, 5:15] == 2).all()
    assert "and has" in done.stdout


def test_a_picture_and_its_pixels(tmp_path: Path) -> None:
    scan, mask, out = tmp_path / "us.png", tmp_path / "m.png", tmp_path / "o.png"
    grey = np.random.default_rng(0).integers(0, 255, (30, 40)).astype(np.uint8)
    Image.fromarray(grey).save(scan)
    drawn = np.zeros((30, 40), np.uint8)
    drawn[10:20, 10:30] = 1
    drawn[14, 15] = 0
    Image.fromarray(drawn).save(mask)
    medssl(mask, "--image", scan, "--tool", "fill-holes", "--out", out)
    medssl(out, "--image", scan, "--tool", "grow", "--set", "mm=1", "--out", out)
    with Image.open(out) as found:
        assert (np.asarray(found) == 1).sum() == 200 + 60
    said = json.loads(
        medssl(out, "--image", scan, "--tool", "shrink", "--out", out, "--json").stdout
    )
    assert said["ml"] is None


def test_nothing_to_change_is_said(scan: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.nii.gz"
    done = medssl(mask, "--image", scan, "--tool", "grow", "--label", 77, "--out", out)
    assert "Nothing changed" in done.stdout
    assert (read(out) == read(mask)).all()
    (told,) = json.loads((tmp_path / "out.json").read_text("utf-8"))["provenance"]["outlines"]
    assert told["engine"] == "litemedsam"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((), UsageError, "MASK, --image"),
        (("--tool", "polish"), UsageError, "keep-largest, "),
        (("--tool", "grow", "--set", "mm"), UsageError, "mm=2.5"),
        (("--tool", "grow", "--set", "mm=wide"), UsageError, "mm=2.5"),
        (("--tool", "grow", "--set", "mm=-1"), UsageError, "to 20 mm"),
        (("--tool", "grow", "--set", "size=1"), UsageError, "expected mm"),
        (("--tool", "grow", "--label", "0"), UsageError, "--label 0"),
        (("--tool", "grow", "--plane", "axial"), UsageError, "--index 0 to 8"),
        (("--tool", "grow", "--plane", "axial", "--index", "9"), UsageError, "--index 0 to 8"),
        (("--tool", "grow", "--plane", "oblique"), UsageError, "axial, coronal"),
        (("--tool", "grow", "--index", "3"), UsageError, "--plane"),
        (("--tool", "grow", "--range", "1"), UsageError, "LOW,HIGH"),
        (("--tool", "grow", "--lock", "1,x"), UsageError, "labels, as 1,3"),
        (("--tool", "grow", "--range", "2,1"), UsageError, "lower end"),
        (("--tool", "copy-next"), UsageError, "slice to work on"),
        (("--tool", "fill-between", "--plane", "axial", "--index", "1"), UsageError, "alone"),
        (("--tool", "keep-island"), UsageError, "a voxel of the label"),
        (("--tool", "keep-island", "--at", "0,0"), UsageError, "i,j,k"),
        (("--tool", "keep-island", "--at", "0,0,24"), UsageError, "0 to 19, 0 to 8, 0 to 23"),
        (("--tool", "keep-island", "--label", "2", "--at", "0,0,0"), UsageError, "outside the"),
        (("--tool", "subtract", "--with-label", "5"), UsageError, "another mask"),
        (("--tool", "threshold"), UsageError, "without low and high"),
    ],
)
def test_a_wrong_word_is_one_sentence_and_writes_nothing(
    scan: Path,
    mask: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    error: type[MedSSLError],
    words: str,
) -> None:
    out = tmp_path / "out.nii.gz"
    with pytest.raises(error, match=words):
        medssl(mask, "--image", scan, "--out", out, *arguments)
    assert not out.exists()


def test_the_image_is_never_written(scan: Path, mask: Path) -> None:
    before = scan.read_bytes()
    with pytest.raises(SaveError):
        medssl(mask, "--image", scan, "--tool", "clear", "--out", scan, "--force")
    assert scan.read_bytes() == before


def test_a_mask_of_another_image_is_refused(scan: Path, mask: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.nii.gz"
    nib.save(nib.Nifti1Image(np.zeros((20, 9, 25), np.int16), AFFINE), other)
    with pytest.raises(GeometryError):
        medssl(mask, "--image", other, "--tool", "clear", "--out", tmp_path / "out.nii.gz")


def test_the_list_names_every_tool() -> None:
    words = medssl("--list").stdout
    listed = json.loads(medssl("--list", "--json").stdout)
    assert [row["name"] for row in listed] == [tool.name for tool in TOOLS]
    assert all(tool.name in words for tool in TOOLS)
    (grow,) = (row for row in listed if row["name"] == "grow")
    assert grow["parameters"][0]["unit"] == "mm"


def test_real_hippocampi(shared_data: Path, tmp_path: Path) -> None:
    data = shared_data / "msd-hippocampus"
    for name in ("hippocampus_017", "hippocampus_019"):
        image, mask = (data / kind / f"{name}.nii.gz" for kind in ("images", "labels"))
        out = tmp_path / f"{name}.nii.gz"
        for label, tool in ((1, "closing"), (2, "median"), (2, "keep-largest")):
            medssl(
                out if out.exists() else mask,
                *("--image", image, "--tool", tool, "--label", label, "--out", out),
            )
        before, after = read(mask), read(out)
        for label in (1, 2):
            a, b = before == label, after == label
            assert 2 * (a & b).sum() / (a.sum() + b.sum()) > 0.9
        np.testing.assert_array_equal(nib.load(out).affine, nib.load(mask).affine)


def test_the_frames_of_a_film_are_corrected_one_at_a_time(tmp_path: Path) -> None:
    """Growing by mm must not reach from one frame into the next."""
    film = save(tmp_path / "film.dcm", plain_image(np.zeros((4, 20, 30), np.uint8)))
    volume = read_volume(film)
    assert volume.frame_axis is not None
    drawn = np.zeros(volume.geometry.shape, np.uint8)
    drawn[1, 8:10, 8:10] = 1
    mask = write_labels(drawn, volume, tmp_path / "m.nii.gz")
    out, told = tmp_path / "o.nii.gz", ("--image", film, "--tool", "grow", "--set", "mm=1")
    with pytest.raises(UsageError, match="one frame"):
        medssl(mask, *told, "--out", out)
    with pytest.raises(UsageError, match="across the frames"):
        medssl(mask, *told, "--plane", "coronal", "--index", 9, "--out", out)
    medssl(mask, *told, "--plane", "axial", "--index", 1, "--out", out)
    assert [int(np.count_nonzero(read(out)[..., frame])) for frame in range(4)] == [0, 12, 0, 0]


def test_another_mask_is_only_replaced_when_asked(scan: Path, mask: Path, tmp_path: Path) -> None:
    other = tmp_path / "expert.nii.gz"
    other.write_bytes(mask.read_bytes())
    before = other.read_bytes()
    with pytest.raises(UsageError, match="--force"):
        medssl(mask, "--image", scan, "--tool", "clear", "--out", other)
    assert other.read_bytes() == before
    medssl(mask, "--image", scan, "--tool", "clear", "--out", mask)
    assert not (read(mask) == 1).any()
