from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform
from PIL import Image
from typer.testing import CliRunner, Result

from napari_medssl.cli import app
from napari_medssl.evaluate import dice, surface_distances

SPACING = (0.5, 0.5, 2.0)
AFFINE = np.diag([*SPACING, 1.0])
TRUTH = np.zeros((12, 10, 8), np.uint8)
TRUTH[2:8, 2:8, 1:6] = 1
TRUTH[9:11, 1:4, 2:7] = 2
GUESS = np.roll(TRUTH, 1, axis=1)


def medssl(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def save(path: Path, array: np.ndarray, affine: np.ndarray = AFFINE) -> Path:
    path.parent.mkdir(exist_ok=True)
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


def name_labels(mask: Path, **names: str) -> None:
    rows = [
        {"value": int(value[1:]), "name": name, "colour": [1, 2, 3]}
        for value, name in names.items()
    ]
    told = {"written_by": "x", "labels": rows}
    mask.with_name(mask.name.split(".")[0] + ".json").write_text(json.dumps(told))


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two cases that match, and one on each side that does not."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    save(ours / "a.nii.gz", GUESS)
    save(theirs / "a.nii.gz", TRUTH)
    save(ours / "b.nii.gz", (TRUTH == 1).astype(np.uint8))
    save(theirs / "b.nii", (TRUTH == 1).astype(np.uint8))
    save(ours / "extra.nii.gz", GUESS)
    save(theirs / "missing.nii.gz", TRUTH)
    return ours, theirs


def test_a_row_a_case_and_label_with_names_from_the_reference(folders):
    ours, theirs = folders
    name_labels(theirs / "a.nii.gz", _2="spleen")
    name_labels(ours / "a.nii.gz", _1="liver", _2="Spleen")
    done = medssl("--pred", ours, "--ref", theirs, "--json", "-")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [(row["case"], row["name"]) for row in told["rows"]] == [
        ("a", "liver"),
        ("a", "spleen"),
        ("b", "liver"),
        ("b", "spleen"),
    ]
    liver = told["rows"][0]
    expected = surface_distances(GUESS == 1, TRUTH == 1, SPACING)
    assert liver["dice"] == pytest.approx(dice(GUESS == 1, TRUTH == 1))
    assert liver["hd95"] == pytest.approx(expected.hausdorff(95))
    assert liver["surface_distance"] == pytest.approx(expected.mean())
    assert liver["unit"] == "mm"
    assert liver["reference_ml"] == pytest.approx(180 * 0.5 / 1000)
    assert told["rows"][3]["found_in"] == "neither"
    assert told["rows"][3]["dice"] is None
    assert told["no_prediction"] == ["missing.nii.gz"]
    assert told["no_reference"] == ["extra.nii.gz"]
    spleen = told["means"][1]
    assert (spleen["name"], spleen["of"]["dice"]) == ("spleen", 1)
    assert told["means"][-1]["name"] == "all"
    assert "left out of means" in told["policy"]
    assert told["notes"] == []


def test_people_see_a_table_and_every_name(folders):
    done = medssl("--pred", folders[0], "--ref", folders[1])
    assert done.exit_code == 0, done.output
    for words in ("HD95 mm", "of 2", "in neither", "No prediction for: missing.nii.gz"):
        assert words in done.output
    assert "No reference for: extra.nii.gz" in done.output
    assert str(folders[0]) not in done.output


def test_the_report_is_written_and_never_over_another_file(folders, tmp_path):
    ours, theirs = folders
    out = tmp_path / "scores.json"
    done = medssl("--pred", ours, "--ref", theirs, "--json", out)
    assert done.exit_code == 0, done.output
    printed = medssl("--pred", ours, "--ref", theirs, "--json", "-").stdout
    assert json.loads(out.read_text()) == json.loads(printed)
    assert "Dice" in done.output
    again = medssl("--pred", ours, "--ref", theirs, "--json", out)
    assert again.exit_code == 2
    assert "--force" in again.output
    assert medssl("--pred", ours, "--ref", theirs, "--json", out, "--force").exit_code == 0


@pytest.mark.parametrize("more", [(), ("--json", "-")])
def test_force_without_a_file_to_write_is_refused(folders, more):
    done = medssl("--pred", folders[0], "--ref", folders[1], "--force", *more)
    assert done.exit_code == 2
    assert "--force without a file to write; expected --json OUT" in done.output


def test_rows_as_csv(folders, tmp_path):
    out = tmp_path / "scores.csv"
    assert medssl("--pred", folders[0], "--ref", folders[1], "--json", out).exit_code == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == ["a", "a", "b", "b"]
    assert float(rows[0]["dice"]) == pytest.approx(dice(GUESS == 1, TRUTH == 1))
    assert rows[3]["hd95"] == ""


def test_axes_in_another_order_are_the_same_grid(tmp_path):
    truth = save(tmp_path / "truth.nii.gz", TRUTH)
    image = nib.Nifti1Image(GUESS, AFFINE)
    turn = ornt_transform(io_orientation(AFFINE), axcodes2ornt(("P", "S", "L")))
    nib.save(image.as_reoriented(turn), tmp_path / "turned.nii.gz")
    done = medssl("--pred", tmp_path / "turned.nii.gz", "--ref", truth, "--json", "-")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["rows"]
    assert rows[0]["dice"] == pytest.approx(dice(GUESS == 1, TRUTH == 1))
    expected = surface_distances(GUESS == 2, TRUTH == 2, SPACING).mean()
    assert rows[1]["surface_distance"] == pytest.approx(expected)


def test_some_labels_alone(folders):
    ours, theirs = folders
    done = medssl("--pred", ours, "--ref", theirs, "--labels", "2, 9", "--json", "-")
    told = json.loads(done.stdout)
    assert [(row["case"], row["label"]) for row in told["rows"]] == [
        ("a", 2),
        ("a", 9),
        ("b", 2),
        ("b", 9),
    ]
    assert told["notes"] == ["Label 9 is in none of the masks."]


def test_pictures_are_measured_in_pixels_and_numbers_may_differ(tmp_path):
    square = np.zeros((20, 30), np.uint8)
    square[5:15, 5:15] = 1
    for name, value, move in (("guess", 1, 2), ("truth", 255, 0)):
        Image.fromarray(np.roll(square, move, 1) * value).save(tmp_path / f"{name}.png")
    pair = ("--pred", tmp_path / "guess.png", "--ref", tmp_path / "truth.png")
    told = json.loads(medssl(*pair, "--json", "-").stdout)
    assert [(row["label"], row["found_in"]) for row in told["rows"]] == [
        (1, "prediction only"),
        (255, "reference only"),
    ]
    assert [row["hd95"] for row in told["rows"]] == [None, None]
    assert "--as-one" in told["notes"][0]
    told = json.loads(medssl(*pair, "--as-one", "--json", "-").stdout)
    (row,) = told["rows"]
    assert (row["dice"], row["unit"], row["reference_ml"]) == (0.8, "px", None)
    assert row["hd95"] == 2
    assert told["notes"][0].startswith("Pictures do not tell")
    assert "HD95 px" in medssl(*pair, "--as-one").output


def test_scans_and_pictures_in_one_folder_are_told_apart(tmp_path):
    for folder in ("ours", "theirs"):
        save(tmp_path / folder / "scan.nii.gz", TRUTH)
        Image.fromarray(TRUTH[:, :, 3]).save(tmp_path / folder / "picture.png")
    pair = ("--pred", tmp_path / "ours", "--ref", tmp_path / "theirs")
    notes = json.loads(medssl(*pair, "--json", "-").stdout)["notes"]
    assert notes[1] == "Distances in mm and in px are not averaged together."
    assert "0.00 px" in medssl(*pair).output


def test_names_that_contradict_one_another_are_told(folders):
    ours, theirs = folders
    name_labels(theirs / "a.nii.gz", _1="liver")
    name_labels(ours / "a.nii.gz", _1="kidney")
    told = json.loads(medssl("--pred", ours, "--ref", theirs, "--json", "-").stdout)
    words = "Label 1 is 'liver' in a reference and 'kidney' in its prediction."
    assert told["notes"] == [f"{words} (a)"]
    pair = "--pred", ours / "a.nii.gz", "--ref", theirs / "a.nii.gz"
    assert json.loads(medssl(*pair, "--json", "-").stdout)["notes"] == [words]


def test_masks_without_any_label_are_told(tmp_path):
    empty = save(tmp_path / "empty.nii.gz", np.zeros_like(TRUTH))
    done = medssl("--pred", empty, "--ref", empty)
    assert done.exit_code == 0, done.output
    assert "No mask has a label: there is nothing to measure." in done.output


def test_figures_are_shown_even_if_they_cannot_be_written(folders, tmp_path):
    out = tmp_path / "scores.csv"
    out.touch()
    out.chmod(0o444)
    done = medssl("--pred", folders[0], "--ref", folders[1], "--json", out, "--force")
    assert done.exit_code == 1
    assert "HD95 mm" in done.output
    assert "write-protected" in done.output


def not_finite(array: np.ndarray) -> np.ndarray:
    spoilt = array.astype(np.float32)
    spoilt[0, 0, 0] = math.nan
    return spoilt


@pytest.mark.parametrize(
    ("guess", "truth", "said"),
    [
        (TRUTH[:-1], TRUTH, "expected the grid of 'truth.nii.gz', 12 x 10 x 8 voxels"),
        (not_finite(TRUTH), TRUTH, "values that are not whole numbers"),
        (TRUTH, not_finite(TRUTH), "values that are not whole numbers"),
        (TRUTH, TRUTH.astype(np.int16) - 1000, "the negative value"),
        (np.arange(960, dtype=np.uint16).reshape(12, 10, 8), TRUTH, "'guess.nii.gz' looks like"),
    ],
    ids=["other-grid", "nan", "nan-reference", "ct", "image"],
)
def test_what_cannot_be_compared_is_one_sentence(tmp_path, guess, truth, said):
    pair = save(tmp_path / "guess.nii.gz", guess), save(tmp_path / "truth.nii.gz", truth)
    done = medssl("--pred", pair[0], "--ref", pair[1])
    assert done.exit_code == 1
    assert said in " ".join(done.output.split())
    assert str(tmp_path) not in done.output


def test_another_patient_is_told_by_the_place(tmp_path):
    elsewhere = AFFINE.copy()
    elsewhere[:3, 3] = 40
    pair = save(tmp_path / "p.nii", TRUTH, elsewhere), save(tmp_path / "r.nii", TRUTH)
    done = medssl("--pred", pair[0], "--ref", pair[1])
    assert done.exit_code == 1
    assert "lie elsewhere in space" in done.output


def test_one_bad_case_does_not_hide_the_others(folders):
    ours, theirs = folders
    save(ours / "a.nii.gz", TRUTH[:-1])
    done = medssl("--pred", ours, "--ref", theirs, "--json", "-")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert [row["case"] for row in told["rows"]] == ["b"]
    assert "expected the grid" in told["not_compared"]["a"]
    assert "Not compared: a: " in medssl("--pred", ours, "--ref", theirs).output


def test_when_all_cases_are_bad_each_is_told(folders, tmp_path):
    ours, theirs = folders
    for name in ("a", "b"):
        save(ours / f"{name}.nii.gz", TRUTH[:-1])
    out = tmp_path / "rows.csv"
    done = medssl("--pred", ours, "--ref", theirs, "--json", out)
    assert done.exit_code == 1
    assert "Not compared: a: " in done.output
    assert "Not compared: b: " in done.output
    assert out.read_text().startswith("case,label,")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--labels", "0"), "--labels 0"),
        (("--labels", "1,liver"), "--labels 1,liver"),
        (("--labels", "1", "--as-one"), "one of both"),
        (("--json", "scores.xml"), ".json or .csv"),
        (("--json", "nowhere/scores.csv"), "there is no folder 'nowhere'"),
        (("--image", "scan.nii"), "one mask for each"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_read(folders, more, said):
    done = medssl("--pred", folders[0], "--ref", folders[1], *more)
    assert done.exit_code == 2
    assert said in done.output


def test_dicom_contours_against_a_mask_of_the_same_voxels(shared_data):
    """A tumour drawn as DICOM contours, and what another program made of them as NIfTI."""
    drawn = shared_data / "dicom-rtstruct-sts" / "STS_025" / "CT"
    filled = shared_data / "ibsi-sts-ct-mr-pet" / "STS_025" / "CT_mask.nii.gz"
    pair = ("--pred", drawn / "mask" / "RS.dcm", "--ref", filled)
    done = medssl(*pair, "--image", drawn / "image", "--json", "-")
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)["rows"]
    assert row["name"] == "GTV_Mass_CT"
    assert row["dice"] > 0.999
    assert row["hd95"] == 0
    assert row["reference_ml"] > 1
    alone = medssl(*pair)
    assert alone.exit_code == 2
    assert "--image" in alone.output
