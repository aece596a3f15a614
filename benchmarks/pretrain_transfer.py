"""Whether pre-training without masks helps: fine-tuning from it, against from nothing.

    python benchmarks/pretrain_transfer.py DATA [--methods simsiam,simmim] [--cases 4]
        [--seeds 0,1,2] [--minutes 30] [--steps 150]

DATA holds ``msd-hippocampus``. Cases that judge are never learned from, not even without masks.
Each method learns once from the images of all other cases; then `finetune` takes the same number
of steps from each start, on the same few cases, drawn by the seed. Printed is the mean Dice on the
judging cases: methods by rows, with the mean and the spread over seeds.
"""

from __future__ import annotations

import json as json_text
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from few_cases import mean_dice
from hippocampus import link, medssl, paired


def main(
    data: Annotated[Path, typer.Argument(help="Holds msd-hippocampus.")],
    methods: Annotated[str, typer.Option(help="Of 'medssl models methods'.")] = "simsiam,simmim",
    cases: Annotated[int, typer.Option(help="How many with masks.")] = 4,
    seeds: Annotated[str, typer.Option(help="Which cases, and all other draws.")] = "0,1,2",
    minutes: Annotated[float, typer.Option(help="Of each pre-training.")] = 30.0,
    steps: Annotated[int, typer.Option(help="Of each fine-tuning.")] = 150,
    test: Annotated[int, typer.Option(help="Cases that are only judged.")] = 20,
) -> None:
    """Print a table."""
    root = data / "msd-hippocampus"
    names = paired(root)
    judged, others = names[:test], names[test:]
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        link(root, judged, work / "judge")
        link(root, others, work / "all")
        for method in ("scratch", *methods.split(",")):
            start = "scratch"
            if method != "scratch":
                out = work / method
                medssl("pretrain", "--method", method, "--images", work / "all/images",
                       "--out", out, "--minutes", minutes, "--folder", work / "jobs",
                       "--dimensions", 3)  # fmt: skip
                start = str(out / "artifacts/encoder.safetensors")
            found = [
                run(root, work, others, cases, int(seed), start, f"{method}-{seed}", steps)
                for seed in seeds.split(",")
            ]
            each = ", ".join(f"{dice:.3f}" for dice in found)
            print(
                f"{method:12} Dice {np.mean(found):.3f} ± {np.std(found):.3f}  ({each})", flush=True
            )


def run(
    root: Path,
    work: Path,
    others: list[str],
    count: int,
    seed: int,
    start: str,
    name: str,
    steps: int,
) -> float:
    """Fine-tune and measure; return the mean Dice."""
    drawn = np.random.default_rng(seed).permutation(others)[:count].tolist()
    learn, out = work / f"learn-{seed}", work / f"out-{name}"
    if not learn.exists():
        link(root, drawn, learn)
    medssl("finetune", "--images", learn / "images", "--labels", learn / "labels", "--out", out,
           "--steps", steps, "--seed", seed, "--init", start, "--folder", work / "jobs",
           "--val-fraction", 0)  # fmt: skip
    model, told = out / "artifacts/model.safetensors", work / f"figures-{name}.json"
    images = sorted((work / "judge/images").iterdir())
    medssl("segment", *images, "--model", model, "--out", work / f"found-{name}")
    references = work / "judge/labels"
    medssl("evaluate", "--pred", work / f"found-{name}", "--ref", references, "--json", told)
    return mean_dice(json_text.loads(told.read_text()))


if __name__ == "__main__":
    typer.run(main)
