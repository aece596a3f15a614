"""What three slices of each case teach, beside whole cases: `medssl project learn`.

    python benchmarks/few_slices.py DATA [--minutes 5] [--slices 3] [--seed 0] [--test 20]

DATA holds ``msd-hippocampus``. A project of six finished cases is made: four are learned from, two
judge. In a copy of it each of the four has a mask on a few slices only, a quarter of the object
apart, and only these slices are marked done; in another copy the empty slice on either side of the
object is, too. Printed is the mean Dice of what each project learned on --test other cases, which
none has.
"""

from __future__ import annotations

import json as json_text
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from hippocampus import judged_dice, make_project, mask_of, medssl, paired

from napari_medssl.cli.learn_examples import patient_of_case
from napari_medssl.finetune.volumes.plan import WEIGHTS
from napari_medssl.jobs import JobStore
from napari_medssl.project import open_project
from napari_medssl.project.ledger import assign_roles, patient_marks

_CASES = 6


def main(
    data: Annotated[Path, typer.Argument(help="Holds msd-hippocampus.")],
    minutes: Annotated[float, typer.Option(help="How long each may learn.")] = 5.0,
    slices: Annotated[int, typer.Option(help="Of each case, in the copy.")] = 3,
    seed: Annotated[int, typer.Option(help="Draws the cases.")] = 0,
    test: Annotated[int, typer.Option(help="Cases that measure.")] = 20,
) -> None:
    """Print the Dice of each."""
    root = data / "msd-hippocampus"
    names = paired(root)
    drawn = np.random.default_rng(seed).permutation(names[test:])[:_CASES].tolist()
    with tempfile.TemporaryDirectory() as scratch:
        whole, sliced, ended = (Path(scratch) / name for name in ("whole", "slices", "ends"))
        cases = make_project(root, whole, drawn)
        learned = training_cases(whole)
        for copy in (sliced, ended):
            shutil.copytree(whole, copy)
            for case in learned:
                keep_slices(root, copy, case, cases[case], slices, ends=copy == ended)
        few = f"cases with {slices} slices each"
        studies = {
            whole: "whole cases",
            sliced: few,
            ended: f"{few} and an empty one either side",
        }
        for study, words in studies.items():
            dice = judged_dice(root, names[:test], learn(study, minutes, Path(scratch) / "jobs"))
            print(f"{len(learned)} {words}: mean Dice {dice:.3f}", flush=True)


def training_cases(study: Path) -> list[str]:
    """Decide, as learning does, who is learned from."""
    with open_project(study) as project:
        marks = patient_marks(project, {c.id: patient_of_case(c) for c in project.cases()})
        roles = assign_roles(project, marks.values())
        return [case.id for case in project.cases() if roles[marks[case.id]] == "training"]


def keep_slices(root: Path, study: Path, case: str, name: str, count: int, *, ends: bool) -> None:
    """Leave a case with a mask on some slices, and only those and perhaps the ends marked done."""
    with open_project(study) as project:
        mask = mask_of(root, name, project.read_image(case))
        drawn = np.flatnonzero(mask.any(axis=(1, 2)))
        kept = np.quantile(drawn, np.arange(1, count + 1) / (count + 1)).round().astype(int)
        only = np.zeros_like(mask)
        only[kept] = mask[kept]
        project.set_status(case, "in work")
        project.replace_mask(case, only, "Some slices")
        beyond = {drawn[0] - 1, drawn[-1] + 1} & set(range(len(mask))) if ends else set()
        for index in (*kept.tolist(), *map(int, beyond)):
            project.mark_done(case, 0, index, True)


def learn(study: Path, minutes: float, jobs: Path) -> Path:
    """Learn, and return what was learned."""
    command = ("project", "learn", study, "--minutes", minutes, "--no-cross-validate")
    told = json_text.loads(medssl(*command, "--folder", jobs, "--json"))
    return JobStore(jobs).find(told["id"]).artifacts / WEIGHTS


if __name__ == "__main__":
    typer.run(main)
