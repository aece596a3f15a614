"""Mask edits as data. numpy only."""

from napari_medssl.correct.edit import Merge, merge_mask, plan_merge

__all__ = ["Merge", "merge_mask", "plan_merge"]
