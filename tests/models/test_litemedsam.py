from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from napari_medssl.models.litemedsam import build, prepare
from napari_medssl.models.registry import model_card
from napari_medssl.models.weights import installed_weights


def test_an_image_is_stretched_from_its_own_darkest_to_brightest() -> None:
    pixels = torch.tensor([50.0, 100.0, 250.0]).view(1, 3, 1, 1)
    assert prepare(pixels).flatten().tolist() == [0.0, 0.25, 1.0]
    assert prepare(torch.full((1, 3, 2, 2), 7.0)).abs().max() == 0


def test_the_carried_weights_fit_every_tensor() -> None:
    path, found = installed_weights(model_card("litemedsam"))
    assert found == model_card("litemedsam").sha256
    assert path.stat().st_size == model_card("litemedsam").bytes
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    wanted = {name: tensor.shape for name, tensor in build().state_dict().items()}
    assert {name: tensor.shape for name, tensor in tensors.items()} == wanted


@pytest.mark.slow
def test_building_warns_of_nothing_and_writes_nothing(tmp_path) -> None:  # type: ignore[no-untyped-def]
    code = "from napari_medssl.models.litemedsam import build; build()"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert not list(tmp_path.iterdir())
