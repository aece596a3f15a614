"""Unlabelled images made ready to be cut into crops, kept on the disk so memory is no limit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.volume import Pipeline
from napari_medssl.volume.carried import carried
from napari_medssl.volume.finite import fill_not_finite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.models.weights import AtomicWrite
    from napari_medssl.pretrain.plan import PretrainPlan
    from napari_medssl.volume import Volume

_IMAGE, _INSIDE, _FACTS = "image.f16", "inside.u8", "facts.json"


@dataclass(frozen=True, eq=False)
class Source:
    """An image that nobody has read yet.

    Parameters
    ----------
    id : str
        Tells it from the others; no name of a patient.
    read : callable
        Opens it; may raise `MedSSLError`.
    read_labels : callable, optional
        Opens what was drawn on it, on its grid: of the few methods that look at that.
    """

    id: str
    read: Callable[[], Volume]
    read_labels: Callable[[Volume], NDArray[Any]] | None = None


@dataclass(frozen=True, eq=False)
class PreparedImage:
    """An image as the network sees it.

    Parameters
    ----------
    id : str
        Of its source.
    array : (channels, a, b, c) float16 array
        Standardised; on the disk until it is looked at.
    spacing_mm : (a, b, c)
        Of its own axes.
    inside : (a, b, c) uint8 array, optional
        1 where something was drawn on it.
    orientation_known : bool
        Whether its file says which side of the patient is which.
    """

    id: str
    array: NDArray[np.float16]
    spacing_mm: tuple[float, float, float]
    inside: NDArray[np.uint8] | None = None
    orientation_known: bool = True

    @property
    def sides(self) -> tuple[int, ...]:
        """Voxels along each axis."""
        return self.array.shape[1:]


def prepare_images(
    sources: Sequence[Source],
    plan: PretrainPlan,
    folder: Path,
    write: AtomicWrite,
    told: Callable[[int], None],
) -> tuple[list[PreparedImage], dict[str, str]]:
    """Prepare images, or take what was prepared before.

    Parameters
    ----------
    sources : sequence of Source
        Where they come from; those that cannot be read, or hold one value only, are left out.
    plan : PretrainPlan
        How.
    folder : Path
        Keeps them; it belongs to this plan alone.
    write : callable
        ``io.atomic_write``.
    told : callable
        Is told how many are done.

    Returns
    -------
    list of PreparedImage, dict of str to str
        The second: id of an image that is left out -> why.

    Raises
    ------
    UsageError
        If none is left.
    """
    found, left_out = [], {}
    for done, source in enumerate(sources, 1):
        own = folder / source.id
        try:
            if not (own / _FACTS).exists():
                own.mkdir(parents=True, exist_ok=True)
                _prepare(own, source, plan, write)
            image = load_prepared(folder, source.id)
            _require_room(image, plan)
            found.append(image)
        except UsageError as error:
            left_out[source.id] = str(error)
        told(done)
    if not found:
        why = next(iter(left_out.values()), "there is none").rstrip(".")
        raise UsageError(
            f"no image to learn from: all {len(sources)} were left out, the first because {why}",
            do="Choose other images, or smaller crops (--set crop=...); 'medssl info' tells what "
            "an image is like",
        )
    return found, left_out


def _require_room(image: PreparedImage, plan: PretrainPlan) -> None:
    """Refuse an image that would mostly be mirrored to fill a crop."""
    sides = [n for a, n in enumerate(image.sides) if plan.dimensions == 3 or a != plan.slice_axis]
    if any(2 * n < wanted for n, wanted in zip(sides, plan.crop, strict=True)):
        there, crop = (" x ".join(map(str, some)) for some in (sides, plan.crop))
        raise UsageError(
            f"{there} voxels, of which a crop of {crop} wants more than twice as many",
            do="Choose a smaller crop",
        )


def _prepare(folder: Path, source: Source, plan: PretrainPlan, write: AtomicWrite) -> None:
    """Make an image ready, or note why it cannot be: it is read once in any case."""
    try:
        image = _ready(source, plan)
    except MedSSLError as error:
        facts: dict[str, Any] = {"left_out": str(error)}
    else:
        write(folder / _IMAGE, partial(_put, image.array), lambda _: None)
        if image.inside is not None:
            write(folder / _INSIDE, partial(_put, image.inside), lambda _: None)
        facts = {
            "spacing_mm": image.spacing_mm,
            "shape": image.array.shape,
            "orientation_known": image.orientation_known,
        }
    text = json.dumps(facts)
    write(folder / _FACTS, lambda part: _put_text(text, part), lambda _: None)


def _ready(source: Source, plan: PretrainPlan) -> PreparedImage:
    volume = source.read()
    image, _ = Pipeline.from_steps(plan.preparation)(fill_not_finite(volume))
    array = image.array if image.array.ndim == 4 else image.array[None]
    if len(array) != plan.in_channels:
        array = np.broadcast_to(array.mean(axis=0)[None], (plan.in_channels, *array.shape[1:]))
    array = np.ascontiguousarray(array, np.float16)
    if array.min() == array.max():
        raise UsageError("every voxel has the same value")
    inside = None
    if source.read_labels is not None:
        drawn = source.read_labels(volume) > 0
        inside = carried(drawn, volume.geometry, image.geometry).astype(np.uint8)
    return PreparedImage(
        source.id, array, image.geometry.spacing_mm, inside, volume.orientation_known
    )


def _put(array: NDArray[Any], part: Path) -> None:
    with part.open("wb") as stream:
        array.tofile(stream)


def _put_text(text: str, part: Path) -> None:
    with part.open("w", encoding="utf-8") as stream:
        stream.write(text)


def load_prepared(folder: Path, image_id: str) -> PreparedImage:
    """Open an image that `prepare_images` put into a folder.

    Raises
    ------
    UsageError
        If it was left out.
    """
    folder = folder / image_id
    facts = json.loads((folder / _FACTS).read_text("utf-8"))
    if "left_out" in facts:
        raise UsageError(facts["left_out"])
    a, b, c = facts["spacing_mm"]
    shape, inside = facts["shape"], folder / _INSIDE
    return PreparedImage(
        image_id,
        _looked_into(folder / _IMAGE, shape, torch.float16),
        (a, b, c),
        _looked_into(inside, shape[1:], torch.uint8) if inside.exists() else None,
        facts.get("orientation_known", True),
    )


def _looked_into(path: Path, shape: Sequence[int], of: torch.dtype) -> NDArray[Any]:
    """Map a file into memory without keeping it open: there may be thousands."""
    array: NDArray[Any] = torch.from_file(
        str(path), shared=False, size=prod(shape), dtype=of
    ).numpy()
    return array.reshape(tuple(shape))
