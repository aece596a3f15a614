"""One door for both formats: which slices, how fast, how large."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import SaveError, UsageError
from napari_medssl.io.movie.film import Film
from napari_medssl.io.movie.gif import write_gif
from napari_medssl.io.movie.mp4 import write_mp4
from napari_medssl.io.overlay import Overlay
from napari_medssl.volume.planes import PLANES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_medssl.io.label_table import LabelInfo
    from napari_medssl.volume import Volume, Window

_SECONDS = 8.0
_SLOWEST, _SLOW, _QUICK, _QUICKEST = 0.5, 2.0, 15.0, 50.0  # frames a second
_GIF_SIZE, _MP4_SIZE = 480, 720


def write_movie(
    volume: Volume,
    mask: NDArray[Any] | None,
    path: str | Path,
    labels: Sequence[LabelInfo] = (),
    *,
    plane: str | None = None,
    window: Window | None = None,
    seconds: float | None = None,
    size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Save a film through all slices of an image, or all frames of a cine, with its mask.

    Frames are made and written one by one, whatever the length of the film.

    Parameters
    ----------
    volume : Volume
        The image.
    mask : (z, y, x) array or None
        Labels on its grid.
    path : str or Path
        Target, .gif or .mp4.
    labels : sequence of LabelInfo
        Names and colours.
    plane : {"axial", "coronal", "sagittal"}, optional
        Across which plane to go; the one scanned in, or the frames of a cine, unless given.
    window : Window, optional
        Which values are black to white; the one the image is first shown with unless given.
    seconds : float, optional
        Length of the film. Unless given, a cine runs as fast as it was taken, where the file
        tells, and slices take about eight seconds.
    size : int, optional
        Pixels that the picture of a slice may be wide and high, 64 to 4096; 480 for a GIF and
        720 for an MP4 unless given.
    progress : callable, optional
        Hears how many of how many frames are written.

    Raises
    ------
    UsageError
        If the plane has one slice only, or a setting is out of range.
    SaveError
        If the name says no format of a film, or the file could not be written.
    MedSSLError
        If MP4 is wanted and its encoder is not installed.
    """
    path = Path(path)
    is_gif = path.suffix.lower() == ".gif"
    if not is_gif and path.suffix.lower() != ".mp4":
        raise SaveError(
            f"the name '{path.name}' says no format of a film",
            expected="a name that ends in .gif or .mp4",
        )
    size = size or (_GIF_SIZE if is_gif else _MP4_SIZE)
    if not 64 <= size <= 4096:
        raise UsageError(f"a film of {size} pixels", expected="64 to 4096")
    film = Film(Overlay(volume, mask, labels, window), _axis(volume, plane), size)
    if len(film) == 1:
        raise UsageError(
            f"a film of '{volume.source.name}', which is one slice in this plane",
            expected="several slices",
            do="Choose another plane, or save a report",
        )
    (write_gif if is_gif else write_mp4)(film, path, _rate(film, seconds), progress or _untold)
    return path


def _untold(done: int, of: int) -> None:
    """Nobody wants to hear of progress."""


def _axis(volume: Volume, plane: str | None) -> int:
    if plane is None:
        return volume.slice_axis if volume.frame_axis is None else volume.frame_axis
    if plane not in PLANES:
        raise UsageError(f"the plane '{plane}'", expected=", ".join(PLANES))
    return PLANES[plane]


def _rate(film: Film, seconds: float | None) -> float:
    """Frames a second."""
    volume, count = film.overlay.volume, len(film)
    if seconds is None:
        own = volume.frame_ms if volume.frame_axis == film.axis else None
        if own is not None and _SLOWEST <= 1000 / max(own, 1e-3) <= _QUICKEST:
            return 1000 / own
        return min(max(count / _SECONDS, _SLOW), _QUICK)
    shortest, longest = count / _QUICKEST, count / _SLOWEST
    if not shortest <= seconds <= longest:
        raise UsageError(
            f"{seconds:g} seconds for {count:,} slices", expected=f"{shortest:.1f} to {longest:.0f}"
        )
    return count / seconds
