"""Masks without labels: what a network that knows boxes finds in random ones. Clicks learn them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import PromptError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_medssl.finetune import Picture
    from napari_medssl.finetune.pictures import Thing
    from napari_medssl.models.promptable import Embedding
    from napari_medssl.models.report import Report
    from napari_medssl.models.torch_engine import TorchEngine
    from napari_medssl.project.images import FoundImage
    from napari_medssl.volume import Volume

#: of a scan, slices nearer to its ends than this part of its length show little
_ENDS = 0.1
#: a mask is asked for again from a box that is this much larger on each side, to see that it is a
#: whole thing: of boxes around breast lesions and nerves 0.2 keeps nine of ten, and of boxes that
#: cut off a third it keeps two of ten
_LOOSER = 0.2
#: on most scans the body itself is found as well, which nobody clicks on
_MOST_OF_SLICE = 0.8


@dataclass(frozen=True)
class Teaching:
    """Which masks a network is asked for.

    Parameters
    ----------
    slices : int
        Of an image at most, spread evenly.
    boxes : int
        Of random size and place on each.
    shortest, longest : float
        Sides of boxes, as parts of the longer side of the slice.
    least_score, least_stability : float
        Masks are kept from here on; see `EverythingSettings`.
    seed : int
        Decides the boxes.

    Raises
    ------
    UsageError
        If one of them is out of range.
    """

    slices: int = 4
    boxes: int = 32
    shortest: float = 0.06
    longest: float = 0.95
    least_score: float = 0.75
    least_stability: float = 0.75
    seed: int = 0

    def __post_init__(self) -> None:
        if self.slices < 1 or self.boxes < 1:
            raise UsageError(f"{self.slices} slices and {self.boxes} boxes", expected="1 or more")
        if not 0 < self.shortest <= self.longest <= 1:
            raise UsageError(
                f"boxes of {self.shortest:g} to {self.longest:g} of a slice", expected="0 to 1"
            )


def taught_pictures(
    engine: TorchEngine,
    images: Sequence[FoundImage],
    teaching: Teaching,
    out: Path,
    report: Report,
) -> list[Picture]:
    """Cut images into slices and outline on each what random boxes hold.

    Parameters
    ----------
    engine : TorchEngine
        The teacher: answers boxes.
    images : sequence of FoundImage
        Those that cannot be read are left out, with a warning.
    teaching : Teaching
        How.
    out : Path
        Keeps embeddings and masks, so that a run that goes on makes none twice.
    report : Report
        Is told how far it is.

    Returns
    -------
    list of Picture
        The slices on which something was found.
    """
    from napari_medssl.finetune.encoders import FrozenEncoder
    from napari_medssl.finetune.sam import EMBEDDINGS
    from napari_medssl.io import atomic_write

    bare = _slices(images, teaching, report)
    encoder = FrozenEncoder(engine, bare, out / EMBEDDINGS, atomic_write, memory=0)
    taught = []
    for number, picture in enumerate(bare):
        kept = out / "teacher" / f"{_key(engine, picture, teaching)}.npz"
        things = _read(kept)
        if things is None:
            things = _outlined(engine, picture, encoder.embedding(number), teaching, number)
            _write(kept, things)
        if things:
            taught.append(replace(picture, things=things))
        report.progress(number + 1, len(bare), "Asking the teacher")
    return taught


def _slices(images: Sequence[FoundImage], teaching: Teaching, report: Report) -> list[Picture]:
    """Cut slices, without things yet."""
    from napari_medssl.errors import MedSSLError
    from napari_medssl.finetune import Picture
    from napari_medssl.io import read_volume
    from napari_medssl.segment import Plane
    from napari_medssl.segment.slices import picture_of
    from napari_medssl.volume import default_window

    found = []
    for done, image in enumerate(images, 1):
        try:
            volume = read_volume(image.path, volume=0, series=image.series)
        except MedSSLError as error:
            report.warning(f"Left out: {error}")
            continue
        axis = volume.slice_axis if volume.frame_axis is None else volume.frame_axis
        window = default_window(volume)
        for index in _spread(volume, axis, teaching.slices):
            try:
                cut = picture_of(volume, Plane(axis, index), window)
            except PromptError:  # a slice of one shade
                continue
            coloured = bool((cut.image != cut.image[..., :1]).any())
            grey = cut.image if coloured else np.ascontiguousarray(cut.image[..., 0])
            found.append(Picture(image.name, index, grey, cut.pixel_mm, ()))
        report.progress(done, len(images), "Reading images")
    return found


def _spread(volume: Volume, axis: int, most: int) -> list[int]:
    """Slices spread evenly, and none at the ends."""
    count = volume.geometry.shape[axis]
    ends = round(_ENDS * (count - 1))
    chosen = np.linspace(ends, count - 1 - ends, min(most, count - 2 * ends))
    return sorted({round(float(index)) for index in chosen})


def _outlined(
    engine: TorchEngine, picture: Picture, embedding: Embedding, teaching: Teaching, number: int
) -> tuple[Thing, ...]:
    from napari_medssl.finetune.pictures import Thing
    from napari_medssl.models.draws import draws
    from napari_medssl.segment.everything_settings import EverythingSettings
    from napari_medssl.segment.prompt_grid import random_boxes, show_something
    from napari_medssl.segment.proposals import propose
    from napari_medssl.segment.slices import SlicePicture

    settings = EverythingSettings(
        least_score=teaching.least_score,
        least_stability=teaching.least_stability,
        looser=_LOOSER,
        most_of_slice=_MOST_OF_SLICE,
    )
    shown = SlicePicture(picture.rgb, picture.pixel_mm)
    random = draws(teaching.seed, "teacher", number)
    sides = (teaching.shortest, teaching.longest)
    boxes = random_boxes(embedding, teaching.boxes, sides, random)
    boxes = boxes[show_something(shown, boxes, settings.flat)]
    found = propose(engine, shown, embedding, settings, boxes=boxes)
    return tuple(Thing(1, one.corner, one.mask) for one in found)


def _key(engine: TorchEngine, picture: Picture, teaching: Teaching) -> str:
    """Hash all that a slice's masks depend on, but its place in the list."""
    about = f"{engine.weights_hash} {teaching} {picture.pixel_mm} {picture.grey.shape}"
    digest = hashlib.sha256(about.encode())
    digest.update(picture.grey.tobytes())
    return digest.hexdigest()[:32]


def _write(path: Path, things: Sequence[Thing]) -> None:
    from napari_medssl.io import atomic_write

    path.parent.mkdir(parents=True, exist_ok=True)
    masks: dict[str, Any] = {f"mask{n}": thing.mask for n, thing in enumerate(things)}
    corners = np.array([thing.corner for thing in things], int).reshape(-1, 2)

    def fill(part: Path) -> None:
        with part.open("wb") as stream:
            np.savez_compressed(stream, corners=corners, **masks)

    atomic_write(path, fill, lambda _: None)


def _read(path: Path) -> tuple[Thing, ...] | None:
    from napari_medssl.finetune.pictures import Thing

    try:
        with np.load(path) as kept:
            corners = kept["corners"].tolist()
            return tuple(Thing(1, (r, c), kept[f"mask{n}"]) for n, (r, c) in enumerate(corners))
    except (OSError, ValueError, KeyError, EOFError):
        return None
