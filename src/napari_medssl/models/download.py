"""Downloading one large file: a connection that breaks off costs nothing of what has come."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from napari_medssl.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from requests import Response

_CHUNK = 1 << 16
_TIMEOUT_S = (15.0, 60.0)  # to connect, and between two chunks
#: times in a row that a connection may break off without having brought anything new
_VAIN_ATTEMPTS = 2
_PARTIAL, _NOTHING_MORE = 206, 416


class Progress(Protocol):
    """What shows how far a download is."""

    total: int

    def update(self, more_bytes: int) -> None:
        """Tell of bytes that have come in."""

    def reset(self) -> None:
        """Begin again at nothing."""

    def close(self) -> None:
        """Be done."""


class Silent:
    """A `Progress` that shows nothing."""

    total = 0

    def update(self, more_bytes: int) -> None:
        """Say nothing."""

    def reset(self) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Say nothing."""


def download(url: str, part: Path, size: int, progress: Progress | None = None) -> None:
    """Bring a file's bytes into `part`, going on from those that are there already.

    Parameters
    ----------
    url : str
        Where the file is.
    part : Path
        Grows as bytes come, and is left as it is when the connection breaks off for good.
    size : int
        Bytes of the whole file; not one more is taken.
    progress : Progress, optional
        Told of every chunk, those of earlier attempts too.

    Raises
    ------
    WeightsError
        If the file could not be had whole.
    """
    from requests import RequestException

    shown = progress or Silent()
    shown.total = size
    shown.update(length := _length(part))
    furthest, vain = length, 0
    while length < size and vain < _VAIN_ATTEMPTS:
        with suppress(RequestException):  # the count of bytes says whether to try again
            _go_on(url, part, size, shown)
        length = _length(part)
        vain = 0 if length > furthest else vain + 1
        furthest = max(furthest, length)
    shown.close()
    if length < size:
        raise WeightsError(
            f"the download broke off after {length / 1e6:,.1f} of {size / 1e6:,.1f} MB",
            do="Run the same command again: it goes on from there",
        )


def _go_on(url: str, part: Path, size: int, progress: Progress) -> None:
    """Ask for what is missing; a server that gives the whole file again is taken from the start."""
    import requests

    begin = _length(part)
    headers = {"Accept-Encoding": "identity"}
    if begin:
        headers["Range"] = f"bytes={begin}-"
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
        if answer.status_code == _NOTHING_MORE:
            part.unlink(missing_ok=True)
            progress.reset()
            return
        answer.raise_for_status()
        going_on = begin > 0 and _begins_at(answer) == begin
        if begin and not going_on:
            progress.reset()
            begin = 0
        with part.open("ab" if going_on else "wb") as stream:
            for chunk in answer.iter_content(_CHUNK):
                wanted = chunk[: size - begin]
                stream.write(wanted)
                progress.update(len(wanted))
                begin += len(wanted)
                if begin >= size:
                    return


def _begins_at(answer: Response) -> int | None:
    """Return the first byte that an answer carries, None if it does not say."""
    if answer.status_code != _PARTIAL:
        return None
    said = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(said[1]) if said else None


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
