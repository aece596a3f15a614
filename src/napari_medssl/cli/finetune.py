"""``medssl finetune``: teach a network your own images and masks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_medssl.cli.jobs import Folder  # noqa: TC001 - typer looks at it
from napari_medssl.errors import UsageError

_MINUTES = 10.0


def finetune(
    images: Annotated[Path, typer.Option(help="Folder of images.")],
    labels: Annotated[Path, typer.Option(help="Folder of their masks, called as the images.")],
    out: Annotated[Path, typer.Option(help="New folder for the job and the network.")],
    net: Annotated[
        str,
        typer.Option(
            help="auto, a network of 'medssl models list', or one that is prompted: litemedsam, "
            "sam_vit_b, ..."
        ),
    ] = "auto",
    init: Annotated[
        str, typer.Option(help="What it begins with: scratch, or a trained model by name or file.")
    ] = "scratch",
    protocol: Annotated[
        str,
        typer.Option(
            help="How it is taught. ours; decoder: the encoder of --init stays as it is; or as the "
            "paper of its network says: btunet, smit, simsiam (Swin UNETR), mri, kidney, "
            "medsass-literal (nothing learns), medsass-decoder, medsass-full."
        ),
    ] = "ours",
    minutes: Annotated[
        float | None, typer.Option(help="How long it may learn; 10 unless --steps says it.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="How often weights change, instead of a time.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides every random draw.")] = 0,
    val_images: Annotated[Path | None, typer.Option(help="Folder of images to judge by.")] = None,
    val_labels: Annotated[Path | None, typer.Option(help="Folder of their masks.")] = None,
    val_fraction: Annotated[
        float | None,
        typer.Option(
            help="Without --val-images: part of the patients to judge by. A sixth of ten or more, "
            "else none; of a prompted network a fifth."
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Of the processor; all unless given.")] = None,
    engine: Annotated[
        str, typer.Option(help="Where it learns: here, or a name of 'medssl jobs engines list'.")
    ] = "here",
    processes: Annotated[
        int | None, typer.Option(help="Learn together, a GPU each; all GPUs of a job if not given.")
    ] = None,
    background: Annotated[
        bool, typer.Option("--background", help="Do not wait: see 'medssl jobs'.")
    ] = False,
    folder: Folder = None,
    mode: Annotated[
        str, typer.Option(help="Prompted: what learns: decoder, lora, everything or points.")
    ] = "decoder",
    batch: Annotated[int, typer.Option(help="Prompted: objects at each step.")] = 4,
    rate: Annotated[
        float | None, typer.Option(help="Prompted: highest step length; by mode when not given.")
    ] = None,
    rank: Annotated[int, typer.Option(help="Prompted: rank of LoRA's matrices.")] = 4,
    jitter: Annotated[
        float, typer.Option(help="Prompted: how far sides of boxes move, of 1,024 pixels.")
    ] = 20.0,
    points: Annotated[
        float | None,
        typer.Option(help="Prompted: part of the prompts that is a point, 0 to 1."),
    ] = None,
    clicks: Annotated[
        int, typer.Option(help="Prompted: points that one object gets, at most.")
    ] = 1,
    smallest: Annotated[int, typer.Option(help="Prompted: pixels of an object, at least.")] = 100,
    smallest_voxels: Annotated[
        int, typer.Option(help="Prompted: voxels of an object, at least.")
    ] = 1000,
    patient: Annotated[
        str | None,
        typer.Option(metavar="REGEX", help="Prompted: finds the patient in a file's name."),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Prompted: weights instead of the published ones.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Teach a network the masks in a folder, and measure it on patients it never saw.

    A network for whole volumes is chosen by the images and this machine, and learns in a job of
    its own: OUT/artifacts/model.safetensors is the result, for 'medssl segment --model'. Ctrl-C
    keeps the best so far; 'medssl jobs resume' goes on. A prompted network learns every label value
    as an object; the same command goes on, and 'medssl prompt --weights' uses it.
    """
    from napari_medssl.models import model_cards

    if (val_images is None) != (val_labels is None):
        raise UsageError("one of --val-images and --val-labels", expected="both, or neither")
    if val_fraction is not None and not 0 <= val_fraction < 1:
        raise UsageError(f"--val-fraction {val_fraction:g}", expected="0 or more, and less than 1")
    held_out = (val_images, val_labels) if val_images and val_labels else None
    if net in model_cards():
        if protocol != "ours":
            raise UsageError(
                f"'{net}' with --protocol {protocol}",
                expected="a network for volumes; what learns of a prompted one, --mode says",
            )
        if engine != "here" or processes not in (None, 1):
            raise UsageError(
                f"'{net}' on another engine or by several processes",
                expected="a network for volumes; one that is prompted learns in this process",
            )
        from napari_medssl.cli.finetune_sam import SamWishes, finetune_prompted

        wishes = SamWishes(
            mode=mode,
            steps=300 if steps is None else steps,
            batch=batch,
            rate=rate,
            seed=seed,
            rank=rank,
            jitter=jitter,
            points=points,
            clicks=clicks,
            smallest=smallest,
            smallest_voxels=smallest_voxels,
            patient=patient,
        )
        part = 0.2 if val_fraction is None else val_fraction
        finetune_prompted(
            net, weights, device, (images, labels), held_out, part, wishes, out, as_json=json
        )
        return
    from napari_medssl.cli.finetune_volumes import VolumeWishes, finetune_volumes

    volume_wishes = VolumeWishes(
        network=None if net == "auto" else net,
        init=init,
        minutes=(minutes or _MINUTES) if steps is None else minutes,
        steps=steps,
        seed=seed,
        held_out_part=val_fraction,
        device=device,
        threads=threads,
        engine=engine,
        processes=processes,
        protocol=protocol,
    )
    finetune_volumes(
        (images, labels), held_out, out, volume_wishes, folder, wait=not background, as_json=json
    )
