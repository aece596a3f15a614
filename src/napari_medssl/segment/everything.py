"""All things in an image without a single prompt: proposed slice by slice, linked, painted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import PromptError, UsageError
from napari_medssl.segment.everything_settings import EverythingSettings
from napari_medssl.segment.linked import link
from napari_medssl.segment.prompts import Plane
from napari_medssl.segment.proposals import propose
from napari_medssl.segment.slices import picture_of
from napari_medssl.volume.label_types import label_type
from napari_medssl.volume.planes import AXIS_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from napari_medssl.segment.interactive import InteractiveSegmenter
    from napari_medssl.segment.linked import Chain
    from napari_medssl.segment.proposals import Proposal
    from napari_medssl.volume import Volume, Window


@dataclass(frozen=True, eq=False)
class FoundObject:
    """One thing in an image.

    Parameters
    ----------
    value : int
        Its label: the largest is 1.
    low_zyx : (int, int, int)
        First voxel of the box around it.
    mask : (z, y, x) bool array
        The object within that box.
    score, stability : float
        Means over its slices; see `EverythingSettings`.
    area_mm2 : float
        On the slice that shows most of it; in pixels where the spacing is not known.
    volume_ml : float or None
        None for an object of one slice, or where the spacing is not known.
    """

    value: int
    low_zyx: tuple[int, int, int]
    mask: NDArray[np.bool_]
    score: float
    stability: float
    area_mm2: float
    volume_ml: float | None

    @property
    def voxels(self) -> int:
        """How many voxels it has."""
        return int(np.count_nonzero(self.mask))

    @property
    def last_zyx(self) -> tuple[int, int, int]:
        """Last voxel of the box around it."""
        z, y, x = (low + n - 1 for low, n in zip(self.low_zyx, self.mask.shape, strict=True))
        return z, y, x

    @property
    def place(self) -> tuple[slice, slice, slice]:
        """Where the box lies in the image's array."""
        z, y, x = (slice(a, b + 1) for a, b in zip(self.low_zyx, self.last_zyx, strict=True))
        return z, y, x


@dataclass(frozen=True, eq=False)
class Everything:
    """All that was found in an image.

    Parameters
    ----------
    objects : tuple of FoundObject
        The largest first.
    shape : (int, int, int)
        Of the image.
    axis : int
        The array axis that the slices stand across.
    slices : (int, int)
        The first and the last slice that was looked at.
    complete : bool
        False if it was stopped.
    engine, weights_hash : str
        The network's card and the hash of its weights.
    window : Window
        The grey values it was shown.
    settings : EverythingSettings
        What counted as a thing.
    seconds : float
        Time it took.
    """

    objects: tuple[FoundObject, ...]
    shape: tuple[int, int, int]
    axis: int
    slices: tuple[int, int]
    complete: bool
    engine: str
    weights_hash: str
    window: Window
    settings: EverythingSettings
    seconds: float

    def labels(self, keep: Collection[int] | None = None) -> NDArray[Any]:
        """Paint the objects, large to small, so that small ones stay visible on large ones.

        Parameters
        ----------
        keep : collection of int, optional
            Values of the objects that are wanted; all of them when None.

        Returns
        -------
        (z, y, x) array
            In the smallest unsigned type; kept objects keep their values.

        Raises
        ------
        UsageError
            If there is no object of such a value.
        """
        there = {found.value for found in self.objects}
        if missing := sorted(set(keep or ()) - there):
            expected = f"1 to {len(there)}" if there else "an image in which something is found"
            raise UsageError(f"the object {missing[0]}", expected=expected)
        painted = np.zeros(self.shape, label_type(len(there)))
        for found in self.objects:
            if keep is None or found.value in keep:
                painted[found.place][found.mask] = found.value
        return painted

    def record(self, found: FoundObject) -> dict[str, Any]:
        """Return where an object came from, for the file beside the mask."""
        return {
            "label": found.value,
            "method": "everything",
            "engine": self.engine,
            "weights_sha256": self.weights_hash,
            "confidence": round(found.score, 4),
            "stability": round(found.stability, 4),
            "window": [self.window.low, self.window.high],
            "plane": AXIS_NAMES[self.axis],
            "settings": asdict(self.settings),
        }


def find_everything(
    segmenter: InteractiveSegmenter,
    volume: Volume,
    window: Window,
    *,
    axis: int | None = None,
    index: int | None = None,
    settings: EverythingSettings | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
    stop: Callable[[], bool] = lambda: False,
) -> Everything:
    """Find all things on one slice, or in a whole image.

    Parameters
    ----------
    segmenter : InteractiveSegmenter
        A network, and embeddings that are kept.
    volume : Volume
        The image.
    window : Window
        What the network sees.
    axis : int, optional
        The array axis that slices stand across; the one the scanner stacked them along if None.
    index : int, optional
        The slice; all of them, linked to objects, if None.
    settings : EverythingSettings, optional
        What counts as a thing; by network when None.
    progress : callable
        Told how many of how many slices are done.
    stop : callable
        Asked often; what was found by then is returned.

    Raises
    ------
    PromptError
        If there is no such slice, or it cannot be looked at; see `picture_of`.
    """
    began = perf_counter()
    axis = _axis(volume, axis)
    length = volume.geometry.shape[axis]
    if index is not None and not 0 <= index < length:
        raise PromptError(f"the slice {index}", expected=f"0 to {length - 1}")
    settings = settings or EverythingSettings.for_engine(segmenter.engine)
    indices = range(length) if index is None else range(index, index + 1)
    things: list[list[Proposal]] = []
    empty: PromptError | None = None
    for done, at in enumerate(indices, start=1):
        if stop():
            break
        plane = Plane(axis, at)
        try:
            picture = picture_of(volume, plane, window)
            embedding = segmenter.prepare(volume, plane, window)
            things.append(propose(segmenter.engine, picture, embedding, settings, stop))
        except PromptError as error:  # slices of air are passed over, unless nothing else is there
            empty = error
            things.append([])
        progress(done, len(indices))
    if empty is not None and len(things) == len(indices) and not any(things):
        raise empty
    chains = link(things, settings.least_link)
    fewest = settings.least_slices if len(indices) > 1 else 1
    long_enough = [chain for chain in chains if len(chain) >= fewest]
    return Everything(
        objects=_objects(volume, axis, indices.start, long_enough),
        shape=volume.geometry.shape,
        axis=axis,
        slices=(indices.start, indices.stop - 1),
        complete=len(things) == len(indices) and not stop(),
        engine=segmenter.engine.card.name,
        weights_hash=segmenter.engine.weights_hash,
        window=window,
        settings=settings,
        seconds=perf_counter() - began,
    )


def _axis(volume: Volume, axis: int | None) -> int:
    if axis is not None:
        return axis
    return volume.slice_axis if volume.frame_axis is None else volume.frame_axis


def _objects(
    volume: Volume, axis: int, first: int, chains: Sequence[Chain]
) -> tuple[FoundObject, ...]:
    """Make objects of things that were linked, the largest first."""
    spacing = volume.geometry.spacing_mm if volume.spacing_known else (1.0, 1.0, 1.0)
    pixel_mm2 = float(np.prod([s for a, s in enumerate(spacing) if a != axis]))
    sized = sorted(chains, key=lambda chain: -sum(int(t.mask.sum()) for _, t in chain))
    found = []
    for value, chain in enumerate(sized, start=1):
        low, mask = _stacked(axis, first, chain)
        measured = volume.spacing_known and volume.stack == "space" and len(chain) > 1
        found.append(
            FoundObject(
                value=value,
                low_zyx=low,
                mask=mask,
                score=float(np.mean([thing.score for _, thing in chain])),
                stability=float(np.mean([thing.stability for _, thing in chain])),
                area_mm2=max(int(thing.mask.sum()) for _, thing in chain) * pixel_mm2,
                volume_ml=float(mask.sum() * np.prod(spacing)) / 1000 if measured else None,
            )
        )
    return tuple(found)


def _stacked(axis: int, first: int, chain: Chain) -> tuple[tuple[int, int, int], NDArray[np.bool_]]:
    """Stack things on neighbouring slices: first voxel of the box around them, and the mask."""
    corners = np.array([thing.corner for _, thing in chain])
    ends = corners + [thing.mask.shape for _, thing in chain]
    low, high = corners.min(axis=0), ends.max(axis=0)
    mask = np.zeros((len(chain), *(high - low)), bool)
    for flat, (row, column), (_, thing) in zip(mask, corners - low, chain, strict=True):
        rows, columns = thing.mask.shape
        flat[row : row + rows, column : column + columns] = thing.mask
    z, y, x = np.insert(low, axis, first + chain[0][0]).tolist()
    return (z, y, x), np.moveaxis(mask, 0, axis)
