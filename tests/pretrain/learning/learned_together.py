"""Runs of every method in one of several processes: ``python learned_together.py FOLDER``.

The first one leaves ``result.pt`` in a folder of each method: losses by step, and all that the
method remembers.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch
from every_method import plan_of
from made_scans import Told, source

from napari_medssl.io import atomic_write
from napari_medssl.models.team import Team, gathered
from napari_medssl.pretrain import recipe
from napari_medssl.pretrain.cards import method_cards
from napari_medssl.pretrain.images.prepared import prepare_images
from napari_medssl.pretrain.learning.following import follow
from napari_medssl.pretrain.method import method_for
from napari_medssl.pretrain.recipe import PREPARED, Lesson, pretrain

#: nothing is learned, so the rate is halved before the end
ON_A_PLATEAU = {"plateau": 1, "rate": 1e-9, "steps": 16}


def run(name: str, folder: Path, team: Team, stop_at: int = 10**6, **changes: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    plan = plan_of(name, **changes)
    sources = [source(n, (32, 33, 36)) for n in range(6)]  # half of a crop of SMIT
    images, _ = prepare_images(sources, plan, folder / PREPARED, atomic_write, lambda _: None)
    asked = iter(range(10**6))
    told, method = Told(), method_for(plan, "cpu")
    lesson = Lesson(folder, "", atomic_write, told, stop=lambda: next(asked) >= stop_at, team=team)
    pretrain(method, images, lesson)
    losses = [values["loss"] for _, values in told.metrics if "loss" in values]
    torch.save({"losses": losses, "state": method.remembered()}, folder / "result.pt")


def run_all(folder: Path, team: Team) -> None:
    recipe._TELL_EVERY_S = 0.0
    for name in method_cards():
        run(name, folder / name, team)
    run("dino", folder / "stopped", team, stop_at=2)
    run("dino", folder / "stopped", team)
    run("barlow", folder / "half", team, precision="bfloat16")
    run("regression", folder / "plateau", team, **ON_A_PLATEAU)


def main(folder: Path) -> None:
    if "RANK" not in os.environ:
        run_all(folder, Team())
        return
    with gathered("cpu") as team:
        if team.rank:
            follow(team, "cpu")
        else:
            run_all(folder, team)
            team.let_go()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
