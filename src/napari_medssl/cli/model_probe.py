"""``medssl models probe``: what can be read off an encoder as it is, from a few labelled images."""

from __future__ import annotations

import json as json_text
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_medssl.pretrain.watching.frozen_probe import Read
    from napari_medssl.pretrain.watching.voxel_features import Drawn
    from napari_medssl.volume import Volume


def probe_model(
    encoder: Annotated[
        str, typer.Argument(help="A trained model or encoder by name, or its .safetensors file.")
    ],
    images: Annotated[Path, typer.Option(help="Folder of a few images.")],
    labels: Annotated[Path, typer.Option(help="Folder of their masks, called as the images.")],
    patient: Annotated[
        str | None, typer.Option(metavar="REGEX", help="Finds the patient in a file's name.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides every random draw.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell whether an encoder is worth beginning with, without teaching it anything.

    Voxels of the labelled images are told apart by what the encoder says of them: by their nearest
    neighbours, and by a linear layer. Patients that are judged were not learned from, and the same
    network with random weights is asked the same.
    """
    from napari_medssl.models.device import pick_device
    from napari_medssl.models.trained import find_trained
    from napari_medssl.pretrain.watching.frozen_probe import probe_encoder

    path, card = find_trained(encoder)
    examples = _examples(images, labels, patient)
    found = probe_encoder(path, card, examples, device=pick_device(device), seed=seed, told=_tell)
    if json:
        facts = {"encoder": card.title, "images": len(examples)}
        print(json_text.dumps({**facts, "read": [asdict(read) for read in found]}))
        return
    for line in _lines(found, len(examples)):
        print(line)


def _examples(images: Path, labels: Path, patient: str | None) -> list[Drawn]:
    from napari_medssl.cli.case_files import match_files
    from napari_medssl.finetune import patient_of
    from napari_medssl.pretrain.watching.voxel_features import Drawn

    pairs = match_files(images, labels).pairs
    return [
        Drawn(name, patient_of(name, patient), partial(_read, *files))
        for name, files in pairs.items()
    ]


def _read(image: Path, mask: Path) -> tuple[Volume, NDArray[Any]]:
    from napari_medssl.io import read_labels, read_volume

    volume = read_volume(image)
    return volume, read_labels(mask, volume)


def _tell(done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\rImages: {done} of {total}", end=end, file=sys.stderr, flush=True)


def _lines(found: Sequence[Read], images: int) -> list[str]:
    classes = len(found[0].by_class)
    lines = [
        f"Of the voxels of {images} images, so many are named right, patients of whom nothing was "
        f"learned, {classes} classes weighed alike; guessing gives {1 / classes:.2f}:"
    ]
    for read in found:
        low, high = min(read.of_random), max(read.of_random)
        random = f"with random weights {low:.3f} to {high:.3f}"
        lines.append(f"  {read.classifier:<18}  {read.score:.3f}   {random}")
    better = all(read.score > max(read.of_random) for read in found)
    words = "more than" if better else "not clearly more than"
    lines.append(f"The encoder tells {words} the same network with random weights.")
    lines.append("Research use only. Not a medical device.")
    return lines
