"""Whether the gate refuses a model that learned from shuffled masks, on real cases.

    python benchmarks/gate_honesty.py DATA [--rounds 10] [--cases 12] [--steps 60]

DATA holds ``msd-hippocampus``. In each round a project of other cases is made; the masks of those
who are learned from are exchanged among them and turned over, and `medssl project learn` runs.
Counted are the rounds in which the gate does not call the new model better than what places alone
tell.
"""

from __future__ import annotations

import json as json_text
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from hippocampus import make_project, mask_of_another, medssl, paired

from napari_medssl.cli.learn_examples import patient_of_case
from napari_medssl.project import open_project
from napari_medssl.project.ledger import assign_roles, patient_marks


def main(
    data: Annotated[Path, typer.Argument(help="Holds msd-hippocampus.")],
    rounds: Annotated[int, typer.Option(help="Projects.")] = 10,
    cases: Annotated[int, typer.Option(help="Of each project.")] = 12,
    steps: Annotated[int, typer.Option(help="Of each learning.")] = 60,
) -> None:
    """Print how many were refused."""
    root = data / "msd-hippocampus"
    names = np.array(paired(root))
    refused = 0
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(rounds):
            some = np.random.default_rng(number).permutation(names)[:cases].tolist()
            study = Path(scratch) / f"study-{number}"
            shuffle(root, study, make_project(root, study, some))
            told = medssl("project", "learn", study, "--steps", steps, "--seed", number,
                          "--folder", Path(scratch) / "jobs", "--json")  # fmt: skip
            verdict = json_text.loads(told)["model"]["figures"]["verdict"]
            refused += verdict["kind"] != "better"
            print(f"  {verdict['words']}", flush=True)
    print(f"shuffled masks refused: {refused} of {rounds}")


def shuffle(root: Path, study: Path, names: dict[str, str]) -> None:
    """Give every case that is learned from the mask of the next one."""
    with open_project(study) as project:
        people = {case.id: patient_of_case(case) for case in project.cases()}
        marks = patient_marks(project, people)
        roles = assign_roles(project, marks.values())
        learned = [case for case in names if roles[marks[case]] != "test"]
        for case, other in zip(learned, [*learned[1:], learned[0]], strict=True):
            wrong = mask_of_another(root, names[other], project.read_image(case))
            project.replace_mask(case, wrong[::-1, ::-1], "Mask from a file")


if __name__ == "__main__":
    typer.run(main)
