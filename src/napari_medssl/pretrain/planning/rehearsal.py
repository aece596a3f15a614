"""Whether what is wanted makes sense at all: tried on made-up images before any is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.images.survey import ImageFacts, ImageSurvey
from napari_medssl.pretrain.method import method_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_medssl.pretrain.plan import PretrainPlan
    from napari_medssl.volume.geometry import Shape

#: so many that no method finds them too few
_MANY = 1000
#: by the dimensions in which a network sees them
_SHAPES: Mapping[int, tuple[Shape, ...]] = {
    2: ((1, 96, 96), (1, 144, 160)),
    3: ((96, 96, 96), (144, 176, 160)),
}


def rehearse(plan_of: Callable[[ImageSurvey], PretrainPlan], dimensions: int | None) -> None:
    """Build a method once, so that what cannot be is said before thousands of images are read.

    What is refused of images of any shape, in the same words, has nothing to do with them.

    Parameters
    ----------
    plan_of : callable
        Makes the plan for images that are like that.
    dimensions : int or None
        In which it is to learn, where that is known.

    Raises
    ------
    UsageError
        If it cannot be, whatever the images.
    """
    first: UsageError | None = None
    for shape in _SHAPES[dimensions] if dimensions else (*_SHAPES[3], *_SHAPES[2]):
        trouble = _trouble(plan_of, shape)
        if trouble is None or (first is not None and str(trouble) != str(first)):
            return
        first = trouble
    if first is not None:
        raise first


def _trouble(plan_of: Callable[[ImageSurvey], PretrainPlan], shape: Shape) -> UsageError | None:
    image = ImageFacts("made up", "OT", shape, (1.0, 1.0, 1.0), in_colour=False)
    try:
        method_for(plan_of(ImageSurvey((image,) * _MANY, {})), "cpu")
    except UsageError as error:
        return error
    return None
