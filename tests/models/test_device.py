from __future__ import annotations

import pytest
import torch

from napari_medssl.errors import UsageError
from napari_medssl.models.device import describe_device, devices_here, pick_device


def test_auto_takes_a_gpu_only_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device() == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device() == "cuda"


@pytest.mark.parametrize("wish", ["gpu", "cuda:x", "cpu:0", ""])
def test_unknown_devices_are_refused(wish: str) -> None:
    with pytest.raises(UsageError, match="auto, cpu, cuda"):
        pick_device(wish)


def test_a_missing_gpu_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert pick_device("cuda:0") == "cuda:0"
    with pytest.raises(UsageError, match="does not have"):
        pick_device("cuda:1")


def test_the_processor_in_words() -> None:
    assert "processor" in describe_device("cpu")


def test_all_devices_are_told_the_best_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr("napari_medssl.models.device.describe_device", lambda name: f"the {name}")
    assert devices_here() == [
        ("cuda:0", "the cuda:0"),
        ("cuda:1", "the cuda:1"),
        ("cpu", "the cpu"),
    ]
