"""What is read off a network while it learns: it changes nothing, and tells what can be told."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from every_method import plan_of
from made_scans import scan, volume
from test_frozen_probe import example

from napari_medssl.errors import UnreadableFileError
from napari_medssl.pretrain.method import network_for
from napari_medssl.pretrain.watching.voxel_features import Drawn
from napari_medssl.pretrain.watching.watched_probe import MOST_IMAGES, WatchedProbe

PLAN = plan_of("simmim")


def probe_of(examples: list[Drawn]) -> tuple[WatchedProbe | None, list[str]]:
    warned: list[str] = []
    return WatchedProbe.of(examples, PLAN, warned.append), warned


def test_figures_are_told_and_nothing_is_changed():
    probe, warned = probe_of([example(n) for n in range(4)])
    assert probe is not None
    assert warned == []
    torch.manual_seed(3)
    network = network_for(PLAN).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    random = torch.random.get_rng_state()
    figures = probe.figures(network)
    assert figures.keys() == {"told apart by nearest neighbours", "told apart by a linear layer"}
    assert min(figures.values()) > 0.55, "bright voxels are told better than by guessing"
    assert network.training
    assert torch.equal(random, torch.random.get_rng_state())
    assert all(torch.equal(before[name], now) for name, now in network.state_dict().items())
    assert figures == probe.figures(network.eval())
    assert not network.training


def test_masks_of_no_use_are_left_out_and_said():
    def broken() -> tuple:
        raise UnreadableFileError("'x.nii' is cut off")

    blank = Drawn("blank", "z", lambda: (volume(scan(1)), np.zeros(scan(1).shape, np.uint8)))
    probe, warned = probe_of([Drawn("x", "x", broken), blank, example(1), example(2)])
    assert probe is not None
    assert {*probe.questions.folds} == {0, 1}
    assert len(warned) == 1
    assert "cut off" in warned[0]


@pytest.mark.parametrize("examples", [[], [example(1)], [example(1, "p"), example(2, "p")]])
def test_too_few_patients_are_no_probe_and_no_error(examples: list[Drawn]):
    probe, warned = probe_of(examples)
    assert probe is None
    assert len(warned) == min(1, len(examples))


def test_of_many_images_some_are_taken():
    read: list[int] = []

    def counted(number: int) -> Drawn:
        one = example(number)
        return Drawn(one.id, one.patient, lambda: read.append(number) or one.read())

    probe_of([counted(n) for n in range(MOST_IMAGES + 3)])
    assert {*read} == set(range(MOST_IMAGES))
