"""Segmentation networks, one file each. Their cards and this door need no torch."""

from napari_medssl.models.networks.cards import NetworkCard, network_card, network_cards

__all__ = ["NetworkCard", "network_card", "network_cards"]
