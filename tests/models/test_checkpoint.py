from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from napari_medssl.errors import WeightsError
from napari_medssl.models.checkpoint import load_into, network_of, read_tensors


@pytest.fixture
def network() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2))


@pytest.mark.parametrize("wrap", ["flat", "model", "state_dict", "module."])
def test_every_layout_gives_the_same_tensors(tmp_path: Path, network: nn.Module, wrap: str) -> None:
    tensors: Any = network.state_dict()
    if wrap == "module.":
        tensors = {f"module.{name}": tensor for name, tensor in tensors.items()}
    elif wrap != "flat":
        tensors = {wrap: tensors, "epoch": 3}
    torch.save(tensors, tmp_path / "w.pth")
    found = read_tensors(tmp_path / "w.pth")
    assert found.keys() == network.state_dict().keys()
    assert all(torch.equal(found[n], t) for n, t in network.state_dict().items())


def test_safetensors_are_read(tmp_path: Path, network: nn.Module) -> None:
    save_file(network.state_dict(), tmp_path / "w.safetensors")
    assert read_tensors(tmp_path / "w.safetensors").keys() == network.state_dict().keys()


class _Trap:
    """Unpickling it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_nothing_but_tensors_is_unpickled(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    torch.save({"a": torch.zeros(1), "b": _Trap(sprung)}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=r"'w\.pth' cannot be read as weights"):
        read_tensors(tmp_path / "w.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(_Trap(sprung)))
    with pytest.raises(WeightsError, match="cannot be read"):
        read_tensors(tmp_path / "plain.pth")
    assert not sprung.exists()


@pytest.mark.parametrize("content", [[torch.zeros(1)], {}, {"a": 1}, {3: torch.zeros(1)}])
def test_other_content_is_refused(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match="tensors by name"):
        read_tensors(tmp_path / "w.pth")


def test_a_cut_file_is_refused(tmp_path: Path, network: nn.Module) -> None:
    torch.save(network.state_dict(), tmp_path / "w.pth")
    whole = (tmp_path / "w.pth").read_bytes()
    (tmp_path / "w.pth").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match="cannot be read"):
        read_tensors(tmp_path / "w.pth")


@pytest.mark.parametrize(("width", "network"), [(768, "vit_b"), (1024, "vit_l"), (1280, "vit_h")])
def test_the_network_is_told_from_the_tensors(width: int, network: str) -> None:
    tensors = {"image_encoder.patch_embed.proj.weight": torch.empty(width, 3, 16, 16)}
    assert network_of(tensors) == network
    assert network_of({"image_encoder.patch_embed.seq.0.c.weight": torch.empty(1)}) == "litemedsam"
    assert network_of({"encoder.weight": torch.empty(1)}) is None


def test_a_partial_fit_is_refused_with_the_counts(network: nn.Module) -> None:
    tensors = network.state_dict()
    del tensors["1.bias"]
    tensors["0.weight"] = torch.zeros(5, 5)
    tensors["head"] = torch.zeros(1)
    before = network.state_dict()["0.bias"].clone()
    tensors["0.bias"] = torch.full((2,), 7.0)
    with pytest.raises(WeightsError, match=r"2 of 4 tensors: 2 are missing .* and 2 of the file"):
        load_into(network, tensors, Path("w.pth"), "SAM")
    assert torch.equal(network.state_dict()["0.bias"], before)


def test_numbers_that_are_not_finite_are_refused(network: nn.Module) -> None:
    tensors = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    tensors["0.bias"][0] = float("nan")
    with pytest.raises(WeightsError, match="not finite"):
        load_into(network, tensors, Path("w.pth"), "SAM")
