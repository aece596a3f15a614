"""What the jobs of nnU-Net are given, and what a plan leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.finetune.nnunet.request import (
    all_epochs,
    is_of_project,
    place_of,
    plan_arguments,
    project_source,
    read_planned,
    run_arguments,
    run_title,
    settings_from,
)
from napari_medssl.finetune.nnunet.settings import NnunetSettings

PLAN = {
    "configurations": {
        "2d": {
            "patch_size": [20, 20],
            "batch_size": 4,
            "spacing": [1.2, 1.2],
            "median_image_size_in_voxels": [18.0, 20.0],
        },
        "3d_fullres": {
            "patch_size": [16, 20, 20],
            "batch_size": 2,
            "spacing": [2.0, 1.2, 1.2],
            "median_image_size_in_voxels": [16.0, 18.0, 20.0],
        },
    }
}


def test_settings_come_back_as_they_were_given(tmp_path: Path) -> None:
    encoder = tmp_path / "encoder.safetensors"
    encoder.touch()
    asked = NnunetSettings(
        configurations=("2d",), folds=(0, 3), epochs=7, encoder=str(encoder), device="cpu", seed=5
    )
    source = project_source(tmp_path, everything=True)
    arguments = json.loads(json.dumps(run_arguments(source, asked)))
    assert settings_from(arguments, "cpu", 5) == asked
    assert not {"device", "seed"} & set(arguments["settings"])
    encoder.unlink()
    with pytest.raises(UsageError, match=r"encoder\.safetensors', which is no file"):
        run_arguments(source, asked)


def test_a_project_is_known_by_whatever_path(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "study")
    source = project_source(tmp_path / "link", everything=False)
    arguments = plan_arguments(source, 8.0)
    assert is_of_project(arguments, place_of(tmp_path / "study"))
    assert not is_of_project(arguments, place_of(tmp_path))
    assert not is_of_project({"source": {"images": "x"}}, place_of(tmp_path))
    assert not is_of_project({}, place_of(tmp_path))


def test_all_epochs_count_every_fold_that_is_trained() -> None:
    assert all_epochs(NnunetSettings(configurations=("2d",), folds=(0,), epochs=10)) == 10
    assert all_epochs(NnunetSettings(configurations=("2d", "3d_fullres"), epochs=10)) == 100
    cascade = ("3d_lowres", "3d_cascade_fullres")  # goes on from all five folds
    assert all_epochs(NnunetSettings(configurations=cascade, folds=(0,), epochs=10)) == 60


def test_a_title_names_what_was_chosen() -> None:
    assert run_title(NnunetSettings()) == "nnU-Net"
    assert (
        run_title(NnunetSettings(configurations=("2d", "3d_fullres"))) == "nnU-Net 2d, 3d_fullres"
    )


def test_a_plan_tells_all_four_configurations(tmp_path: Path) -> None:
    told = {
        "cases": 6,
        "plan": PLAN,
        "notes": ["case-004 was left out."],
        "devices": [["cpu", "the processor"]],
        "memory_gb": 8,
    }
    (tmp_path / "plan.json").write_text(json.dumps(told))
    found = read_planned(tmp_path / "plan.json")
    assert (found.cases, found.devices) == (6, (("cpu", "the processor"),))
    assert [one.is_made for one in found.configurations] == [True, True, False, False]
    for broken in (
        "",
        "[]",
        "{}",
        json.dumps(told | {"plan": {}}),
        json.dumps(told | {"cases": ""}),
    ):
        (tmp_path / "plan.json").write_text(broken)
        with pytest.raises(UnreadableFileError):
            read_planned(tmp_path / "plan.json")
    with pytest.raises(UnreadableFileError, match="Look at the cases again"):
        read_planned(tmp_path / "none.json")


def test_a_window_can_ask_without_torch() -> None:
    modules = "napari_medssl.finetune.nnunet.request, napari_medssl.finetune.nnunet.found"
    code = f"import sys, {modules}; print({{'torch', 'nnunetv2'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
