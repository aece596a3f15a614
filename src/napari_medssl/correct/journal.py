"""Steps as bytes, for a journal on the disk, and the way back from them to a label map."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_medssl.correct.edit import Edit
from napari_medssl.correct.history import History, Step
from napari_medssl.errors import UnreadableFileError
from napari_medssl.volume.label_types import smallest_unsigned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

Change = Literal["do", "undo", "redo"]

_MAGIC = b"STEP1"
_HEAD = struct.Struct("<I")


def pack_step(step: Step) -> bytes:
    """Return a step as bytes.

    Raises
    ------
    TypeError
        If its prompts or outlines are not made of lists, mappings, texts and numbers.
    """
    told = _told(step)
    edit = b"" if step.edit is None else step.edit.to_bytes()
    return _MAGIC + _HEAD.pack(len(told)) + told + edit


def unpack_step(packed: bytes) -> Step:
    """Return the step that `pack_step` packed.

    Raises
    ------
    UnreadableFileError
        If the bytes are damaged.
    """
    try:
        if not packed.startswith(_MAGIC):
            raise ValueError
        (length,) = _HEAD.unpack_from(packed, len(_MAGIC))
        start = len(_MAGIC) + _HEAD.size
        told = json.loads(packed[start : start + length].decode("utf-8"))
        words, prompts = str(told["words"]), told["prompts"]
        pair = None if prompts is None else (prompts[0], prompts[1])
        outlines = tuple(told.get("outlines", ()))
    except (ValueError, KeyError, IndexError, TypeError, struct.error) as error:
        raise UnreadableFileError("a step of the history is damaged") from error
    edit = packed[start + length :]
    return Step(words, Edit.from_bytes(edit) if edit else None, pair, outlines)


def fingerprint(step: Step) -> bytes:
    """Return 16 bytes that tell a step from any other, the same on every machine.

    They are taken of what the step means, as its packed form may differ between versions of zlib.
    """
    mark = hashlib.blake2b(_told(step), digest_size=16)
    if step.edit is not None:
        mark.update(np.array([*step.edit.low, *step.edit.shape], "<u4").tobytes())
        mark.update(np.ascontiguousarray(step.edit.bits).data)
        for values in (step.edit.before, step.edit.after):
            least = smallest_unsigned(values)
            mark.update(least.astype(least.dtype.newbyteorder("<"), copy=False).data)
    return mark.digest()


def replay(labels: NDArray[Any], entries: Iterable[tuple[Change, Step]]) -> History:
    """Do, in place, what a journal tells, and return the history it leaves.

    Parameters
    ----------
    labels : (z, y, x) unsigned array
        The label map before the first entry, of a type that holds every value to come.
    entries : sequence of (change, step)
        Oldest first; the step of an undo or a redo is taken from the history, as it was then.

    Raises
    ------
    GeometryError
        If an edit does not fit the label map.
    """
    history = History()
    for change, step in entries:
        if change == "undo":
            undone = history.undo()
            if undone is not None and undone.edit is not None:
                undone.edit.revert(labels)
            continue
        if change == "do":
            history.push(step)
        done = step if change == "do" else history.redo()
        if done is not None and done.edit is not None:
            done.edit.apply(labels)
    return history


def to_json(told: Any) -> str:
    """Return lists, mappings, texts and numbers as JSON; numpy's numbers and arrays become plain.

    Raises
    ------
    TypeError
        If there is anything else in it.
    """

    def plain(value: Any) -> Any:
        if isinstance(value, np.generic | np.ndarray):
            return value.tolist()
        raise TypeError(f"{type(value).__name__} is no plain value")

    return json.dumps(told, sort_keys=True, separators=(",", ":"), default=plain)


def _told(step: Step) -> bytes:
    told: dict[str, Any] = {"words": step.words, "prompts": step.prompts}
    if step.outlines:  # else the fingerprints of steps kept before there were any would change
        told["outlines"] = step.outlines
    return to_json(told).encode("utf-8")
