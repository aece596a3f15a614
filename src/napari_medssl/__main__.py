"""``python -m napari_medssl`` is the command line."""

from napari_medssl.cli import app

if __name__ == "__main__":
    app()
