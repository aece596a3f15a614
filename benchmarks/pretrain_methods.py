"""Every method of pre-training for a short run on real images: what its figures say.

    python benchmarks/pretrain_methods.py DATA [--steps 200] [--only smit,byol] [--dimensions 2]
        [--set crop=[32,32,32]] [--threads 2] [--kill]

Each method learns through `medssl pretrain`, with the recipe that fits this machine: in 3-D from
the 212 training images of ``msd-hippocampus``, or, where it has no 3-D or --dimensions says so,
from the cardiac and ultrasound pictures. Printed is a row a method: mean loss of the first and
last ten steps, the last figures that tell of a collapse, seconds a step, and below it the warnings.
Both stages of ``contrastive`` have a row, as their losses are not to be compared. With --kill each
method learns once more, gets SIGKILL at a step that the seed draws, goes on by `medssl jobs
resume`, and is to come to the very same file of weights.
"""

from __future__ import annotations

import json as json_text
import os
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from hippocampus import medssl
from kill_learning import kill, wait

from napari_medssl.jobs import JobStore
from napari_medssl.jobs.events import EVENTS, read_events
from napari_medssl.pretrain.cards import method_cards
from napari_medssl.pretrain.plan import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_VOLUMES = ("msd-hippocampus/images", "msd-hippocampus/unlabelled")
_PICTURES = ("sunnybrook-cardiac-mr/images", "hc18-fetal-head-us/images")
_STAGES = {"contrastive": ("stage=encoder", "stage=decoder")}
_FEW = 10


def main(
    data: Annotated[Path, typer.Argument(help="Holds msd-hippocampus and folders of pictures.")],
    steps: Annotated[int, typer.Option(help="Of each run.")] = 200,
    only: Annotated[str, typer.Option(help="Methods, such as smit,byol; all unless given.")] = "",
    dimensions: Annotated[int, typer.Option(help="2 or 3, where a method has both.")] = 3,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="As of 'medssl pretrain', for every run.")
    ] = None,
    threads: Annotated[int, typer.Option(help="Of the processor.")] = os.cpu_count() or 1,
    seed: Annotated[int, typer.Option(help="Of all draws.")] = 0,
    killed: Annotated[bool, typer.Option("--kill", help="Kill each once, and go on.")] = False,
) -> None:
    """Print a table."""
    names = only.split(",") if only else list(method_cards())
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        for name in names:
            there = tuple(method_cards()[name].here.network)
            dims = dimensions if dimensions in there else there[0]
            images = linked(data, _VOLUMES if dims == 3 else _PICTURES, work / f"images-{dims}")
            for stage in _STAGES.get(name, ("",)):
                out = work / f"{name}-{stage}"
                more = [word for pair in (*(settings or []), stage) if pair
                        for word in ("--set", pair)]  # fmt: skip
                how = ("--method", name, "--images", images, "--steps", steps,
                       "--dimensions", dims, "--threads", threads, "--seed", seed,
                       "--folder", work / "jobs", "--no-offer", *more)  # fmt: skip
                medssl("pretrain", *how, "--out", out)
                print(Story.of(out).row(f"{name} {stage}", dims), flush=True)
                if killed:
                    moment = zlib.crc32(f"{name} {stage} {seed}".encode()) % steps
                    print(after_a_kill(how, work, out, moment), flush=True)


def after_a_kill(how: Sequence[object], work: Path, whole: Path, moment: int) -> str:
    """Learn once more, killed at a step; return whether it came to the weights of the whole run."""
    again = whole.with_name(f"{whole.name}-again")
    told = medssl("pretrain", *how, "--out", again, "--background", "--json")
    job = JobStore(work / "jobs").find(json_text.loads(told)["folder"])
    at = kill(job, moment)
    if job.status().state != "interrupted":
        return "    had ended before it was killed"
    medssl("jobs", "resume", job.folder, "--folder", work / "jobs")
    wait(job)
    weights = [(run / "artifacts" / WEIGHTS).read_bytes() for run in (whole, again)]
    return f"    killed at step {at}: {'the same' if weights[0] == weights[1] else 'OTHER'} weights"


def linked(data: Path, folders: tuple[str, ...], into: Path) -> Path:
    """Return a folder with links to all images of some folders."""
    if not into.exists():
        into.mkdir()
        for number, folder in enumerate(folders):
            for path in sorted((data / folder).iterdir()):
                os.symlink(path.absolute(), into / f"{number}-{path.name}")
    return into


@dataclass(frozen=True)
class Story:
    """What a run told.

    Parameters
    ----------
    losses : tuple of float
        By step.
    seconds : float
        Of a step, on average.
    figures : dict of str to float
        Of the last step that told any, beside the loss.
    warnings : tuple of str
        In their order.
    """

    losses: tuple[float, ...]
    seconds: float
    figures: dict[str, float]
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> Story:
        """Read a job's events. A metric is the mean of the steps since the one before."""
        events, _ = read_events(folder / EVENTS)
        told = [e for e in events if e.kind == "metric" and "loss" in e.facts]
        losses: list[float] = []
        for event in told:
            losses += [event.facts["loss"]] * (event.facts["step"] - len(losses))
        steps = told[-1].facts["step"] - told[0].facts["step"]
        seconds = (told[-1].time - told[0].time) / steps if steps else float("nan")
        warnings = tuple(event.facts["text"] for event in events if event.kind == "warning")
        return cls(tuple(losses), seconds, _watched(told[-1].facts), warnings)

    def row(self, name: str, dimensions: int) -> str:
        """Return it as a line, with the warnings below."""
        first, last = np.mean(self.losses[:_FEW]), np.mean(self.losses[-_FEW:])
        figures = ", ".join(f"{name} {value:.2f}" for name, value in self.figures.items())
        line = (
            f"{name:26} {dimensions}-D  loss {first:7.3f} -> {last:7.3f}  "
            f"{self.seconds:5.2f} s a step  {figures}"
        )
        return "\n".join([line, *(f"    warned: {words}" for words in self.warnings)])


def _watched(told: Mapping[str, Any]) -> dict[str, float]:
    return {n: value for n, value in told.items() if n != "step" and not n.endswith("loss")}


if __name__ == "__main__":
    typer.run(main)
