"""Every registered network through ``medssl segment``: time, memory, and where the mask lies.

    python benchmarks/segment_networks.py [IMAGE] [--only unet,swin_unetr] [--shape 512,512,100]

Each network is built in every number of dimensions it has, saved with random weights as a
checkpoint of ours with the preparation of its paper, and run by the command line in a process of
its own: on IMAGE, if one is given, and on a made CT. What it outlines means nothing, as nothing
was learnt; what is checked is that there is a mask, of the network's labels only, on the very grid
of the image's file. The script ends with 1 if any network fails.
"""

from __future__ import annotations

import json as json_text
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import nibabel as nib
import numpy as np
import torch
import typer

from napari_medssl.io import atomic_write
from napari_medssl.models.networks import NetworkCard, network_cards
from napari_medssl.models.networks.network import build_network
from napari_medssl.models.trained import TrainedCard, numbered_classes
from napari_medssl.models.trained_weights import save_trained
from napari_medssl.volume import preparation

_CLASSES = ("left part", "right part")


def checkpoint(card: NetworkCard, dimensions: int, folder: Path) -> Path:
    """Save a network with random weights, and return its file."""
    torch.manual_seed(0)
    network = build_network(card.name, dimensions=dimensions, classes=len(_CLASSES) + 1)
    steps = preparation(card.preparation).pipeline.steps()
    turned = any(step["do"] == "orient" for step in steps)
    trained = TrainedCard(
        name=f"{card.name}_{dimensions}d",
        title=f"{card.title}, {dimensions}-D, untrained",
        network=card.name,
        dimensions=dimensions,
        in_channels=card.in_channels,
        classes=numbered_classes(_CLASSES),
        patch=card.patch[dimensions],
        steps=tuple(steps),
        arguments=card.arguments,
        slice_axis=2 if dimensions == 2 and turned else -1,
        method="random",
    )
    path = folder / f"{trained.name}.safetensors"
    save_trained(network, trained, path, atomic_write)
    return path


def made_ct(shape: tuple[int, int, int], path: Path) -> Path:
    """Write a trunk with an organ in air: 0.78 x 0.78 x 2.5 mm for 512 x 512, int16, LPS axes."""
    rng = np.random.default_rng(0)
    x = np.linspace(-200, 200, shape[0])[:, None]
    y = np.linspace(-200, 200, shape[1])[None]
    trunk = (x / 165) ** 2 + (y / 115) ** 2 <= 1
    organ = ((x - 60) / 50) ** 2 + (y / 40) ** 2 <= 1
    hu = np.select([organ, trunk], [110, 40], -1000)
    voxels = np.empty(shape, np.int16)
    for z in range(shape[2]):
        voxels[:, :, z] = hu + rng.normal(0, 15, shape[:2])
    affine = np.diag([-400 / shape[0], -400 / shape[1], 2.5, 1])
    nib.save(nib.Nifti1Image(voxels, affine), path)
    return path


def run(model: Path, image: Path, folder: Path, device: str) -> dict[str, Any]:
    """Segment an image in a process of its own, and look at the mask."""
    out = folder / "mask.nii.gz"
    command = [sys.executable, "-m", "napari_medssl", "segment", str(image), "--model", str(model)]
    started = perf_counter()
    done = subprocess.run(  # noqa: S603
        [*command, "--out", str(out), "--device", device, "--force", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    facts: dict[str, Any] = {"image": image.name, "process_seconds": perf_counter() - started}
    if done.returncode:
        return {**facts, "failed": done.stderr.strip()}
    said = json_text.loads(done.stdout)
    (one,) = said["images"]
    return {
        **facts,
        "seconds": one["seconds"],
        "windows": one["windows"],
        "peak_memory_mb": said["peak_memory_mb"],
        "voxels": {row["name"]: row["voxels"] for row in one["labels"]},
        "on_grid": _on_grid(out, image),
    }


def _on_grid(mask: Path, image: Path) -> bool:
    of_mask, of_image = nib.load(mask), nib.load(image)
    values = set(np.unique(np.asanyarray(of_mask.dataobj)).tolist())
    same = of_mask.shape == of_image.shape[:3] and np.array_equal(of_mask.affine, of_image.affine)
    return bool(same and values <= set(range(len(_CLASSES) + 1)))


def main(
    image: Annotated[Path | None, typer.Argument(help="A NIfTI image, such as a case.")] = None,
    only: Annotated[str | None, typer.Option(help="Names of networks; else all.")] = None,
    shape: Annotated[str, typer.Option(help="Voxels of the made CT; empty for none.")] = (
        "512,512,100"
    ),
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print a line for each network and image."""
    cards = network_cards()
    names = only.split(",") if only else list(cards)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images = [] if image is None else [image]
        if shape:
            a, b, c = (int(n) for n in shape.split(","))
            images.append(made_ct((a, b, c), folder / "made-ct.nii.gz"))
        for card in (cards[one] for one in names):
            for dimensions in card.dimensions:
                model = checkpoint(card, dimensions, folder)
                for one in images:
                    row = {"network": card.name, "dimensions": dimensions}
                    rows.append({**row, **run(model, one, folder, device)})
                    if not as_json:
                        print(_line(rows[-1]), flush=True)
                model.unlink()
    if as_json:
        print(json_text.dumps(rows))
    if not all(row.get("on_grid") for row in rows):
        raise typer.Exit(1)


def _line(row: dict[str, Any]) -> str:
    begin = f"{row['network']:17} {row['dimensions']}-D  {row['image']:24}"
    if "failed" in row:
        return f"{begin} FAILED: {row['failed']}"
    place = "on the image's grid" if row["on_grid"] else "NOT ON THE IMAGE'S GRID"
    return (
        f"{begin} {row['seconds']:8.1f} s {row['windows']:5} windows "
        f"{row['peak_memory_mb']:6,} MB  {place}"
    )


if __name__ == "__main__":
    typer.run(main)
