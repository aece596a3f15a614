"""``medssl info``: plain words, notices, and one JSON object for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import nibabel as nib
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from napari_medssl.cli.info import info
from napari_medssl.errors import UnreadableFileError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

APP = typer.Typer()
APP.command()(info)


def run(*arguments: object) -> str:
    done = CliRunner().invoke(APP, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return " ".join(done.stdout.split())


def test_a_ct_in_plain_words(shared_data: Path) -> None:
    words = run(shared_data / "msd-spleen-ct" / "spleen_2_crop_ct.nii.gz")
    assert words.startswith("spleen_2_crop_ct.nii.gz CT, 164 x 166 x 26 voxels of 0.79 x 0.79 x 5")
    assert "Axes: stored R-A-S" in words
    assert "! The file does not say what made the image." in words
    assert str(shared_data) not in words


def test_json_is_one_object(shared_data: Path) -> None:
    told = json.loads(run(shared_data / "malformed-generated" / "four_d.nii.gz", "--json"))
    assert told["size"] == [20, 20, 20]
    assert told["volumes"] == 3
    assert told["series"] == []
    assert {"several-volumes"} <= {notice["code"] for notice in told["notices"]}


def test_a_folder_lists_its_series(shared_data: Path) -> None:
    folder = shared_data / "dicom-difficult" / "compressed_rle"
    told = json.loads(run(folder, "--json"))
    assert told["format"] == "dicom"
    assert len(told["series"]) == 1
    assert told["series"][0]["slices"] == 4
    assert told["series"][0]["number"] == 0


def test_series_to_choose_from_are_listed(shared_data: Path) -> None:
    folder = shared_data / "dicom-rtstruct-sts"
    words = run(folder)
    assert "Series in this folder (choose with --series):" in words
    assert "0: " in words
    other = json.loads(run(folder, "--series", 1, "--json"))
    assert len(other["series"]) == 2
    assert other["modality"] == other["series"][1]["modality"]


def test_which_volume(tmp_path: Path) -> None:
    data = np.arange(48, dtype=np.int16).reshape(2, 3, 4, 2)
    nib.Nifti1Image(data, np.eye(4)).to_filename(tmp_path / "a.nii")
    assert json.loads(run(tmp_path / "a.nii", "--volume", 1, "--json"))["values"] == [1, 47]
    with pytest.raises(UsageError, match="expected 0 to 1"):
        run(tmp_path / "a.nii", "--volume", 2)


def test_errors_are_left_to_the_app(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"there is no 'gone.nii'"):
        run(tmp_path / "gone.nii")


def test_name_with_markup_is_shown_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "[red]a[_b].nii"
    nib.Nifti1Image(np.zeros((2, 3, 4), np.int16), np.eye(4)).to_filename(path)
    assert run(path).startswith("[red]a[_b].nii")
