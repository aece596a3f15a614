"""A record of unforeseen errors that never holds what a patient's file was called.

An exception's message may quote a path or a tag, so only the kind of error and the lines of code
it passed through are kept.
"""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

_MOST_BYTES = 1_000_000


def log_file() -> Path:
    """Return where the record is kept."""
    return Path(platformdirs.user_log_dir("napari-medssl", appauthor=False)) / "medssl.log"


def record_unforeseen(error: BaseException) -> Path | None:
    """Append the kind of an error and where in the code it arose; None if that cannot be done."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z {type(error).__qualname__}"]
    lines += [f"  {'/'.join(Path(f.filename).parts[-3:])}:{f.lineno} {f.name}" for f in frames]
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _MOST_BYTES:
            path.replace(path.with_suffix(".old.log"))
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError:
        return None
    handler.emit(logging.makeLogRecord({"msg": "\n".join(lines)}))
    handler.close()
    return path
