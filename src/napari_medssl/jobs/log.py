"""What a job and its children print, kept in its folder without the names of folders and files."""

from __future__ import annotations

import os
import re
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_CODE = re.compile(r"[\w-]+[\\/][\w-]+\.py$")
#: a path between quotes, which may hold spaces, or a bare one of at least two parts
_PATH = re.compile(
    r"""(?P<q>['"])(?:[A-Za-z]:)?[\\/][^'"\n]*(?P=q)"""
    r"""|(?<![\w.<>])(?:[A-Za-z]:)?[\\/][^\s'"<>|,;:()\[\]]+[\\/][^\s'"<>|,;:()\[\]]*"""
)
_MOST_BYTES = 20_000_000
_LAST_WORDS_S = 2.0


class LogFile:
    """Takes over a process's standard output and error; its children inherit them.

    Parameters
    ----------
    path : Path
        The log; what is there stays.
    folder : Path
        The job's own folder: names in it are ours, and are kept.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self._own = (str(folder.resolve()), str(folder))
        self._path = path
        self._room = _MOST_BYTES - (path.stat().st_size if path.exists() else 0)
        reading, writing = os.pipe()
        self._out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        os.close(writing)
        # made anew: those there are were made for a file in which one can move about
        sys.stdout = open(1, "w", 1, "utf-8", "replace", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", 1, "utf-8", "replace", closefd=False)  # noqa: SIM115
        self._copying = threading.Thread(target=self._copy, args=(reading,), daemon=True)
        self._copying.start()

    def close(self) -> None:
        """Write what is still on its way; what is printed from here on is lost."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
            stream.flush()
            os.dup2(nowhere, number)
        os.close(nowhere)
        self._copying.join(_LAST_WORDS_S)

    def _copy(self, reading: int) -> None:
        rest = b""
        while block := os.read(reading, 1 << 16):
            *lines, rest = (rest + block).replace(b"\r", b"\n").split(b"\n")
            for line in lines:
                self._put(without_paths(line.decode("utf-8", "replace"), self._own))

    def _put(self, line: str) -> None:
        """Write a line; a full disk, or a log that is long enough, ends no job."""
        data = (line + "\n").encode()
        self._room -= len(data)
        try:
            if self._room > 0:
                os.write(self._out, data)
        except OSError:
            self._room = 0


def without_paths(line: str, own: tuple[str, ...] = ()) -> str:
    """Return a line in which no path tells more than which code, or which file of the job, it is.

    Parameters
    ----------
    line : str
        A line of text.
    own : tuple of str
        Folders whose inside may be named.
    """
    for folder in own:
        line = line.replace(folder + os.sep, "job:").replace(folder, "job:")
    return _PATH.sub(_shortened, line)


def _shortened(found: re.Match[str]) -> str:
    code = _CODE.search(found[0].strip("'\""))
    return code[0] if code else "<path>"
