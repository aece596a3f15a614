from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_scans import scan, volume
from test_voxel_features import CARD

from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.io import atomic_write
from napari_medssl.models.trained import TrainedCard
from napari_medssl.models.trained_weights import network_for, save_trained
from napari_medssl.pretrain.watching.frozen_probe import _folds, _networks, _read, probe_encoder
from napari_medssl.pretrain.watching.voxel_features import Drawn

SMALL = replace(CARD, arguments={"widths": (4, 8)}, patch=(20, 24, 28))


def example(number: int, patient: str | None = None) -> Drawn:
    array = scan(number)
    return Drawn(
        f"image-{number}",
        patient or f"patient-{number}",
        lambda: (volume(array), (array > 0.6).astype(np.uint8)),
    )


def saved(folder: Path) -> tuple[Path, TrainedCard]:
    torch.manual_seed(7)
    path = folder / "encoder.safetensors"
    return path, save_trained(network_for(SMALL), SMALL, path, atomic_write)


def test_what_of_an_encoder_did_not_learn_is_random_and_the_same_each_time(tmp_path: Path):
    card = replace(SMALL, network="unet", parts=("down",))
    learned = network_for(card)
    card = save_trained(learned, card, tmp_path / "encoder.safetensors", atomic_write)
    first, again = (
        next(_networks(tmp_path / "encoder.safetensors", card, 3)).encoder_state() for _ in range(2)
    )
    for name, tensor in learned.encoder_state().items():
        assert torch.equal(first[name], again[name])
        if tensor.dim() > 1:
            assert torch.equal(first[name], tensor) == name.startswith("down."), name


def test_who_is_judged_was_not_learned_from():
    folds = _folds([f"p{n // 2}" for n in range(14)], 0)
    assert folds[::2] == folds[1::2], "images of a patient stay together"
    assert sorted(set(folds)) == [0, 1, 2, 3, 4]
    assert folds == _folds([f"p{n // 2}" for n in range(14)], 0)
    with pytest.raises(UsageError, match="of one patient"):
        _folds(["p", "p"], 0)


def test_what_can_be_told_is_told_and_what_cannot_is_not():
    random = torch.Generator().manual_seed(0)
    values = torch.tensor([0, 0, 0, 5, 9]).repeat(80)  # one class is more frequent
    noise = torch.randn(400, 6, generator=random)
    clear = torch.eye(6)[torch.tensor([0, 0, 0, 1, 2]).repeat(80)] * 8 + noise
    folds = torch.arange(400) % 4
    for by_class in _read(clear, values, folds).values():
        assert by_class.keys() == {0, 5, 9}
        assert min(by_class.values()) > 0.95
    for by_class in _read(noise, values, folds).values():
        assert np.mean(list(by_class.values())) == pytest.approx(1 / 3, abs=0.12)


def test_it_is_measured_beside_random_weights(tmp_path: Path):
    path, card = saved(tmp_path)
    told: list[tuple[int, int]] = []
    examples = [example(n) for n in range(4)]
    found = probe_encoder(path, card, examples, device="cpu", told=lambda *a: told.append(a))
    assert [read.classifier for read in found] == ["nearest neighbours", "linear"]
    for read in found:
        assert read.score > 0.9, "bright voxels are told by any maps"
        assert read.score == pytest.approx(np.mean(list(read.by_class.values())))
        assert len(read.of_random) == 3
        assert len({read.score, *read.of_random}) > 1
    assert told == [(n, 4) for n in range(1, 5)]
    assert found == probe_encoder(path, card, examples, device="cpu")


def test_weights_of_another_network_are_refused(tmp_path: Path):
    path, card = saved(tmp_path)
    other = replace(card, arguments={"widths": (4, 16)})
    with pytest.raises(WeightsError, match="of the encoder's"):
        probe_encoder(path, other, [example(0), example(1)], device="cpu")
