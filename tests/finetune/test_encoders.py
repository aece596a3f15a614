from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_sam import Heard, bright_pictures, tiny_engine

from napari_medssl.errors import SaveError
from napari_medssl.finetune.encoders import FrozenEncoder, LearningEncoder
from napari_medssl.io import atomic_write

PICTURES = bright_pictures(3)


class Counting:
    """An engine that counts how often it embeds."""

    def __init__(self) -> None:
        self._engine = tiny_engine()
        self.count = 0

    def __getattr__(self, name: str):
        return getattr(self._engine, name)

    def encode(self, *given):
        self.count += 1
        return self._engine.encode(*given)


@pytest.mark.parametrize("memory", [0, 1500, 1 << 30])
def test_each_picture_is_embedded_once_wherever_it_is_kept(tmp_path: Path, memory: int) -> None:
    engine, heard = Counting(), Heard()
    encoder = FrozenEncoder(engine, PICTURES, tmp_path / "kept", atomic_write, memory)
    encoder.prepare(heard, lambda: False)
    assert heard.done[-1][:2] == (3, 3)
    features = encoder.features([2, 0, 2])
    assert engine.count == 3
    assert features.shape == (3, 16, 4, 4)
    fresh = tiny_engine().encode(PICTURES[2].rgb, PICTURES[2].pixel_mm)
    np.testing.assert_array_equal(features[0], fresh.features)
    kept = encoder.embedding(2)
    assert (kept.size, kept.inside) == (fresh.size, fresh.inside)
    on_disk = len(list((tmp_path / "kept").glob("*.npy"))) if memory < 1 << 30 else 0
    assert on_disk == {0: 3, 1500: 2, 1 << 30: 0}[memory]
    encoder.close()
    assert not (tmp_path / "kept").exists()


def test_a_run_that_goes_on_finds_what_is_on_the_disk(tmp_path: Path) -> None:
    FrozenEncoder(tiny_engine(), PICTURES, tmp_path, atomic_write, 0).prepare(
        Heard(), lambda: False
    )
    engine = Counting()
    again = FrozenEncoder(engine, PICTURES, tmp_path, atomic_write, 0)
    again.features([0, 1, 2])
    assert engine.count == 0
    damaged = next(tmp_path.glob("*.npy"))
    damaged.write_bytes(damaged.read_bytes()[:200])
    again.features([0, 1, 2])
    assert engine.count == 1


def test_it_can_be_stopped(tmp_path: Path) -> None:
    engine = Counting()
    encoder = FrozenEncoder(engine, PICTURES, tmp_path, atomic_write)
    encoder.prepare(Heard(), lambda: engine.count == 2)
    assert engine.count == 2


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    def full(path: Path, write, verify) -> None:
        raise SaveError(f"'{path.name}' did not fit on the disk")

    encoder = FrozenEncoder(tiny_engine(), PICTURES, tmp_path, full, 0)
    with pytest.raises(SaveError, match=r"3 pictures of 0\.0 MB each did not fit"):
        encoder.embedding(0)
    (tmp_path / "file").write_text("")
    encoder = FrozenEncoder(tiny_engine(), PICTURES, tmp_path / "file" / "x", atomic_write, 0)
    with pytest.raises(SaveError, match="folder cannot be made"):
        encoder.embedding(0)


def test_an_encoder_that_learns_gives_gradients_and_what_it_is_now() -> None:
    engine = tiny_engine()
    encoder = LearningEncoder(engine, PICTURES)
    encoder.prepare(Heard(), lambda: False)
    before = encoder.embedding(1).features
    features = encoder.features([1, 0])
    np.testing.assert_allclose(features[0].detach().numpy(), before, atol=1e-5)
    features.sum().backward()
    weight = engine.network.image_encoder.patch_embed.proj.weight
    assert weight.grad is not None
    with torch.no_grad():
        weight.mul_(2)
    assert np.abs(encoder.embedding(1).features - before).max() > 1e-3
    encoder.close()
