"""Mask edits as data. numpy and scipy only."""

from napari_medssl.correct.edit import Edit
from napari_medssl.correct.history import History, Step
from napari_medssl.correct.merge import Merge, merge_mask, plan_merge

__all__ = ["Edit", "History", "Merge", "Step", "merge_mask", "plan_merge"]
