"""``medssl demo``: a real scan with a finished mask, in the window or without one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from napari_medssl.errors import MedSSLError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.segment import InteractiveSegmenter
    from napari_medssl.volume import Volume

_COLOUR = (255, 90, 60)
_PICTURE = (600, 600)


@dataclass(frozen=True)
class OrganScore:
    """How well one organ of the synthetic abdomen was outlined on its largest slice."""

    organ: str
    box_dice: float
    point_dice: float


def demo(
    headless: Annotated[bool, typer.Option("--headless", help="Open no window.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for masks and pictures.")] = Path("demo-output"),
    sample: Annotated[str, typer.Option(help="Which sample to open in the window.")] = "brain-mr",
    screenshot: Annotated[
        Path | None, typer.Option(help="Save a picture of the window here, then close it.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Open a real scan with a finished mask; --headless saves mask, picture and figures instead.

    Needs no network: the scan and the network's weights come with the installed packages.
    """
    if headless:
        _headless(out, json)
    else:
        _window(sample, screenshot)


def _window(sample: str, screenshot: Path | None) -> None:
    """Open napari in a process of its own, as the command line never imports it."""
    from napari_medssl.io.samples import sample_card

    sample_card(sample)
    command = [sys.executable, "-m", "napari_medssl._napari.demo", "--sample", sample]
    command += ["--screenshot", str(screenshot)] if screenshot else []
    if subprocess.run(command).returncode:  # noqa: S603 - our own module
        raise MedSSLError(
            "the window could not be opened or closed in an unforeseen way",
            do="Run 'medssl doctor' to see what is missing, or 'medssl demo --headless'",
        )


def _headless(out: Path, as_json: bool) -> None:
    import json

    from rich.console import Console
    from rich.table import Table

    from napari_medssl.segment import EmbeddingCache, InteractiveSegmenter, load_engine

    started = perf_counter()
    segmenter = InteractiveSegmenter(load_engine("litemedsam"), EmbeddingCache(None))
    engine_seconds = perf_counter() - started
    brain = _outline_brain(segmenter, out)
    scores = _score_abdomen(segmenter, out)
    if as_json:
        print(json.dumps({"engine_seconds": engine_seconds, **brain, "abdomen": scores}))
        return
    console = Console()
    console.print(f"{brain['image']}: {brain['object']}, {brain['millilitres']:.1f} ml")
    console.print(f"  mask     {brain['mask']}\n  picture  {brain['picture']}")
    console.print(
        f"  seconds  read {brain['read_seconds']:.2f}, engine {engine_seconds:.2f}, "
        f"embedding {brain['encode_seconds']:.2f}, prompt {brain['predict_seconds']:.3f}"
    )
    table = Table("organ", "Dice from a box", "Dice from a point", title="Synthetic abdomen CT")
    for row in scores:
        table.add_row(str(row["organ"]), f"{row['box_dice']:.3f}", f"{row['point_dice']:.3f}")
    console.print(table)
    console.print("Research use only. Not a medical device.", style="dim")


def _outline_brain(segmenter: InteractiveSegmenter, out: Path) -> dict[str, object]:
    from napari_medssl.io import LabelInfo, write_labels
    from napari_medssl.io.overlay import Overlay, save_pictures
    from napari_medssl.io.samples import sample, sample_card
    from napari_medssl.segment import Prompts, box_from_source, outline_record
    from napari_medssl.volume import default_window

    card = sample_card("brain-mr")
    started = perf_counter()
    volume = sample(card.name)
    read_seconds = perf_counter() - started
    window = default_window(volume)
    prompts = Prompts(boxes=(box_from_source(volume, card.box),))
    result = segmenter.segment(volume, prompts, window)
    mask = np.zeros(volume.geometry.shape, np.uint8)
    result.plane.view(mask)[result.mask] = 1
    out.mkdir(parents=True, exist_ok=True)
    labels = [LabelInfo(1, card.object, _COLOUR)]
    told = {"outlines": [outline_record(volume, prompts, result, 1)]}
    saved = write_labels(mask, volume, out / "brain-mr_mask.nii.gz", labels=labels, provenance=told)
    drawn = Overlay(volume, mask, labels, window)
    pictures = [
        drawn.picture(result.plane.axis, result.plane.index, _PICTURE, with_mask=with_mask)
        for with_mask in (False, True)
    ]
    picture = save_pictures(pictures, out / "brain-mr_mask.png")
    return {
        "image": card.title,
        "object": card.object,
        "millilitres": float(mask.sum() * np.prod(volume.geometry.spacing_mm) / 1000),
        "mask": str(saved),
        "picture": str(picture),
        "read_seconds": read_seconds,
        "encode_seconds": result.encode_seconds,
        "predict_seconds": result.predict_seconds,
    }


def _score_abdomen(segmenter: InteractiveSegmenter, out: Path) -> list[dict[str, object]]:
    """Outline every organ of the synthetic abdomen from a box and from a point; score both."""
    from napari_medssl.io import LabelInfo, write_labels
    from napari_medssl.volume.phantom import LABEL_NAMES, abdomen_ct

    volume, truth = abdomen_ct()
    mask = np.zeros_like(truth)
    scores = []
    for value, organ in LABEL_NAMES.items():
        box, point, from_box = _score_organ(segmenter, volume, truth == value)
        scores.append(asdict(OrganScore(organ, box, point)))
        mask[from_box & (mask == 0)] = value
    labels = [LabelInfo(value, organ, _COLOUR) for value, organ in LABEL_NAMES.items()]
    write_labels(mask, volume, out / "abdomen-ct_mask.nii.gz", labels=labels)
    return scores


def _score_organ(
    segmenter: InteractiveSegmenter, volume: Volume, organ: NDArray[np.bool_]
) -> tuple[float, float, NDArray[np.bool_]]:
    """Dice from a box and from the deepest point on the organ's largest slice, and the mask."""
    from scipy import ndimage

    from napari_medssl.evaluate import dice
    from napari_medssl.segment import BoxPrompt, PointPrompt, Prompts
    from napari_medssl.volume import Window

    z = int(organ.sum(axis=(1, 2)).argmax())
    ys, xs = np.nonzero(organ[z])
    depth = ndimage.distance_transform_edt(np.pad(organ[z], 1))[1:-1, 1:-1]
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    box = Prompts(boxes=(BoxPrompt((z, ys.min(), xs.min()), (z, ys.max(), xs.max())),))
    point = Prompts(points=(PointPrompt((z, int(y), int(x))),))
    window = Window(-160, 240)
    by_box = segmenter.segment(volume, box, window, axis=0).mask
    by_point = segmenter.segment(volume, point, window, axis=0).mask
    whole = np.zeros(organ.shape, bool)
    whole[z] = by_box
    return dice(by_box, organ[z]), dice(by_point, organ[z]), whole
