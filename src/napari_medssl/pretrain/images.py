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
from napari_medssl.volume.finite import fill_not_finite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.models.weights import AtomicWrite
    from napari_medssl.pretrain.plan import PretrainPlan
    from napari_medssl.volume import Volume

_IMAGE, _FACTS = "image.f16", "facts.json"


@dataclass(frozen=True, eq=False)
class Source:
    """An image that nobody has read yet.

    Parameters
    ----------
    id : str
        Tells it from the others; no name of a patient.
    read : callable
        Opens it; may raise `MedSSLError`.
    """

    id: str
    read: Callable[[], Volume]


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
    """

    id: str
    array: NDArray[np.float16]
    spacing_mm: tuple[float, float, float]

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
    left_out: Callable[[str, str], None],
) -> list[PreparedImage]:
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
    left_out : callable
        Is told the id of an image that is left out, and why.

    Raises
    ------
    UsageError
        If none is left.
    """
    found, why = [], ""
    for done, source in enumerate(sources, 1):
        own = folder / source.id
        try:
            if not (own / _FACTS).exists():
                own.mkdir(parents=True, exist_ok=True)
                _save(own, source.read(), plan, write)
            image = _load(own, source.id)
            _require_room(image, plan)
            found.append(image)
        except MedSSLError as error:
            left_out(source.id, str(error))
            why = why or str(error)
        told(done)
    if not found:
        raise UsageError(
            f"no image to learn from: all {len(sources)} were left out, the first because {why}"
        )
    return found


def _require_room(image: PreparedImage, plan: PretrainPlan) -> None:
    """Refuse an image that would mostly be mirrored to fill a crop."""
    sides = [n for a, n in enumerate(image.sides) if plan.dimensions == 3 or a != plan.slice_axis]
    if any(2 * n < wanted for n, wanted in zip(sides, plan.crop, strict=True)):
        there, crop = (" x ".join(map(str, some)) for some in (sides, plan.crop))
        raise UsageError(
            f"{there} voxels, of which a crop of {crop} wants more than twice as many",
            do="Choose a smaller crop",
        )


def _save(folder: Path, volume: Volume, plan: PretrainPlan, write: AtomicWrite) -> None:
    image, _ = Pipeline.from_steps(plan.preparation)(fill_not_finite(volume))
    array = image.array if image.array.ndim == 4 else image.array[None]
    if len(array) != plan.in_channels:
        array = np.broadcast_to(array.mean(axis=0)[None], (plan.in_channels, *array.shape[1:]))
    array = np.ascontiguousarray(array, np.float16)
    if array.min() == array.max():
        raise UsageError("every voxel has the same value")
    write(folder / _IMAGE, partial(_put, array), lambda _: None)
    facts = json.dumps({"spacing_mm": image.geometry.spacing_mm, "shape": array.shape})
    write(folder / _FACTS, lambda part: _put_text(facts, part), lambda _: None)


def _put(array: NDArray[Any], part: Path) -> None:
    with part.open("wb") as stream:
        array.tofile(stream)


def _put_text(text: str, part: Path) -> None:
    with part.open("w", encoding="utf-8") as stream:
        stream.write(text)


def _load(folder: Path, source_id: str) -> PreparedImage:
    facts = json.loads((folder / _FACTS).read_text("utf-8"))
    a, b, c = facts["spacing_mm"]
    return PreparedImage(source_id, _looked_into(folder / _IMAGE, facts["shape"]), (a, b, c))


def _looked_into(path: Path, shape: Sequence[int]) -> NDArray[np.float16]:
    """Map a file into memory without keeping it open: there may be thousands."""
    array: NDArray[np.float16] = torch.from_file(
        str(path), shared=False, size=prod(shape), dtype=torch.float16
    ).numpy()
    return array.reshape(tuple(shape))
