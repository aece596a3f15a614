"""How good a network gets that learned from a few cases: `medssl finetune`, from scratch.

    python benchmarks/few_cases.py DATA [--cases 2,4,8] [--seeds 0,1,2] [--minutes 10] [--test 20]

DATA holds ``msd-hippocampus/images`` and ``labels``. Of the cases that have both, the first --test
of an order drawn once are only ever judged; each run learns from others, drawn by its seed, with
nothing but the command line: `finetune`, then `segment` on the judged cases, then `evaluate`.
Printed is the mean Dice over cases and labels of each run, and their mean.
"""

from __future__ import annotations

import json as json_text
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import typer
from hippocampus import judged_dice, link, medssl, paired


def main(
    data: Annotated[Path, typer.Argument(help="Holds msd-hippocampus.")],
    cases: Annotated[str, typer.Option(help="How many to learn from, one run each.")] = "2,4,8",
    seeds: Annotated[str, typer.Option(help="Of the draws.")] = "0,1,2",
    minutes: Annotated[float, typer.Option(help="How long each may learn.")] = 10.0,
    test: Annotated[int, typer.Option(help="Cases that are only judged.")] = 20,
) -> None:
    """Print the Dice of each run."""
    root = data / "msd-hippocampus"
    names = paired(root)
    judged, others = names[:test], names[test:]
    for count in (int(part) for part in cases.split(",")):
        found = [run(root, others, judged, count, int(seed), minutes) for seed in seeds.split(",")]
        print(f"{count} cases: mean Dice {np.mean(found):.3f} of {len(found)} runs", flush=True)


def run(
    root: Path, others: list[str], judged: list[str], count: int, seed: int, minutes: float
) -> float:
    """Learn, segment and measure; return the mean Dice."""
    drawn = np.random.default_rng(seed).permutation(others)[:count].tolist()
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        link(root, drawn, work / "learn")
        out = work / "out"
        began = perf_counter()
        folders = ("--images", work / "learn/images", "--labels", work / "learn/labels")
        medssl("finetune", *folders, "--out", out, "--minutes", minutes, "--seed", seed,
               "--folder", work / "jobs", "--val-fraction", 0)  # fmt: skip
        took = perf_counter() - began
        plan = json_text.loads((out / "artifacts/plan.json").read_text())
        dice = judged_dice(root, judged, out / "artifacts/model.safetensors")
    words = f"  {count} cases, seed {seed}: Dice {dice:.3f}, {plan['steps']:,} steps, {took:.0f} s"
    print(words, flush=True)
    return dice


if __name__ == "__main__":
    typer.run(main)
