from __future__ import annotations

import pytest
import torch

from napari_medssl.errors import UsageError
from napari_medssl.io import atomic_write
from napari_medssl.models.random_weights import new_checkpoint
from napari_medssl.models.trained_weights import load_trained


def test_random_weights_say_that_they_have_learnt_nothing(tmp_path) -> None:
    arguments = {"dimensions": 2, "classes": 2}
    card = new_checkpoint("btunet", tmp_path / "a.safetensors", atomic_write, **arguments)
    assert (card.method, card.dimensions, card.patch) == ("random", 2, (256, 256))
    assert "has learnt nothing" in card.about
    network = load_trained(tmp_path / "a.safetensors")
    assert network.classes == 3
    state = torch.random.get_rng_state()
    same = new_checkpoint("btunet", tmp_path / "b.safetensors", atomic_write, **arguments)
    assert torch.equal(state, torch.random.get_rng_state())
    assert same.sha256 == card.sha256
    other = new_checkpoint("btunet", tmp_path / "c.safetensors", atomic_write, **arguments, seed=1)
    assert other.sha256 != card.sha256


@pytest.mark.parametrize(
    ("file", "options", "said"),
    [
        ("a.pth", {}, "ends in .safetensors"),
        ("there.safetensors", {}, "there already"),
        ("a.safetensors", {"classes": 0}, "1 or more"),
        ("a.safetensors", {"dimensions": 2}, "expected 3-D"),
    ],
)
def test_random_weights_are_not_written_just_anywhere(tmp_path, file, options, said) -> None:
    (tmp_path / "there.safetensors").touch()
    with pytest.raises(UsageError, match=said):
        new_checkpoint("smit", tmp_path / file, atomic_write, **options)
