"""What there is to learn from without masks, looked at without the window; slow, so in a thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari_medssl.errors import MedSSLError
from napari_medssl.finetune import patient_of
from napari_medssl.io import read_volume
from napari_medssl.pretrain.images.survey import ImageFacts, survey_images
from napari_medssl.project.images import find_images
from napari_medssl.project.unlabelled import unlabelled_cases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.pretrain.images.survey import ImageSurvey
    from napari_medssl.project import Project
    from napari_medssl.project.images import FoundImage
    from napari_medssl.volume import Volume

#: images of a folder that are read: the job reads all, which may take long
_SAMPLE = 12


@dataclass(frozen=True, eq=False)
class PretrainLook:
    """What a look found.

    Parameters
    ----------
    count : int
        Images.
    read : int
        How many of them the survey is of.
    survey : ImageSurvey or None
        What they are like; None where there is none to learn from.
    passed_over : tuple of str
        What is no image to learn from, and why, in sentences.
    why_not : str
        Why nothing can be learned, in a sentence; empty where it can.
    """

    count: int = 0
    read: int = 0
    survey: ImageSurvey | None = None
    passed_over: tuple[str, ...] = ()
    why_not: str = ""

    @property
    def usable(self) -> int:
        """How many images there are to learn from, as far as the look can tell."""
        if self.survey is None:
            return 0
        return self.count - (self.read - len(self.survey.images))


@dataclass(frozen=True)
class _Image:
    """An image that is read when the survey wants it."""

    id: str
    path: Path = field(default_factory=Path)
    series: int | None = None

    def read(self) -> Volume:
        return read_volume(self.path, volume=0, series=self.series)


class PretrainReader:
    """Looks at folders and projects, and remembers what is slow to work out; for one thread."""

    def __init__(self) -> None:
        self._marks: dict[Path, dict[str, str]] = {}

    def folder(self, folder: Path) -> PretrainLook:
        """Look at a folder and those below it: all names, and a few images."""
        finds = find_images(folder, None)
        passed = [_masks_words(len(finds.masks))] if finds.masks else []
        passed += [f"{name}: {why}" if name else why for name, why in finds.broken]
        if not finds.images:
            why_not = "There is no image in this folder. Choose one with images, or one above it."
            return PretrainLook(passed_over=tuple(passed), why_not=why_not)
        sample = _spread(finds.images)
        sources = [
            _Image(f"image {number} of the sample ({one.name})", one.path, one.series)
            for number, one in enumerate(sample, 1)  # many patients may have a "T1.nii.gz"
        ]
        return _looked(len(finds.images), sources, {}, passed)

    def project(self, project: Project) -> PretrainLook:
        """Look at the scans of a project, whose table knows what they are like."""
        known = self._marks.setdefault(project.folder, {})
        found = unlabelled_cases(project, patient_of, known)
        passed = [_judging_words(len(found.judging))] if found.judging else []
        if not found.cases:
            why_not = "There is no scan to learn from in this project. Add some to it."
            return PretrainLook(passed_over=tuple(passed), why_not=why_not)
        before = {
            case.id: ImageFacts(
                case.id, case.modality, case.grid.shape, case.grid.spacing_mm, in_colour=False
            )
            for case in found.cases
        }
        return _looked(len(before), [_Image(case) for case in before], before, passed)


def _looked(
    count: int, sources: Sequence[_Image], before: dict[str, ImageFacts], passed: Sequence[str]
) -> PretrainLook:
    try:
        survey = survey_images(sources, before=dict(before))
    except MedSSLError as error:
        return PretrainLook(count, len(sources), None, tuple(passed), str(error))
    left_out = (f"{name}: {why}" for name, why in survey.left_out.items())
    return PretrainLook(count, len(sources), survey, (*passed, *left_out))


def _spread(images: Sequence[FoundImage]) -> list[FoundImage]:
    """Return some images from all over: of a folder the first ones may all be of one kind."""
    count = min(_SAMPLE, len(images))
    return [images[len(images) * n // count] for n in range(count)]


def _masks_words(count: int) -> str:
    some = "1 file is a mask" if count == 1 else f"{count} files are masks"
    return f"{some}, and passed over."


def _judging_words(count: int) -> str:
    some = "1 scan is of patients" if count == 1 else f"{count} scans are of patients"
    return f"{some} who judge models, and left out: a judge is to be new to a network."
