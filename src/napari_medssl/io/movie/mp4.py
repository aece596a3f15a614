"""MP4: small and smooth; H.264 with the colours that every player and slide program shows."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from napari_medssl.errors import MedSSLError, UnreadableFileError
from napari_medssl.io.atomic import atomic_write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_medssl.io.movie.film import Film


def write_mp4(film: Film, path: Path, rate: float, progress: Callable[[int, int], None]) -> None:
    """Write ``rate`` frames a second, one by one.

    Raises
    ------
    MedSSLError
        If the encoder is not installed.
    SaveError
        If the file could not be written, or does not play to its end.
    """
    if find_spec("imageio_ffmpeg") is None:
        raise MedSSLError(
            "MP4 films need an encoder that is not installed",
            do="Install 'napari-medssl[video]', or choose a name that ends in .gif",
        )
    import imageio_ffmpeg

    size = film.frame(0).size

    def write(part: Path) -> None:
        stream = imageio_ffmpeg.write_frames(
            str(part),
            size,
            fps=rate,
            codec="libx264",
            pix_fmt_out="yuv420p",
            quality=7,
            macro_block_size=2,
            ffmpeg_log_level="error",
            output_params=["-preset", "faster", "-movflags", "+faststart"],
        )
        stream.send(None)
        try:
            for index in range(len(film)):
                stream.send(film.frame(index).tobytes())
                progress(index + 1, len(film))
        finally:
            stream.close()

    def verify(part: Path) -> None:
        try:
            frames, _ = imageio_ffmpeg.count_frames_and_secs(str(part))
        except RuntimeError as error:
            raise UnreadableFileError(f"'{path.name}' does not play") from error
        if frames != len(film):
            raise UnreadableFileError(f"'{path.name}' is not whole")

    atomic_write(path, write, verify)
