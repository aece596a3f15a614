"""Cases made ready to be cut into crops, kept on the disk so that memory does not limit them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.models.draws import draws
from napari_medssl.volume import Pipeline
from napari_medssl.volume.carried import carried, share_of
from napari_medssl.volume.finite import fill_not_finite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.finetune.volumes.examples import Example, Labelled
    from napari_medssl.finetune.volumes.plan import VolumePlan
    from napari_medssl.models.weights import AtomicWrite
    from napari_medssl.volume import Geometry

_MOST_PLACES = 20_000
_PARTS = ("image", "classes", "weight")


@dataclass(frozen=True, eq=False)
class Prepared:
    """A case as the network sees it.

    Parameters
    ----------
    id : str
        Of the case.
    spacing_mm : (a, b, c)
        Of the prepared image's own axes.
    image : (channels, a, b, c) float16 array
        Standardised.
    classes : (a, b, c) uint8 array
        0 for the background, else which output.
    weight : (a, b, c) uint8 array
        How much a voxel counts, in quarters: 0 where nobody looked, 4 where somebody did, more
        where somebody corrected.
    places : mapping of int to (n, 3) array
        For each class, voxels to put the middle of a crop on.
    """

    id: str
    spacing_mm: tuple[float, float, float]
    image: NDArray[np.float16]
    classes: NDArray[np.uint8]
    weight: NDArray[np.uint8]
    places: dict[int, NDArray[np.int32]]


#: what `Prepared.weight` holds for a voxel that counts once
ONCE = 4


def prepare_all(
    examples: Sequence[Example],
    plan: VolumePlan,
    folder: Path,
    write: AtomicWrite,
    told: Callable[[int], None],
) -> list[Prepared]:
    """Prepare cases, or take what was prepared before.

    Parameters
    ----------
    examples : sequence of Example
        The cases; those that cannot be read must be gone already.
    plan : VolumePlan
        How.
    folder : Path
        Keeps them; it belongs to this plan alone.
    write : callable
        ``io.atomic_write``.
    told : callable
        Is told how many are done.
    """
    found = []
    for done, example in enumerate(examples, 1):
        own = folder / example.id
        if not (own / "whole").exists():
            own.mkdir(parents=True, exist_ok=True)
            case = example.read()
            _save(own, prepare(example.id, case, plan), write)
        found.append(load_prepared(folder, example.id, plan))
        told(done)
    return found


def prepare(case_id: str, case: Labelled, plan: VolumePlan) -> Prepared:
    """Make one case ready."""
    pipeline = Pipeline.from_steps(plan.preparation)
    image, _ = pipeline(fill_not_finite(case.volume))
    array = image.array if image.array.ndim == 4 else image.array[None]
    if len(array) != plan.in_channels:
        array = np.broadcast_to(array.mean(axis=0)[None], (plan.in_channels, *array.shape[1:]))
    old, new = case.volume.geometry, image.geometry
    classes = _classes(case.labels, plan.values, old, new)
    weight = np.full(classes.shape, ONCE, np.uint8)
    if case.looked_at is not None:
        weight[~carried(case.looked_at, old, new)] = 0
    if case.corrected is not None:
        more = np.uint8(round(ONCE * (1 + plan.corrected_weight)))
        weight[carried(case.corrected, old, new) & (weight > 0)] = more
    return Prepared(
        case_id,
        image.geometry.spacing_mm,
        array.astype(np.float16),
        classes,
        weight,
        _places(classes, weight, plan, case_id),
    )


def _classes(
    labels: NDArray[Any], values: Sequence[int], old: Geometry, new: Geometry
) -> NDArray[np.uint8]:
    """Bring labels to the prepared grid: a voxel is of the label that fills most, if half of it."""
    classes = np.zeros(new.shape, np.uint8)
    most = np.full(new.shape, 0.5, np.float32)
    for number, value in enumerate(values, 1):
        share = share_of(labels == value, old, new)
        more = share >= most if number == 1 else share > most
        classes[more] = number
        most[more] = share[more]
    return classes


def _places(
    classes: NDArray[np.uint8], weight: NDArray[np.uint8], plan: VolumePlan, case_id: str
) -> dict[int, NDArray[np.int32]]:
    """Draw voxels of each class that count, and of the background."""
    found: dict[int, NDArray[np.int32]] = {}
    counted = weight > 0
    for number in range(len(plan.values) + 1):
        flat = np.flatnonzero((classes == number) & counted)
        if len(flat) > _MOST_PLACES:
            random = draws(plan.seed, f"places of {case_id}", number)
            flat = np.sort(random.choice(flat, _MOST_PLACES, replace=False))
        if len(flat):
            found[number] = np.stack(np.unravel_index(flat, classes.shape), 1).astype(np.int32)
    return found


def _save(folder: Path, case: Prepared, write: AtomicWrite) -> None:
    arrays: dict[str, NDArray[Any]] = {name: getattr(case, name) for name in _PARTS}
    arrays |= {f"places-{number}": places for number, places in case.places.items()}
    arrays["spacing"] = np.array(case.spacing_mm)
    for name, array in arrays.items():
        write(folder / f"{name}.npy", partial(_put, array), lambda _: None)
    (folder / "whole").touch()


def _put(array: NDArray[Any], part: Path) -> None:
    with part.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)


def load_prepared(folder: Path, case_id: str, plan: VolumePlan) -> Prepared:
    """Open a case that `prepare_all` put into a folder."""
    folder = folder / case_id
    image, classes, weight = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in _PARTS)
    z, y, x = np.load(folder / "spacing.npy").tolist()
    places = {
        number: np.load(path)
        for number in range(len(plan.values) + 1)
        if (path := folder / f"places-{number}.npy").exists()
    }
    return Prepared(case_id, (z, y, x), image, classes, weight, places)
