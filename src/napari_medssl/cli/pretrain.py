"""``medssl pretrain``: learn from images that nobody labelled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from napari_medssl.cli.jobs import Folder  # noqa: TC001 - typer looks at it
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from napari_medssl.pretrain.planning.planner import ScaleName


def pretrain(
    method: Annotated[str, typer.Option(help="How; 'medssl models methods' lists them.")],
    images: Annotated[
        Path, typer.Option(help="Folder of images, with folders below; or a project's folder.")
    ],
    out: Annotated[Path, typer.Option(help="New folder for the job and the encoder.")],
    labels: Annotated[
        Path | None,
        typer.Option(help="Folder of masks, called as the images: for kidney-side alone."),
    ] = None,
    probe_labels: Annotated[
        Path | None,
        typer.Option(help="Folder of a few masks, called as the images, to tell how far it is."),
    ] = None,
    net: Annotated[str, typer.Option(help="auto, or a network of 'medssl models list'.")] = "auto",
    nnunet: Annotated[
        Path | None,
        typer.Option(help="A plan of nnU-Net's, or a run's folder: what it planned learns."),
    ] = None,
    configuration: Annotated[
        str | None, typer.Option(help="Of the plan; 3d_fullres where there is one.")
    ] = None,
    dimensions: Annotated[
        int | None, typer.Option(help="2 or 3; by the images unless given.")
    ] = None,
    scale: Annotated[
        str,
        typer.Option(
            help="here: what this machine can do in minutes; paper: as printed, all its steps "
            "unless --minutes or --steps says fewer."
        ),
    ] = "here",
    minutes: Annotated[
        float | None,
        typer.Option(help="How long it may learn; 10 unless --steps or the paper's scale says it."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="How often weights change, instead of a time.")
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Images at each step.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Another setting of the plan or of the method; 'medssl models show METHOD' tells "
            "them.",
        ),
    ] = None,
    stop_on_collapse: Annotated[
        bool, typer.Option("--stop-on-collapse", help="End early when all comes out alike.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Decides every random draw.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Of the processor; all unless given.")] = None,
    engine: Annotated[
        str, typer.Option(help="Where it learns: here, or a name of 'medssl jobs engines list'.")
    ] = "here",
    processes: Annotated[
        int | None, typer.Option(help="Learn together, a GPU each; all GPUs of a job if not given.")
    ] = None,
    offer: Annotated[
        bool, typer.Option(help="Let 'medssl project learn' begin with it where it fits.")
    ] = True,
    background: Annotated[
        bool, typer.Option("--background", help="Do not wait: see 'medssl jobs'.")
    ] = False,
    folder: Folder = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Learn what images look like, without any masks, so that fewer masks are needed later.

    The encoder is OUT/artifacts/encoder.safetensors: 'medssl finetune --init' begins with it, and
    with --nnunet 'medssl nnunet run --encoder'.
    Ctrl-C keeps what was learned; 'medssl jobs resume' goes on.
    """
    import os

    from napari_medssl.cli.encoders import offer_finished
    from napari_medssl.cli.engine_choice import choose_workplace
    from napari_medssl.cli.jobs import store
    from napari_medssl.cli.learned_weights import learn_in_job
    from napari_medssl.jobs import new_spec
    from napari_medssl.pretrain.plan import WEIGHTS
    from napari_medssl.pretrain.planning.planner import require_shares
    from napari_medssl.pretrain.request import KIND, PretrainRequest
    from napari_medssl.project.schema import FILE_NAME

    changes = read_settings(settings or [])
    if batch is not None:
        changes["batch"] = batch
    if stop_on_collapse:
        changes["stop_on_collapse"] = True
    request = PretrainRequest(
        method=method,
        folder=str(images.absolute()),
        of_project=(images / FILE_NAME).is_file(),
        labels=str(labels.absolute()) if labels else None,
        probe_labels=str(probe_labels.absolute()) if probe_labels else None,
        minutes=minutes,
        steps=steps,
        network=None if net == "auto" else net,
        planned=_planned(nnunet, configuration),
        dimensions=dimensions,
        scale=cast("ScaleName", scale),
        changes=changes,
    )
    if not images.is_dir():
        raise UsageError(f"--images {images.name}", expected="a folder of images, or a project")
    for option, given in (("labels", labels), ("probe-labels", probe_labels)):
        if given is not None and not given.is_dir():
            raise UsageError(f"--{option} {given.name}", expected="a folder of masks")
    if processes is not None and processes < 1:
        raise UsageError(f"--processes {processes}", expected="1 or more")
    place = choose_workplace(engine, device, threads=threads, processes=processes)
    if "batch" in changes:
        require_shares(changes["batch"], place.processes)
    request = replace(request, threads=place.threads or os.cpu_count() or 1)
    spec = new_spec(
        KIND,
        request.arguments,
        title=request.job_title,
        seed=seed,
        device=place.device,
        processes=place.processes,
    )
    job = store(folder).create(spec, out)
    use = f"medssl finetune --init {job.folder.name}/artifacts/{WEIGHTS} ..."
    if request.planned:
        into = request.planned["configuration"]
        use = f"medssl nnunet run ... --configurations {into} "
        use += f"--encoder {job.folder.name}/artifacts/{WEIGHTS}"
    weights = job.artifacts / WEIGHTS
    learn_in_job(job, place.engine, weights, use, wait=not background, as_json=json)
    if offer and not background:
        offered = offer_finished([job])
        if not json:
            print("\n".join(offered))


def _planned(place: Path | None, configuration: str | None) -> dict[str, Any] | None:
    """Read what nnU-Net planned; None where it is not asked for."""
    if place is None:
        if configuration is not None:
            raise UsageError("--configuration without a plan", expected="--nnunet with one")
        return None
    from napari_medssl.finetune.nnunet.folders import require_nnunet
    from napari_medssl.finetune.nnunet.planning import find_plan
    from napari_medssl.models.networks.planned import planned_network

    require_nnunet()
    return planned_network(find_plan(place), configuration).as_row()


def read_settings(pairs: list[str]) -> dict[str, Any]:
    """Read ``NAME=VALUE`` pairs; values are JSON, or else words.

    Raises
    ------
    UsageError
        If one has no ``=``.
    """
    import json as json_text

    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--set {pair}", expected="NAME=VALUE, such as --set batch=8")
        try:
            found[name] = json_text.loads(value)
        except ValueError:
            found[name] = value
    return found
