"""Masks that an image gives of itself, for MedSASS: thresholds, and which side of them is meant."""
