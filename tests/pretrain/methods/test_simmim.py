from __future__ import annotations

from pathlib import Path

import pytest
import torch
from made_scans import learned, loss_of, method_of, plan_for, prepared, resumed_alike

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.samples import Samples

PLAN = plan_for("simmim", settings={"cell": 4})


@pytest.mark.parametrize("killed_at", [1, 4])
def test_killed_it_goes_on_to_the_same_weights(tmp_path: Path, killed_at: int):
    assert resumed_alike(PLAN, tmp_path, killed_at)


def test_it_learns_to_tell_what_is_hidden(tmp_path: Path):
    plan = plan_for("simmim", settings=PLAN.settings, steps=40, rate=1e-2)
    shown = {}
    method, _ = learned(plan, tmp_path, show=lambda step, those: shown.update({step: those}))
    assert loss_of(method) < 0.8 * loss_of(method_of(plan))
    assert set(shown[40]) == {"image", "shown", "told"}


@pytest.mark.parametrize("blocks", [False, True])
def test_whole_cells_are_hidden_and_the_network_sees_nothing_of_them(blocks: bool):
    method = method_of(plan_for("simmim", settings={"cell": 4, "blocks": blocks}))
    batch = Samples(prepared(), method).at(0)
    hidden = batch["hidden"]
    cells = hidden.unfold(1, 4, 4).unfold(2, 4, 4).unfold(3, 4, 4).flatten(4)
    assert torch.equal(cells.any(-1), cells.all(-1))
    assert torch.equal(cells.any(-1).flatten(1).sum(1), torch.full((4,), 5))  # 60 % of 8
    method.eval()
    other = {**batch, "image": torch.where(hidden[:, None], 7.0, batch["image"])}
    torch.testing.assert_close(method.told(batch), method.told(other))


@pytest.mark.parametrize("settings", [{"cell": 3}, {"cell": 8}, {"hidden": 1.0}, {"hidden": 0.0}])
def test_what_cannot_be_hidden_is_refused(settings: dict):
    with pytest.raises(UsageError):
        method_of(plan_for("simmim", settings=settings))
