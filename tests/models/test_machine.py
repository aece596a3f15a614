from __future__ import annotations

import pytest

from napari_medssl.models.machine import ON_GPU, ON_PROCESSOR, Machine
from napari_medssl.models.networks.network import build_network


@pytest.mark.parametrize(
    ("device", "means", "precision"),
    [
        ("cpu", ON_PROCESSOR, "float32"),
        ("cuda:0", ON_GPU, "bfloat16"),
        ("mps", ON_GPU, "float32"),
    ],
)
def test_a_kind_of_machine_has_means_of_its_own(device, means, precision):
    machine = Machine(device)
    assert machine.means is means
    assert machine.precision == precision


def test_a_gpu_learns_more_of_all():
    for dimensions in (2, 3):
        assert ON_GPU.crop[dimensions] > ON_PROCESSOR.crop[dimensions]
        assert ON_GPU.batch[dimensions] >= ON_PROCESSOR.batch[dimensions]
    assert max(ON_GPU.widths) > max(ON_PROCESSOR.widths)


@pytest.mark.parametrize("means", [ON_PROCESSOR, ON_GPU])
def test_its_network_halves_a_crop_as_often_as_said(means):
    network = build_network(
        means.network, dimensions=2, in_channels=1, classes=2, widths=means.widths
    )
    assert network.multiple == means.multiple
