"""What a set of unlabelled images is like: kinds, sizes, voxels; what a plan is made from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_medssl.errors import MedSSLError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_medssl.volume import Volume
    from napari_medssl.volume.geometry import Shape, Triple

#: id of an image -> what it is like, or why it cannot be read
Seen = dict[str, "ImageFacts | str"]

#: spacings that differ by more than this factor are of two kinds
_APART = 4.0
#: images between two times that what was seen is kept
_KEEP_EVERY = 50


class Readable(Protocol):
    """What of an `prepared.Source` a survey needs; that one comes with torch."""

    @property
    def id(self) -> str:
        """Tells it from the others."""

    def read(self) -> Volume:
        """Open it; may raise `MedSSLError`."""


@dataclass(frozen=True)
class ImageFacts:
    """One image.

    Parameters
    ----------
    id : str
        Of its source.
    modality : str
        ``"CT"``, ``"MR"``, ``"US"``, ``"PT"`` or ``"OT"``.
    shape, spacing_mm : (z, y, x)
        Voxels, and their distance.
    in_colour : bool
        Whether it has three channels.
    """

    id: str
    modality: str
    shape: Shape
    spacing_mm: Triple
    in_colour: bool


@dataclass(frozen=True)
class ImageSurvey:
    """All images that can be learned from.

    Parameters
    ----------
    images : tuple of ImageFacts
        At least one.
    left_out : mapping of str to str
        Id of an image -> why it cannot be learned from, in a sentence.
    """

    images: tuple[ImageFacts, ...]
    left_out: Mapping[str, str]

    @property
    def modalities(self) -> tuple[str, ...]:
        """What the images are, in order."""
        return tuple(sorted({image.modality for image in self.images}))

    @property
    def are_flat(self) -> bool:
        """Whether the images are pictures or single slices."""
        return max(min(image.shape) for image in self.images) == 1

    def median(self, of: Callable[[ImageFacts], Sequence[float]]) -> tuple[float, float, float]:
        """Return the median over images of three numbers each."""
        found = np.median([of(image) for image in self.images], axis=0)
        return float(found[0]), float(found[1]), float(found[2])


def survey_images(
    sources: Sequence[Readable],
    told: Callable[[int], None] = lambda _: None,
    *,
    before: Seen | None = None,
    keep: Callable[[Seen], None] = lambda _: None,
) -> ImageSurvey:
    """Read every image once; one that cannot be read is left out, and said why.

    Of several kinds of images the most frequent one is kept: a network learns one kind better,
    and the others are named.

    Parameters
    ----------
    sources : sequence of Source
        The images.
    told : callable
        Is told how many were read.
    before : mapping, optional
        What was seen of them earlier; these are not read again.
    keep : callable
        Is given what was seen so far, now and then, and in the end.

    Raises
    ------
    UsageError
        If none can be read.
    """
    seen: Seen = dict(before or {})
    new = [source for source in sources if source.id not in seen]
    for done, source in enumerate(new, 1):
        seen[source.id] = _look_at(source)
        if done % _KEEP_EVERY == 0 or done == len(new):
            keep(seen)
        told(len(sources) - len(new) + done)
    here = {source.id: seen[source.id] for source in sources}
    found = [one for one in here.values() if isinstance(one, ImageFacts)]
    left_out = {name: one for name, one in here.items() if isinstance(one, str)}
    if not found:
        why = next(iter(left_out.values()), "there are none")
        raise UsageError(
            f"no image to learn from ({len(left_out)} left out; the first: {why.rstrip('.')})",
            expected="a folder of images that 'medssl info' can read",
        )
    kept = _of_one_kind(found, left_out)
    return ImageSurvey(tuple(kept), left_out)


def _look_at(source: Readable) -> ImageFacts | str:
    try:
        volume = source.read()
    except MedSSLError as error:
        return str(error)
    there = volume.geometry
    return ImageFacts(source.id, volume.modality, there.shape, there.spacing_mm, volume.is_rgb)


def _of_one_kind(found: list[ImageFacts], left_out: dict[str, str]) -> list[ImageFacts]:
    """Keep the most frequent modality, and of it the images whose voxels are of one size."""
    [(modality, _)] = Counter(image.modality for image in found).most_common(1)
    middle = float(np.median([max(one.spacing_mm) for one in found if one.modality == modality]))
    kept = []
    for image in found:
        largest = max(image.spacing_mm)
        if image.modality != modality:
            left_out[image.id] = f"It is {image.modality}; most others are {modality}."
        elif not middle / _APART <= largest <= middle * _APART:
            left_out[image.id] = f"Its voxels are {largest:g} mm apart; others' {middle:g} mm."
        else:
            kept.append(image)
    return kept
