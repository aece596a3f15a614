"""``medssl nnunet``: plan, train, choose and run nnU-Net on a project or on folders."""

from __future__ import annotations

import json as json_text
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_medssl.cli.jobs import Folder, finish, follow, store
from napari_medssl.cli.nnunet_propose import propose_nnunet
from napari_medssl.cli.project_words import say
from napari_medssl.cli.targets import require_free
from napari_medssl.errors import MedSSLError, UsageError

if TYPE_CHECKING:
    from napari_medssl.finetune.nnunet.configurations import Configuration
    from napari_medssl.jobs import Job

nnunet_app = typer.Typer(
    no_args_is_help=True,
    help="nnU-Net on your cases: plan, run, propose, predict, export-encoder. Extra 'nnunet'.",
)

_Project = Annotated[
    Path | None, typer.Argument(help="A project's folder; or --images and --labels instead.")
]
_Images = Annotated[Path | None, typer.Option(help="Folder of images.")]
_Labels = Annotated[
    Path | None, typer.Option(help="Folder of label maps called as their images are.")
]
_All = Annotated[
    bool, typer.Option("--all", help="Train on all cases with something drawn, not only done ones.")
]
_Memory = Annotated[float, typer.Option(help="GB of GPU memory that the windows shall fit into.")]
_Workers = Annotated[int, typer.Option(help="Processes that load beside the training; 0 for none.")]
_Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_PATIENCE_S = 60.0


@nnunet_app.command("plan")
def plan_nnunet(
    project: _Project = None,
    images: _Images = None,
    labels: _Labels = None,
    everything: _All = False,
    memory: _Memory = 8.0,
    workers: _Workers = 0,
    out: Annotated[
        Path | None, typer.Option(help="File for the plan: 'medssl pretrain --nnunet' takes it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT if it exists.")] = False,
    json: _Json = False,
) -> None:
    """Tell which configurations nnU-Net makes for these cases, and why not the others."""
    from napari_medssl.cli.nnunet_plan import plan_cases
    from napari_medssl.cli.nnunet_source import arguments_of
    from napari_medssl.finetune.nnunet.configurations import configurations
    from napari_medssl.finetune.nnunet.folders import require_nnunet

    require_nnunet()
    if out is not None:
        require_free(out, force=force)
    source = arguments_of(project, images, labels, everything=everything)
    left_out: list[str] = []
    with tempfile.TemporaryDirectory() as kept:
        cases, planned = plan_cases(
            source, Path(kept), memory, workers, lambda *_: None, left_out.append, quiet=True
        )
    found = configurations(planned)
    if out is not None:
        from napari_medssl.jobs.files import put_json

        put_json(out, planned)
    facts = {
        "cases": cases,
        "configurations": [_facts(one) for one in found],
        "notes": left_out,
    }
    words = [f"{cases} cases to train with.", *map(_line, found)]
    say(facts, *words, *(f"Note: {note}" for note in left_out), as_json=json)


@nnunet_app.command("run")
def run_nnunet(
    out: Annotated[Path, typer.Option(help="New folder for the job and what it makes.")],
    project: _Project = None,
    images: _Images = None,
    labels: _Labels = None,
    everything: _All = False,
    configurations: Annotated[
        str, typer.Option(help="auto for all that are made, or as 2d,3d_fullres.")
    ] = "auto",
    folds: Annotated[str, typer.Option(help="all five, or as 0,1.")] = "all",
    epochs: Annotated[int, typer.Option(help="Of each training.")] = 1000,
    iterations: Annotated[int, typer.Option(help="Steps an epoch.")] = 250,
    memory: _Memory = 8.0,
    workers: _Workers = 2,
    encoder: Annotated[
        Path | None,
        typer.Option(
            help="Weights to begin with: 'pretrain --nnunet' or export-encoder made them."
        ),
    ] = None,
    device: _Device = "auto",
    seed: Annotated[int, typer.Option(help="Of the random draws.")] = 0,
    background: Annotated[
        bool, typer.Option("--background", help="Do not wait: see 'medssl jobs'.")
    ] = False,
    folder: Folder = None,
    json: _Json = False,
) -> None:
    """Train nnU-Net in a job of its own: plan, train the folds, choose the best, segment the rest.

    OUT/artifacts/model is the result, and OUT/artifacts/masks what it finds on cases without a
    mask. Ctrl-C stops it and keeps every finished epoch; 'medssl jobs resume' goes on.
    """
    from napari_medssl.cli.nnunet_source import arguments_of
    from napari_medssl.finetune.nnunet.folders import require_nnunet
    from napari_medssl.finetune.nnunet.request import KIND, run_arguments, run_title
    from napari_medssl.finetune.nnunet.settings import (
        NnunetSettings,
        parse_configurations,
        parse_folds,
    )
    from napari_medssl.jobs import LocalEngine, new_spec
    from napari_medssl.models.device import pick_device

    require_nnunet()
    settings = NnunetSettings(
        configurations=parse_configurations(configurations),
        folds=parse_folds(folds),
        epochs=epochs,
        iterations=iterations,
        memory_gb=memory,
        workers=workers,
        encoder="" if encoder is None else str(encoder.absolute()),
    )
    source = arguments_of(project, images, labels, everything=everything)
    spec = new_spec(
        KIND,
        run_arguments(source, settings),
        title=run_title(settings),
        seed=seed,
        device=pick_device(device),
    )
    job = store(folder).create(spec, at=out)
    LocalEngine().submit(job)
    if background:
        words = f"The job {spec.id} has begun: 'medssl jobs watch {spec.id}'."
        say({"id": spec.id, "folder": str(job.folder)}, words, as_json=json)
        return
    _wait_for(job, as_json=json)


nnunet_app.command("propose")(propose_nnunet)


@nnunet_app.command("predict")
def predict_nnunet(
    images: Annotated[list[Path], typer.Argument(help="Images, or folders of DICOM files.")],
    model: Annotated[Path, typer.Option(help="Folder of a finished run, or of nnU-Net's own.")],
    out: Annotated[Path, typer.Option(help="Folder for the masks; made if need be.")],
    device: _Device = "auto",
    fast: Annotated[
        bool, typer.Option("--fast", help="Without mirror images: up to 8 times as quick.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace masks that exist.")] = False,
    json: _Json = False,
) -> None:
    """Segment images with a trained nnU-Net; masks are on each image's own grid.

    Masks that are finished stay when it is stopped.
    """
    from napari_medssl.cli.nnunet_masks import save_found, segment_with
    from napari_medssl.finetune.nnunet.folders import require_nnunet, surroundings
    from napari_medssl.finetune.nnunet.model import read_model
    from napari_medssl.finetune.nnunet.prediction import NnunetPredictor
    from napari_medssl.io import read_volume
    from napari_medssl.io.sidecar import stem
    from napari_medssl.models.device import pick_device

    require_nnunet()
    place, card = read_model(model)
    targets = [out / f"{stem(image.absolute().name)}{card.suffix}" for image in images]
    if len(set(targets)) < len(targets):
        raise UsageError("two images of the same name", do="Run them into different folders")
    for target in targets:
        require_free(target, force=force)
    out.mkdir(parents=True, exist_ok=True)
    failed = 0
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as kept, surroundings(Path(kept), os.cpu_count() or 1):
        predictor = NnunetPredictor(place, card, pick_device(device), mirrored=not fast)
        for image, target in zip(images, targets, strict=True):
            try:
                volume = read_volume(image)
                mask = segment_with(predictor, card, volume)
                save_found(mask, volume, target, card)
            except MedSSLError as error:
                failed += 1
                rows.append({"image": image.name, "error": str(error)})
                typer.echo(f"! {error}", err=True)
                continue
            notes = _doubts(card.channels, volume.modality)
            found = {one.name: int((mask == one.value).sum()) for one in card.labels}
            rows.append({"image": image.name, "out": str(target), "voxels": found, "notes": notes})
            if not json:
                told = ", ".join(f"{name} {count:,}" for name, count in found.items())
                print(f"Wrote '{target.name}': voxels of {told}.")
                print("".join(f"Note: {note}\n" for note in notes), end="")
    if json:
        print(json_text.dumps({"masks": rows}, ensure_ascii=False))
    else:
        print("Research use only. Not a medical device.")
    if failed:
        raise typer.Exit(1)


@nnunet_app.command("export-encoder")
def export_nnunet_encoder(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint of nnU-Net (.pth).")],
    out: Annotated[Path, typer.Option(help="The .safetensors file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace OUT if it exists.")] = False,
    json: _Json = False,
) -> None:
    """Take the encoder out of a trained network, for '--encoder' of another run."""
    from napari_medssl.finetune.nnunet.start import export_encoder
    from napari_medssl.io import atomic_write

    if out.suffix != ".safetensors":
        raise UsageError(f"'{out.name}'", expected="a name that ends in .safetensors")
    require_free(out, force=force)
    count = export_encoder(checkpoint, out, atomic_write)
    say(
        {"out": str(out), "tensors": count}, f"Wrote {count} tensors to '{out.name}'.", as_json=json
    )


def _wait_for(job: Job, *, as_json: bool) -> None:
    """Follow a job; Ctrl-C asks it to stop."""
    from napari_medssl.jobs import LocalEngine

    try:
        status = follow(job, as_json=as_json)
    except KeyboardInterrupt:
        typer.echo("Stopping; what is finished is kept.", err=True)
        status = LocalEngine().stop(job, patience_s=_PATIENCE_S)
        typer.echo(f"Go on with 'medssl jobs resume {job.spec.id}'.", err=True)
    if not as_json and status.state == "done":
        _say_result(job)
    finish(status, as_json=as_json)


def _say_result(job: Job) -> None:
    from napari_medssl.finetune.nnunet.model import read_model

    _, card = read_model(job.folder)
    print("Mean Dice on cases that the folds had not seen:")
    for name, dice in card.dice.items():
        shown = "after postprocessing" if name == "chosen" else name
        print(f"  {shown:32} {'-' if dice is None else f'{dice:.3f}'}")
    for words in card.facts.get("begun_with", {}).get("taken", ()):
        print(f"Begun with what was learned before: {words}")
    chosen = " and ".join(member.configuration for member in card.members)
    print(f"Chosen: {chosen}. The model is in '{job.folder.name}/artifacts/model'.")
    masks = sorted((job.artifacts / "masks").glob(f"*{card.suffix}"))
    if masks:
        print(
            f"{len(masks)} masks of cases without one are in '{job.folder.name}/artifacts/masks'."
        )
    print("Research use only. Not a medical device.")


def _facts(one: Configuration) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(one), "made": one.is_made}


def _line(one: Configuration) -> str:
    if not one.is_made:
        return f"  {one.name:20} not made. {one.reason}"
    window = " x ".join(map(str, one.patch))
    spacing = " x ".join(f"{mm:g}" for mm in one.spacing_mm)
    return f"  {one.name:20} {one.batch} windows of {window} voxels a step, at {spacing} mm"


def _doubts(channels: tuple[str, ...], modality: str) -> list[str]:
    was_ct = channels == ("CT",)
    if was_ct == (modality == "CT") or (modality == "OT" and not was_ct):
        return []
    return [f"The model was trained on {channels[0]}, and this image is of the kind {modality}."]
