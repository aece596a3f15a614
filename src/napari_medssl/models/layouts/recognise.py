"""From a file to what it holds: the first layout that knows it says so."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import WeightsError
from napari_medssl.models.checkpoint import read_content
from napari_medssl.models.layouts import nnunet, sam, smit, swin_unetr
from napari_medssl.models.layouts.cards import layout_cards

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.models.layouts.foreign import Foreign

_IN_TURN = (
    nnunet.recognise,
    smit.recognise_student,
    sam.recognise,
    swin_unetr.recognise,
    smit.recognise,
)

_scalar = np.float64(0).__reduce__()[0]
#: beside tensors the known files hold the options of a training script and single numbers
_HARMLESS: Mapping[str, Any] = {
    "argparse.Namespace": argparse.Namespace,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy.dtype": np.dtype,
    **{
        f"numpy.dtypes.{type(np.dtype(kind)).__name__}": type(np.dtype(kind))
        for kind in ("f2", "f4", "f8", "i4", "i8", "?")
    },
}


def read_foreign(path: Path) -> Foreign:
    """Read a file and tell from its tensors what it holds; its name says nothing.

    Raises
    ------
    WeightsError
        If the file cannot be read safely, or is in none of the layouts.
    """
    content = read_content(path, _HARMLESS)
    found = recognise(content) if isinstance(content, Mapping) else None
    if found is None:
        known = ", ".join(card.title for card in layout_cards().values())
        raise WeightsError(
            f"'{path.name}' belongs to none of the networks", expected=f"one of these: {known}"
        )
    return found


def recognise(content: Mapping[str, Any]) -> Foreign | None:
    """Tell what a file's content is; None for nothing that is known."""
    return next((found for tell in _IN_TURN if (found := tell(content))), None)
