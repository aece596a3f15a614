"""Films decoded again: their frames, their speed, and the mask in its colours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from napari_medssl.errors import MedSSLError, SaveError, UsageError
from napari_medssl.io import LabelInfo
from napari_medssl.io.movie import write_movie
from napari_medssl.io.movie.film import Film
from napari_medssl.io.overlay import Overlay
from napari_medssl.volume import Geometry, Volume, Window

FRAMES = 9
GREEN, BLUE = (0, 190, 60), (40, 80, 255)
LABELS = [LabelInfo(1, "liver", GREEN), LabelInfo(2, "spleen", BLUE)]


def scan(channels: int = 1, **rest: object) -> Volume:
    shape = (24, 20, FRAMES)
    stored = np.random.default_rng(0).integers(0, 40, (channels, *shape)).astype(np.uint8)
    affine = np.diag([1.0, 1.0, 3.0, 1.0])
    return Volume.from_source_array(
        stored if channels > 1 else stored[0],
        Geometry.from_affine(shape, affine),
        name="scan.nii",
        format="nifti",
        **rest,
    )


def mask_of(volume: Volume) -> np.ndarray:
    mask = np.zeros(volume.geometry.shape, np.uint8)
    mask[2:5, 5:15, 2:12] = 1
    mask[6, 5:15, 12:22] = 2
    return mask


def frames_of(path: Path) -> list[np.ndarray]:
    if path.suffix == ".gif":
        with Image.open(path) as film:
            frames = []
            for number in range(film.n_frames):
                film.seek(number)
                frames.append(np.asarray(film.convert("RGB")))
            return frames
    words, raw = decode(path)
    width, height = map(int, re.search(r", (\d+)x(\d+)", words).groups())
    return list(np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3))


def decode(path: Path) -> tuple[str, bytes]:
    """What ffmpeg says of a film, and its raw pixels."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo"]
    done = subprocess.run(
        [*command, "-pix_fmt", "rgb24", "-fps_mode", "passthrough", "-"],
        capture_output=True,
        check=True,
    )
    return done.stderr.decode(errors="replace"), done.stdout


def has_colour(frame: np.ndarray, colour: tuple[int, int, int], rows: int) -> bool:
    """Whether the picture, not the legend below it, holds a colour, nearly."""
    return bool((np.abs(frame[:rows].astype(int) - colour).max(axis=-1) < 45).sum() > 20)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_every_slice_is_a_frame_with_its_mask(tmp_path: Path, suffix: str, channels: int) -> None:
    volume = scan(channels)
    told: list[tuple[int, int]] = []
    path = write_movie(
        volume,
        mask_of(volume),
        tmp_path / f"film{suffix}",
        LABELS,
        size=240,
        window=Window(0, 255),
        progress=lambda done, of: told.append((done, of)),
    )
    frames = frames_of(path)
    assert len(frames) == FRAMES
    assert told == [(n, FRAMES) for n in range(1, FRAMES + 1)]
    assert {frame.shape for frame in frames} == {(200 + 12 + 26 * 2, 480, 3)}
    assert [has_colour(f, GREEN, 200) for f in frames] == [n in (2, 3, 4) for n in range(FRAMES)]
    assert [has_colour(f, BLUE, 200) for f in frames] == [n == 6 for n in range(FRAMES)]


def test_a_gif_shows_what_was_drawn(tmp_path: Path) -> None:
    volume = scan()
    film = Film(Overlay(volume, mask_of(volume), LABELS), 0, 480)
    path = write_movie(volume, mask_of(volume), tmp_path / "film.gif", LABELS)
    for index, frame in enumerate(frames_of(path)):
        away = np.abs(frame.astype(int) - np.asarray(film.frame(index)))
        assert away.mean() < 2.5
        assert np.percentile(away, 99) < 16


def test_words_below_the_picture_do_not_meet() -> None:
    volume = scan()
    frame = np.asarray(Film(Overlay(volume), 2, 64).frame(FRAMES - 1))
    ink = np.flatnonzero((frame[-26:] > 60).any(axis=(0, 2)))
    assert np.diff(ink).max() > 30  # between the slice's number and the footnote
    assert ink.max() < frame.shape[1] - 8


def test_speed(tmp_path: Path) -> None:
    volume = scan()
    path = write_movie(volume, None, tmp_path / "film.gif", seconds=1.8, size=64)
    with Image.open(path) as film:
        assert film.info["duration"] == 200
        assert film.info["loop"] == 0
    cine = scan(stack="time", frame_ms=40.0, orientation_known=False)
    path = write_movie(cine, None, tmp_path / "cine.mp4", size=64)
    words, _ = decode(path)
    assert "Video: h264" in words
    assert "yuv420p" in words
    assert "25 fps" in words
    with Image.open(write_movie(cine, None, tmp_path / "cine.gif", size=64)) as film:
        assert film.info["duration"] == 40


def test_another_plane(tmp_path: Path) -> None:
    volume = scan()
    path = write_movie(volume, mask_of(volume), tmp_path / "film.gif", plane="coronal", size=64)
    assert len(frames_of(path)) == 20


def test_many_labels_share_the_colours_of_a_gif(tmp_path: Path) -> None:
    volume = scan()
    mask = np.zeros(volume.geometry.shape, np.uint8)
    colours = [(5 * n, 255 - 5 * n, (37 * n) % 256) for n in range(40)]
    for n in range(40):
        mask[n % FRAMES, 4 * (n % 5) : 4 * (n % 5) + 4, (n // 5) * 3 : (n // 5) * 3 + 3] = n + 1
    labels = [LabelInfo(n + 1, f"label {n}", colour) for n, colour in enumerate(colours)]
    frames = frames_of(write_movie(volume, mask, tmp_path / "film.gif", labels, size=240))
    assert has_colour(frames[0], colours[0], 200)


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("film.avi", {}, "no format of a film"),
        ("film.gif", {"plane": "oblique"}, "the plane 'oblique'"),
        ("film.gif", {"seconds": 0.01}, "expected 0.2 to 18"),
        ("film.gif", {"seconds": float("nan")}, "nan seconds"),
        ("film.gif", {"size": 5}, "a film of 5 pixels"),
    ],
)
def test_what_cannot_be_filmed_is_told(
    tmp_path: Path, name: str, settings: dict[str, object], said: str
) -> None:
    with pytest.raises((UsageError, SaveError), match=said):
        write_movie(scan(), None, tmp_path / name, **settings)
    assert not any(tmp_path.iterdir())


def test_one_slice_is_no_film(tmp_path: Path) -> None:
    picture = Volume.from_source_array(
        np.zeros((9, 9, 1), np.uint8),
        Geometry.from_affine((9, 9, 1), np.eye(4)),
        name="a.png",
        format="picture",
    )
    with pytest.raises(UsageError, match="one slice in this plane"):
        write_movie(picture, None, tmp_path / "film.gif")


def test_without_the_encoder_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_medssl.io.movie.mp4.find_spec", lambda name: None)
    with pytest.raises(MedSSLError, match=r"napari-medssl\[video\]"):
        write_movie(scan(), None, tmp_path / "film.mp4")


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_an_interrupted_film_leaves_the_old_one(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    path.write_bytes(b"the old one")

    def stop(done: int, of: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_movie(scan(), None, path, size=64, progress=stop)
    assert path.read_bytes() == b"the old one"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".gif", ".mp4"])
def test_a_film_that_does_not_play_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(Film, "__len__", lambda self: FRAMES)
    real, drawn = Film.frame, []

    def fewer(self: Film, index: int) -> Image.Image:
        drawn.append(index)
        return real(self, index)

    monkeypatch.setattr(Film, "frame", fewer)
    module = sys.modules[
        "napari_medssl.io.movie.gif" if suffix == ".gif" else imageio_ffmpeg.__name__
    ]
    if suffix == ".gif":
        monkeypatch.setattr("PIL.GifImagePlugin.getdata", lambda *_, **__: [b"rubbish"])
    else:
        monkeypatch.setattr(module, "count_frames_and_secs", lambda path: (FRAMES - 1, 1.0))
    with pytest.raises(SaveError, match="did not read back"):
        write_movie(scan(), None, tmp_path / f"film{suffix}", size=64)
    assert drawn
    assert not any(tmp_path.iterdir())


def test_memory_does_not_grow_with_the_film(tmp_path: Path) -> None:
    import tracemalloc

    shape = (40, 40, 120)
    volume = Volume.from_source_array(
        np.zeros(shape, np.uint8), Geometry.from_affine(shape, np.eye(4)), name="l", format="made"
    )
    tracemalloc.start()
    write_movie(volume, None, tmp_path / "film.gif", size=400)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    one_frame = 440 * 440 * 3
    assert peak < 25 * one_frame  # 120 frames would be 70 MB
