"""A film through all slices of an image, or all frames of a cine, with its mask."""

from napari_medssl.io.movie.write import write_movie

__all__ = ["write_movie"]
