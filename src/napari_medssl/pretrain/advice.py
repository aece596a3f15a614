"""Which method to begin with: by how many images there are, and whether they are flat."""

from __future__ import annotations

from dataclasses import dataclass

from napari_medssl.pretrain.cards import method_card

#: fewer images than this are few, whatever the method
FEW_IMAGES = 20


@dataclass(frozen=True)
class Advice:
    """A method to begin with; what is best for some images only a measurement tells.

    Parameters
    ----------
    method : str
        Key of a `MethodCard`.
    why : str
        In a sentence.
    heed : str
        What speaks against learning from these images at all; empty where nothing does.
    """

    method: str
    why: str
    heed: str = ""


def advised(images: int, *, flat: bool) -> Advice:
    """Recommend a method.

    Parameters
    ----------
    images : int
        How many there are to learn from.
    flat : bool
        Whether they are pictures or single slices.
    """
    heed = ""
    if images < FEW_IMAGES:
        heed = (
            f"{'1 image is' if images == 1 else f'{images} images are'} little: a network may "
            f"learn them by heart. From {FEW_IMAGES} on it is worth a try; images need no masks."
        )
    if flat and images >= method_card("barlow").least_images:
        why = "It is made for small sets of pictures and small batches, and not to collapse."
        return Advice("barlow", why, heed)
    why = "It fills in what is hidden, which cannot collapse, and learns from few images at once."
    return Advice("simmim", why, heed)
