from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from made_encoders import encoder_card
from made_scans import scan
from test_pretrain import medssl, said

from napari_medssl.io import atomic_write
from napari_medssl.models.trained_weights import network_for, save_trained

CARD = encoder_card(arguments={"widths": (4, 8)})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for number in range(3):
        array = scan(number)
        for name, stored in (("images", array), ("masks", (array > 0.6).astype(np.uint8))):
            nib.save(nib.Nifti1Image(stored, np.eye(4)), tmp_path / name / f"p{number}.nii.gz")
    torch.manual_seed(0)
    save_trained(network_for(CARD), CARD, tmp_path / "encoder.safetensors", atomic_write)
    return tmp_path


def probe(folder: Path, *more: object):
    asked = ("--images", folder / "images", "--labels", folder / "masks", "--device", "cpu")
    return medssl("models", "probe", folder / "encoder.safetensors", *asked, *more)


def test_it_says_what_can_be_read_and_what_random_weights_say(folder: Path):
    result = probe(folder)
    assert result.exit_code == 0, said(result)
    assert "guessing gives 0.50" in result.output
    assert "nearest neighbours" in result.output
    assert "with random weights" in result.output
    facts = json.loads(probe(folder, "--json").output)
    assert facts["images"] == 3
    assert [read["classifier"] for read in facts["read"]] == ["nearest neighbours", "linear"]


def test_one_patient_is_none_to_judge_by(folder: Path):
    result = probe(folder, "--patient", "p")
    assert result.exit_code
    assert "of one patient" in said(result)
