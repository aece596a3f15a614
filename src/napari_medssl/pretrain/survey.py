"""What a set of unlabelled images is like: kinds, sizes, voxels; what a plan is made from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import MedSSLError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_medssl.pretrain.images import Source
    from napari_medssl.volume.geometry import Shape, Triple

#: spacings that differ by more than this factor are of two kinds
_APART = 4.0


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
    sources: Sequence[Source], told: Callable[[int], None] = lambda _: None
) -> ImageSurvey:
    """Read every image once; one that cannot be read is left out, and said why.

    Of several kinds of images the most frequent one is kept: a network learns one kind better,
    and the others are named.

    Raises
    ------
    UsageError
        If none can be read.
    """
    found: list[ImageFacts] = []
    left_out: dict[str, str] = {}
    for done, source in enumerate(sources, 1):
        try:
            volume = source.read()
        except MedSSLError as error:
            left_out[source.id] = str(error)
        else:
            geometry = volume.geometry
            found.append(
                ImageFacts(
                    source.id,
                    volume.modality,
                    geometry.shape,
                    geometry.spacing_mm,
                    volume.is_rgb,
                )
            )
        told(done)
    if not found:
        why = next(iter(left_out.values()), "there are none")
        raise UsageError(
            f"no image to learn from ({len(left_out)} left out; the first: {why.rstrip('.')})",
            expected="a folder of images that 'medssl info' can read",
        )
    kept = _of_one_kind(found, left_out)
    return ImageSurvey(tuple(kept), left_out)


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
