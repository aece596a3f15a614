"""A small run of learning, in one process or in several: ``python taught_together.py FOLDER``.

The first process leaves ``result.pt``: losses by step, and the weights.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import torch
from bright_cases import Told, bright_example, plan_with
from test_recipe import look, network_of

from napari_medssl.finetune.volumes.following import follow
from napari_medssl.finetune.volumes.prepared import prepare_all
from napari_medssl.finetune.volumes.recipe import PREPARED, Lesson, teach
from napari_medssl.io import atomic_write
from napari_medssl.models.inference import prepare_for_inference
from napari_medssl.models.team import Team, gathered


def look_quickly(network, image):
    """Look as a job does, which lays weights out anew in memory."""
    prepare_for_inference(network)
    return look(network, image)


def run(folder: Path, team: Team, stop_at: int = 10**6, **changes) -> None:
    plan = plan_with(**changes)
    examples = [bright_example(n) for n in range(4)]
    cases = prepare_all(examples, plan, folder / PREPARED, atomic_write, lambda _: None)
    asked = iter(range(10**6))
    lesson = Lesson(
        folder,
        "settings",
        atomic_write,
        Told(),
        look_quickly,
        stop=lambda: next(asked) > stop_at,
        team=team,
    )
    taught = teach(network_of(plan), cases[1:], cases[:1], plan, lesson)
    found = {"weights": taught.weights, "progress": taught.progress}
    torch.save({**found, "progress": str(found["progress"])}, folder / "result.pt")


def main(folder: Path) -> None:
    given = json.loads((folder / "given.json").read_text())
    if "RANK" not in os.environ:
        run(folder, Team(), **given)
        return
    with gathered("cpu") as team:
        if team.rank:
            follow(team, "cpu")
        else:
            run(folder, team, **given)
            team.let_go()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
