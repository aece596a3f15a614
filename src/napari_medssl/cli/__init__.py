"""``medssl ...``: one file a command; the same functions that the window calls."""

from napari_medssl.cli.app import app

__all__ = ["app"]
