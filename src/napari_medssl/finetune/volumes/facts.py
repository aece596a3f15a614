"""What a set of cases is like: sizes, voxels, grey values and labels; what a plan is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import MedSSLError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_medssl.finetune.volumes.examples import Example, Labelled
    from napari_medssl.volume.geometry import Shape, Triple

_MOST_SAMPLES = 200_000


@dataclass(frozen=True)
class CaseFacts:
    """One case.

    Parameters
    ----------
    id, patient : str
        As `Example` has them.
    modality : str
        ``"CT"``, ``"MR"``, ``"US"``, ``"PT"`` or ``"OT"``.
    shape : (z, y, x)
        Voxels.
    spacing_mm : (z, y, x)
        Distance between neighbours.
    in_colour : bool
        Whether it has three channels.
    extents_mm : mapping of int to (z, y, x)
        Of each label's bounding box.
    grey : tuple of float
        The percentiles 0.5, 50 and 99.5 of the values where something is drawn.
    slice_axis : int
        Axis along which the image was taken slice by slice.
    """

    id: str
    patient: str
    modality: str
    shape: Shape
    spacing_mm: Triple
    in_colour: bool
    extents_mm: Mapping[int, Triple]
    grey: tuple[float, float, float]
    slice_axis: int


@dataclass(frozen=True)
class Survey:
    """All cases that can be learned from.

    Parameters
    ----------
    cases : tuple of CaseFacts
        At least one.
    left_out : mapping of str to str
        Id of a case -> why it cannot be learned from, in a sentence.
    """

    cases: tuple[CaseFacts, ...]
    left_out: Mapping[str, str]

    @property
    def labels(self) -> tuple[int, ...]:
        """Label values that are drawn somewhere, in order."""
        return tuple(sorted({value for case in self.cases for value in case.extents_mm}))

    @property
    def modalities(self) -> tuple[str, ...]:
        """What the images are, in order."""
        return tuple(sorted({case.modality for case in self.cases}))

    def median(self, of: Callable[[CaseFacts], Sequence[float]]) -> tuple[float, float, float]:
        """Return the median over cases of three numbers each."""
        found = np.median([of(case) for case in self.cases], axis=0)
        return float(found[0]), float(found[1]), float(found[2])


def survey(examples: Iterable[Example], told: Callable[[int], None] = lambda _: None) -> Survey:
    """Read every case once; a case that cannot be read is left out, and said why.

    Parameters
    ----------
    examples : iterable of Example
        The cases.
    told : callable
        Is told how many are done.

    Raises
    ------
    UsageError
        If nothing is drawn on any of them.
    """
    cases: list[CaseFacts] = []
    left_out: dict[str, str] = {}
    for done, example in enumerate(examples, 1):
        try:
            facts = case_facts(example.id, example.patient, example.read())
        except MedSSLError as error:
            left_out[example.id] = str(error)
        else:
            if facts.extents_mm:
                cases.append(facts)
            else:
                left_out[example.id] = "Nothing is drawn where somebody looked."
        told(done)
    if not cases:
        why = next(iter(left_out.values()), "there are no cases")
        raise UsageError(
            f"no case to learn from ({len(left_out)} left out; the first: {why.rstrip('.')})",
            expected="at least one with a finished mask",
            do="Outline an organ, and mark the case or some of its slices as done",
        )
    return Survey(tuple(cases), left_out)


def case_facts(case_id: str, patient: str, case: Labelled) -> CaseFacts:
    """Tell what one case is like."""
    geometry, looked = case.volume.geometry, case.looked_at
    labels = case.labels if looked is None else np.where(looked, case.labels, 0)
    array = case.volume.array
    grey = array if array.ndim == 3 else array.mean(axis=0)
    return CaseFacts(
        id=case_id,
        patient=patient,
        modality=case.volume.modality,
        shape=geometry.shape,
        spacing_mm=geometry.spacing_mm,
        in_colour=case.volume.is_rgb,
        extents_mm=_extents(labels, geometry.spacing_mm),
        grey=_grey(grey[labels > 0]),
        slice_axis=case.volume.slice_axis,
    )


def _extents(labels: NDArray[Any], spacing: Triple) -> dict[int, Triple]:
    """Return the sides of each label's box in mm."""
    from scipy.ndimage import find_objects

    found: dict[int, Triple] = {}
    for value, box in enumerate(find_objects(labels.astype(np.int32)), 1):
        if box is not None:
            z, y, x = ((s.stop - s.start) * mm for s, mm in zip(box, spacing, strict=True))
            found[value] = (z, y, x)
    return found


def _grey(values: NDArray[Any]) -> tuple[float, float, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 0.0, 0.0
    some = finite[:: max(1, len(finite) // _MOST_SAMPLES)].astype(float)
    low, middle, high = np.percentile(some, (0.5, 50, 99.5))
    return float(low), float(middle), float(high)
