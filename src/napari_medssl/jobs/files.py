"""Small files of a job, written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import SaveError, UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def put_json(path: Path, facts: Mapping[str, Any]) -> None:
    """Write plain data; what stood there is replaced at once or stays.

    Raises
    ------
    SaveError
        If the disk is full or may not be written.
    """
    put_bytes(path, (json.dumps(facts, indent=1, ensure_ascii=False) + "\n").encode())


def put_bytes(path: Path, data: bytes) -> None:
    """Write a file; what stood there is replaced at once or stays.

    Raises
    ------
    SaveError
        If the disk is full or may not be written.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
    except OSError as error:
        raise not_saved(error, path) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def get_json(path: Path) -> dict[str, Any]:
    """Read plain data that `put_json` wrote.

    Raises
    ------
    UnreadableFileError
        If the file is missing or damaged.
    """
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFileError(f"'{path.name}' of the job is missing or damaged") from error
    if not isinstance(facts, dict):
        raise UnreadableFileError(f"'{path.name}' of the job is damaged")
    return facts


def not_saved(error: OSError, path: Path) -> SaveError:
    """Say why a file could not be written."""
    why = "the disk is full" if error.errno in _FULL else (error.strerror or "the disk failed")
    return SaveError(
        f"'{path.name}' could not be written: {why.lower()}",
        do="Make room, or choose another folder",
    )
