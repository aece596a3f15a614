"""How a job on a cluster that shares no folder tells of itself: in marked lines among its output.

Any cluster keeps what a job prints, and hands it out. Events come as they are told, what was made
comes at the end, before the event that says so.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UnreadableFileError
from napari_medssl.jobs.events import EVENTS, EventLog, event_of
from napari_medssl.jobs.files import put_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_medssl.jobs.events import Event
    from napari_medssl.jobs.job import Job

_EVENT, _FILE = "@medssl-event ", "@medssl-file "
_BLOCK = 3 << 18  # bytes a line, as text a third more
_ENDED = ("done", "failed", "cancelled")


def event_line(event: Event) -> str:
    """Return the line that tells an event."""
    return _EVENT + event.as_json()


def file_lines(path: Path) -> Iterator[str]:
    """Yield the lines that carry a file."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    blocks = [data[at : at + _BLOCK] for at in range(0, max(1, len(data)), _BLOCK)]
    for number, block in enumerate(blocks):
        text = base64.b64encode(block).decode()
        told = {"name": path.name, "part": number, "sha256": digest, "data": text}
        yield _FILE + json.dumps(told)


def is_end(event: Event | None) -> bool:
    """Tell whether nothing comes after an event."""
    return event is not None and event.kind == "state" and event.facts.get("state") in _ENDED


def own_words(printed: str) -> str:
    """Return what was printed for people."""
    lines = printed.splitlines(keepends=True)
    return "".join(one for one in lines if not one.startswith((_EVENT, _FILE)))


def take_in(job: Job, printed: str, lines: int) -> int:
    """Put what a job printed into its folder here.

    Parameters
    ----------
    job : Job
        The job.
    printed : str
        All that it printed so far; a last line without an end is left for the next time.
    lines : int
        How many lines with events were taken in before.

    Returns
    -------
    int
        How many now.
    """
    whole = printed[: printed.rfind("\n") + 1].splitlines()
    told = [line.removeprefix(_EVENT) for line in whole if line.startswith(_EVENT)]
    events = [event_of(line) for line in told[lines:]]
    damage = _take_files(job, whole) if any(is_end(event) for event in events) else ""
    log = EventLog(job.folder / EVENTS)
    for event in events:
        if event is not None and is_end(event) and damage:
            log.append("state", state="failed", message=damage)
        elif event is not None:
            log.keep(event)
    log.close()
    return len(told)


def _take_files(job: Job, lines: Sequence[str]) -> str:
    """Write what was made into the artifacts; return in a sentence what was damaged."""
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        if line.startswith(_FILE):
            try:
                told = json.loads(line.removeprefix(_FILE))
                parts.setdefault(str(told["name"]), []).append(told)
            except (ValueError, KeyError, TypeError):
                return "What it made came back damaged. Resume the job to fetch it again."
    for name, blocks in parts.items():
        try:
            data = _joined(name, blocks)
        except (ValueError, KeyError, TypeError, UnreadableFileError):
            return f"'{PurePosixPath(name).name}' came back damaged. Resume the job."
        put_bytes(job.artifacts / name, data)
    return ""


def _joined(name: str, blocks: Sequence[Mapping[str, Any]]) -> bytes:
    if PurePosixPath(name).name != name or "\\" in name or name.startswith("."):
        raise UnreadableFileError(f"a file called '{name}'")
    ordered = sorted(blocks, key=lambda one: int(one["part"]))
    data = b"".join(base64.b64decode(one["data"], validate=True) for one in ordered)
    if hashlib.sha256(data).hexdigest() != ordered[0]["sha256"]:
        raise UnreadableFileError(f"'{name}' is not what was sent")
    return data
