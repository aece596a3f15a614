"""Weights that others made: each layout recognised from its tensors, and made ours or refused."""

from napari_medssl.models.layouts.cards import LayoutCard, layout_cards

__all__ = ["LayoutCard", "layout_cards"]
