"""Networks and their weights. The registry and the weights' files need no torch."""

from napari_medssl.models.registry import ModelCard, model_card, model_cards

__all__ = ["ModelCard", "model_card", "model_cards"]
