"""``medssl nnunet propose``: what a run found, as proposals that wait in its project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_medssl.cli.project_words import say


def propose_nnunet(
    project: Annotated[Path, typer.Argument(help="The project's folder.")],
    run: Annotated[Path, typer.Option("--run", help="Folder of the finished run.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put the masks that a run found to the project's cases, to be looked at and accepted.

    Cases that are done are left alone.
    """
    from napari_medssl.finetune.nnunet.found import found_masks
    from napari_medssl.project import open_project
    from napari_medssl.project.mask_proposals import propose_masks

    found = found_masks(run / "artifacts")
    with open_project(project, read_only=True) as opened:
        report = propose_masks(opened, found)
    words = [f"{len(report.done)} cases have a proposal of nnU-Net now."]
    words += [f"! {case} was left out: {why}" for case, why in report.left_out.items()]
    say({"done": list(report.done), "left_out": dict(report.left_out)}, *words, as_json=json)
