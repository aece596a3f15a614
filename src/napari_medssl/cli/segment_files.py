"""The files that ``medssl segment`` writes for an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.cli.targets import require_free
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_medssl.models.trained import TrainedCard

_PICTURES = (".png", ".jpg", ".jpeg", ".bmp")


@dataclass(frozen=True)
class SegmentFiles:
    """An image and the files that are made of it.

    Parameters
    ----------
    image, mask : Path
        What is read, and what is written.
    probability : Path, optional
        A label's value is put between its name and its ending.
    uncertainty : Path, optional
        One file.
    """

    image: Path
    mask: Path
    probability: Path | None
    uncertainty: Path | None

    @classmethod
    def of(
        cls, image: Path, out: Path, probability: Path | None, doubt: Path | None, *, several: bool
    ) -> SegmentFiles:
        """Choose names: those given for one image, the image's own in folders for several."""
        if not several:
            return cls(image, out, probability, doubt)
        from napari_medssl.io.sidecar import stem

        bare = stem(image.name)
        mask = bare + (".png" if image.suffix.lower() in _PICTURES else ".nii.gz")
        values = f"{bare}.nii.gz"
        return cls(
            image,
            out / mask,
            None if probability is None else probability / values,
            None if doubt is None else doubt / values,
        )

    def probabilities(self, card: TrainedCard) -> list[Path]:
        """Return a file for each of the card's classes, NAME-VALUE.nii.gz; none if not wanted."""
        if self.probability is None:
            return []
        from napari_medssl.io.sidecar import stem

        whole = self.probability.name
        bare = stem(whole)
        ending = whole[len(bare) :]
        return [self.probability.with_name(f"{bare}-{c.value}{ending}") for c in card.classes]

    def targets(self, card: TrainedCard) -> list[Path]:
        """Return every image file that will be written."""
        doubt = [] if self.uncertainty is None else [self.uncertainty]
        return [self.mask, *self.probabilities(card), *doubt]


def images_of(place: Path) -> list[Path]:
    """Return the images that a file or folder stands for.

    A folder of DICOM files is one image, and returned as it is; one that holds images of other
    formats stands for all of them, in the order of their names, without those in folders below.
    """
    from napari_medssl.io.read import suffix_format

    if not place.is_dir():
        return [place]
    files = [file for file in sorted(place.iterdir()) if not file.name.startswith(".")]
    found = [file for file in files if suffix_format(file) not in (None, "dicom")]
    return found or [place]


def require_all_free(files: Sequence[SegmentFiles], card: TrainedCard, *, force: bool) -> None:
    """Find out before the slow part whether all can be written.

    Raises
    ------
    UsageError
        If a file is there already, or two images want the same one.
    SaveError
        If a name says no format that can be saved.
    """
    from napari_medssl.io.write import suffix_of

    wanted_by: dict[Path, Path] = {}
    for one in files:
        for target in one.targets(card):
            if target in wanted_by:
                raise UsageError(
                    f"'{wanted_by[target].name}' and '{one.image.name}', which would both be "
                    f"written to '{target.name}'",
                    do="Run them one by one",
                )
            wanted_by[target] = one.image
            if target != one.mask or target.suffix.lower() != ".dcm":
                suffix_of(target)
            require_free(target, force=force)
