"""Teaching networks from pictures and masks. The plan of a run needs no torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_medssl.finetune.patients import hold_out, patient_of
from napari_medssl.finetune.pictures import Picture, pictures_of
from napari_medssl.finetune.plan import SamPlan

if TYPE_CHECKING:
    from napari_medssl.finetune.sam import finetune_sam as finetune_sam
    from napari_medssl.finetune.sam_result import Tuned as Tuned

_WHERE = {
    "Tuned": "napari_medssl.finetune.sam_result",
    "finetune_sam": "napari_medssl.finetune.sam",
}
__all__ = [
    "Picture",
    "SamPlan",
    "Tuned",
    "finetune_sam",
    "hold_out",
    "patient_of",
    "pictures_of",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: what learns needs torch."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module 'napari_medssl.finetune' has no attribute '{name}'")
