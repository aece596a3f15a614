"""How much a promptable network learns from 32 pictures: Dice before and after on other patients.

    python benchmarks/finetune_sam.py DATA [--mode decoder|lora|everything] [--steps N]

DATA holds ``hc18-fetal-head-us`` and ``sunnybrook-cardiac-mr``, each with ``images`` and
``masks``. Sixteen pictures of each are learned from, by one network; all pictures of the other
patients judge it, and nothing is chosen by them: the network after the last step is what counts.
Every object is outlined from the box around its reference mask, each side moved by up to 20 of
1,024 pixels, the same boxes before and after. So these figures say how well good boxes are
answered; they are not those of a network that finds the objects by itself.

It goes through the same functions as ``medssl finetune``.
"""

from __future__ import annotations

import json as json_text
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from napari_medssl.errors import UsageError
from napari_medssl.finetune import SamPlan, finetune_sam, hold_out, patient_of, pictures_of
from napari_medssl.finetune.encoders import FrozenEncoder, LearningEncoder
from napari_medssl.finetune.judging import judge
from napari_medssl.io import atomic_write, read_labels, read_volume
from napari_medssl.io.sidecar import stem
from napari_medssl.models.load import load_engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.finetune import Picture
    from napari_medssl.models.torch_engine import TorchEngine

SETS = {
    "fetal heads (hc18)": "hc18-fetal-head-us",
    "left ventricle (sunnybrook)": "sunnybrook-cardiac-mr",
}


class Printed:
    """Shows on the error stream how far a run is."""

    def progress(
        self, done: float, total: float, doing: str = "", seconds_left: float | None = None
    ) -> None:
        """Show it."""
        print(f"\r{doing} {done:g} of {total:g}   ", end="", file=sys.stderr, flush=True)

    def metric(self, step: int, **values: Any) -> None:
        """Leave numbers out."""

    def warning(self, text: str) -> None:
        """Show a sentence."""
        print(text, file=sys.stderr)


def split(names: Sequence[str], count: int, seed: int) -> tuple[list[str], list[str]]:
    """Names to learn from, spread over half of the patients, and all those of the others."""
    patients = {name: patient_of(name) for name in names}
    judging = hold_out(patients.values(), 0.5, seed)
    learning = [name for name in names if patients[name] not in judging]
    if len(learning) < count:
        raise UsageError(f"{len(learning)} pictures to learn from", expected=f"{count} or more")
    chosen = np.linspace(0, len(learning) - 1, count).round().astype(int)
    return [learning[n] for n in chosen], [name for name in names if patients[name] in judging]


def pictures(folder: Path, names: Sequence[str], plan: SamPlan) -> list[Picture]:
    """Read pictures and masks of a set."""
    files = {stem(path.name): path for path in (folder / "images").iterdir()}
    found = []
    for name in names:
        volume = read_volume(files[name])
        labels = read_labels(folder / "masks" / files[name].name, volume)
        sizes = {"smallest_px": plan.smallest_px, "smallest_voxels": plan.smallest_voxels}
        found += pictures_of(name, volume, labels, **sizes)
    return found


def dice(engine: TorchEngine, some: Sequence[Picture], encoder: Any, plan: SamPlan) -> list[float]:
    """Dice of every object from its box."""
    return list(judge(engine, some, encoder, jitter=plan.jitter, seed=plan.seed).dice)


def main(
    data: Annotated[Path, typer.Argument(help="Folder of the two sets.")],
    mode: Annotated[str, typer.Option(help="decoder, lora or everything.")] = "decoder",
    model: Annotated[str, typer.Option(help="Network.")] = "litemedsam",
    steps: Annotated[int, typer.Option(help="Steps.")] = 150,
    rate: Annotated[float | None, typer.Option(help="Step length; by mode when not given.")] = None,
    count: Annotated[int, typer.Option(help="Pictures of each set to learn from.")] = 16,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda.")] = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Fine-tune on 16 pictures of each set and print Dice before and after on the others."""
    plan = SamPlan(mode, steps=steps, rate=rate, seed=seed, check_every=steps)  # type: ignore[arg-type]
    engine: Any = load_engine(model, device=device)
    training: list[Picture] = []
    others: dict[str, list[Picture]] = {}
    for title, name in SETS.items():
        names = sorted(stem(path.name) for path in (data / name / "images").iterdir())
        learned, judging = split(names, count, seed)
        training += pictures(data / name, learned, plan)
        others[title] = pictures(data / name, judging, plan)
    with tempfile.TemporaryDirectory() as folder:
        frozen = {
            t: FrozenEncoder(engine, p, Path(folder) / "judged", atomic_write)
            for t, p in others.items()
        }
        before = {t: dice(engine, p, frozen[t].embedding, plan) for t, p in others.items()}
        began = time.perf_counter()
        finetune_sam(engine, training, [], plan, Path(folder), write=atomic_write, report=Printed())
        seconds = time.perf_counter() - began
        print(file=sys.stderr)
        now = (
            frozen
            if mode == "decoder"
            else {t: LearningEncoder(engine, p) for t, p in others.items()}
        )
        after = {t: dice(engine, p, now[t].embedding, plan) for t, p in others.items()}
    rows = [
        {
            "set": title,
            "pictures": len(others[title]),
            "objects": len(before[title]),
            "before": float(np.mean(before[title])),
            "after": float(np.mean(after[title])),
            "better": int(np.sum(np.array(after[title]) > np.array(before[title]))),
        }
        for title in SETS
    ]
    if json:
        print(json_text.dumps({"seconds": seconds, "steps": steps, "mode": mode, "sets": rows}))
        return
    print(
        f"{model}, {mode}, {steps} steps of {plan.batch} objects in {seconds:.0f} s "
        f"on {engine.device}"
    )
    print("judged on                    pictures  objects  before  after   better on")
    for row in rows:
        print(
            f"{row['set']:28} {row['pictures']:8} {row['objects']:8}  {row['before']:.4f}  "
            f"{row['after']:.4f}  {row['better']} of {row['objects']}"
        )


if __name__ == "__main__":
    typer.run(main)
