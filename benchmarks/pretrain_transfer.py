"""Whether pre-training without masks helps: fine-tuning from it, against from nothing.

    python benchmarks/pretrain_transfer.py DATA --work FOLDER [--methods simsiam,simmim]
        [--cases 4] [--seeds 0,1,2] [--pretrain-steps 400] [--steps 150] [--test 20] [--threads 2]
        [--starts 2]

DATA holds ``msd-hippocampus``. Cases that judge are never learned from, not even without masks.
Each method learns once from all other images, most of which have no mask; what its run told is
printed as by ``pretrain_methods.py``. Then `finetune` takes the same number of steps from it, on
the same few cases, drawn by the seed, and from random weights of the same network, as wide and on
the same crops. Printed is the mean Dice on the judging cases, with its spread over seeds, and what
a method gains over random weights, seed by seed. With --starts 2 each fine-tuning is done twice
with the same cases, other random weights and other crops: what random weights differ by is chance,
and a smaller gain is none.
FOLDER keeps encoders and figures: the same command goes on where it was stopped.
"""

from __future__ import annotations

import json as json_text
import os
from dataclasses import dataclass, replace
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import Annotated

import numpy as np
import torch
import typer
from hippocampus import judged_dice, link, medssl, paired
from pretrain_methods import Story

from napari_medssl.io import atomic_write
from napari_medssl.models.trained import read_card
from napari_medssl.models.trained_weights import network_for, save_trained

_METHODS = "simsiam,barlow,byol,dino,simmim,regression,swin-unetr,medsass,contrastive,smit"
_OTHER = 1000  # between the seeds of two starts with the same cases


@dataclass(frozen=True)
class Bench:
    """What every fine-tuning has in common."""

    root: Path
    work: Path
    judged: list[str]
    others: list[str]
    cases: int
    steps: int
    threads: int

    def pretrained(self, method: str, steps: int) -> Path:
        """Learn without masks, unless that was done; return the encoder."""
        out = self.work / f"{method}-{steps}"
        encoder = out / "artifacts/encoder.safetensors"
        if not encoder.is_file():
            medssl("pretrain", "--method", method, "--images", self.unlabelled(), "--out", out,
                   "--steps", steps, "--folder", self.work / "jobs", "--dimensions", 3,
                   "--threads", self.threads, "--no-offer")  # fmt: skip
        print(Story.of(out).row(method, 3), flush=True)
        return encoder

    def unlabelled(self) -> Path:
        """Return a folder with links to all images that do not judge."""
        folder = self.work / "all"
        if not folder.exists():
            link(self.root, self.others, folder)
            for path in (self.root / "unlabelled").glob("*.nii.gz"):
                os.symlink(path.absolute(), folder / "images" / f"unlabelled-{path.name}")
        return folder / "images"

    def by_chance(self, encoder: Path, seed: int, again: int = 0) -> str:
        """Return what fine-tuning from random weights starts with, as wide as an encoder's.

        The network that `finetune` sizes for the machine it sizes as `pretrain` does. Of any other
        it would take the published size: then a file with the encoder's card, its weights random.
        """
        card = read_card(encoder)
        if "widths" in card.arguments:
            return "scratch"
        drawn = seed + _OTHER * again
        path = self.work / f"random-{card.network}-seed-{drawn}.safetensors"
        if not path.is_file():
            torch.manual_seed(drawn)
            named = replace(card, name=path.stem, title="Random weights", trained_on=())
            save_trained(network_for(card), named, path, atomic_write)
        return str(path)

    def dice(self, network: str, start: str, name: str, seed: int, again: int = 0) -> float:
        """Fine-tune from a start and measure, unless that is known; return the mean Dice.

        The seed draws the cases; ``again`` other weights and crops for the same cases.
        """
        told = f"{name}-again-{again}" if again else name
        kept = self.work / f"dice-{told}-{self.cases}-cases-{self.steps}-steps-seed-{seed}.json"
        if kept.is_file():
            return float(json_text.loads(kept.read_text()))
        learn, out = self.work / f"learn-{self.cases}-{seed}", kept.with_suffix("")
        if not learn.exists():
            drawn = np.random.default_rng(seed).permutation(self.others)[: self.cases].tolist()
            link(self.root, drawn, learn)
        medssl("finetune", "--images", learn / "images", "--labels", learn / "labels",
               "--out", out, "--net", network, "--steps", self.steps,
               "--seed", seed + _OTHER * again, "--init", start, "--val-fraction", 0,
               "--folder", self.work / "jobs", "--threads", self.threads)  # fmt: skip
        dice = judged_dice(self.root, self.judged, out / "artifacts/model.safetensors")
        kept.write_text(json_text.dumps(dice))
        return dice


def main(
    data: Annotated[Path, typer.Argument(help="Holds msd-hippocampus.")],
    work: Annotated[Path, typer.Option(help="Keeps encoders and figures.")],
    methods: Annotated[str, typer.Option(help="Of 'medssl models methods'.")] = _METHODS,
    cases: Annotated[int, typer.Option(help="How many with masks.")] = 4,
    seeds: Annotated[str, typer.Option(help="Which cases, and all other draws.")] = "0,1,2",
    pretrain_steps: Annotated[int, typer.Option(help="Of each pre-training.")] = 400,
    steps: Annotated[int, typer.Option(help="Of each fine-tuning.")] = 150,
    test: Annotated[int, typer.Option(help="Cases that are only judged.")] = 20,
    starts: Annotated[int, typer.Option(help="Fine-tunings with the same cases.")] = 1,
    threads: Annotated[int, typer.Option(help="Of the processor.")] = os.cpu_count() or 1,
) -> None:
    """Print a table."""
    root = data.resolve() / "msd-hippocampus"
    names = paired(root)
    bench = Bench(root, work.resolve(), names[:test], names[test:], cases, steps, threads)
    draws = [(int(seed), again) for again in range(starts) for seed in seeds.split(",")]
    for method in methods.split(","):
        encoder = bench.pretrained(method, pretrain_steps)
        network = read_card(encoder).network
        before = [
            bench.dice(network, bench.by_chance(encoder, *draw), f"scratch-{network}", *draw)
            for draw in draws
        ]
        learned = f"{method}-{pretrain_steps}"
        after = [bench.dice(network, str(encoder), learned, *draw) for draw in draws]
        print(line(f"{network}, random weights", before), flush=True)
        gains = ", ".join(f"{b - a:+.3f}" for a, b in zip(before, after, strict=True))
        print(f"{line(f'{network}, {method}', after)}  gains {gains}", flush=True)


def line(words: str, found: list[float]) -> str:
    """Return a row of the table."""
    each = ", ".join(f"{dice:.3f}" for dice in found)
    return f"{words:28} Dice {np.mean(found):.3f} ± {np.std(found):.3f}  ({each})"


if __name__ == "__main__":
    typer.run(main)
