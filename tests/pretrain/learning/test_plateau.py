from __future__ import annotations

import torch

from napari_medssl.pretrain.learning.plateau import Plateau


def factors(losses, patience: int, epoch: int = 1) -> list[float]:
    plateau, found = Plateau(patience, epoch), []
    for step, loss in enumerate(losses):
        plateau.hear(step, loss)
        found.append(float(plateau.factor))
    return found


def torch_s(losses, patience: int) -> list[float]:
    """What torch's own scheduler makes of a loss an epoch."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=patience)
    found = []
    for loss in losses:
        schedule.step(loss)
        found.append(optimiser.param_groups[0]["lr"])
    return found


def test_it_is_what_torch_s_own_is():
    random = torch.Generator().manual_seed(0)
    losses = (1 / (1 + torch.arange(80) / 10) + 0.1 * torch.rand(80, generator=random)).tolist()
    for patience in (1, 3, 5):
        found = factors(losses, patience)
        assert found == torch_s(losses, patience)
        assert found[-1] < 0.5


def test_an_epoch_is_heard_as_its_mean():
    steps = [2.0, 0.0, 1.5, 0.5, 0.9, 1.1, 3.0, 0.0]  # means 1, 1, 1, 1.5
    assert factors(steps, patience=1, epoch=2) == [1, 1, 1, 1, 1, 0.5, 0.5, 0.5]


def test_losses_below_0_may_fall_too():
    assert factors([-0.1, -0.2, -0.3, -0.4, -0.4, -0.4], patience=1)[-2:] == [1, 0.5]


def test_it_goes_on_from_what_it_remembers():
    losses = [1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    first, again = Plateau(1, 1), Plateau(1, 1)
    for step, loss in enumerate(losses[:4]):
        first.hear(step, loss)
    again.load_state_dict(first.state_dict())
    for step, loss in enumerate(losses[4:], 4):
        first.hear(step, loss)
        again.hear(step, loss)
    assert float(first.factor) == float(again.factor) == 0.25
