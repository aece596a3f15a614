"""A case as it was left: its label map and everything that goes with it."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.correct import Edit, History, Step
from napari_medssl.correct.hand import mark_edit
from napari_medssl.correct.journal import replay, unpack_step
from napari_medssl.errors import GeometryError, UnreadableFileError, UsageError
from napari_medssl.project.cases import read_case, require_case
from napari_medssl.project.steps import BEGINNING, path_to, record, top_of, way_to
from napari_medssl.volume.label_types import smallest_unsigned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_medssl.project.steps import Way
    from napari_medssl.project.store import Store

#: so many steps can be undone in a case that is opened again
UNDOABLE = 200
#: opening a case that takes more than this leaves a snapshot, so that the next time is quick
_MOST_STEPS, _MOST_VOXELS = 200, 100_000_000

_HEAD = np.dtype([("bytes", "<u4"), ("shape", "<u4", 3)])


@dataclass(frozen=True, eq=False)
class CaseState:
    """Where the user stopped.

    Parameters
    ----------
    labels : (z, y, x) unsigned array
        The label map, in the smallest type that holds every value it has or can come to by undo
        and redo.
    history : History
        The steps that can be undone, at least the last 100, and those that can be made again.
    done : set of (axis, index)
        Slices called finished.
    outlines : tuple of mapping
        How each outline came about, of the steps that are not taken back.
    prompts : list
        Prompts not kept yet, as the last step left them.
    view : dict
        Window, plane, slice, what is visible: whatever the window gave to keep.
    """

    labels: NDArray[Any]
    history: History
    done: frozenset[tuple[int, int]]
    outlines: tuple[Mapping[str, Any], ...]
    prompts: list[Any]
    view: dict[str, Any]


def load_state(store: Store, case_id: str) -> tuple[CaseState, int, bool]:
    """Return a case's state, its last step, and whether a snapshot would make it quicker.

    Raises
    ------
    UsageError
        If there is no such case.
    UnreadableFileError
        If a step is damaged.
    """
    number = require_case(store, case_id)
    with store.reading():
        grid = read_case(store, case_id).grid
        way = way_to(store, number, top_of(store, number), undoable=UNDOABLE)
        done = store.rows("SELECT axis, slice FROM done_slice WHERE case_id = ?", number)
        outlines = store.rows("SELECT told FROM outline WHERE case_id = ? ORDER BY id", number)
        view = store.one("SELECT view FROM image_case WHERE id = ?", number)
    labels, history, slow = _rebuild(way, grid.shape)
    state = CaseState(
        labels=labels,
        history=history,
        done=frozenset((row["axis"], row["slice"]) for row in done),
        outlines=tuple(json.loads(row["told"]) for row in outlines),
        prompts=_prompts(way),
        view=json.loads(view),
    )
    return state, way.top, slow


def labels_at(store: Store, case_id: str, top: int) -> tuple[NDArray[Any], list[Any]]:
    """Return the label map after a step, and the prompts it left."""
    number = require_case(store, case_id)
    with store.reading():
        grid, way = read_case(store, case_id).grid, way_to(store, number, top, undoable=0)
    labels, _, _ = _rebuild(way, grid.shape)
    return labels, _prompts(way)


def hand_edited(store: Store, case_id: str, steps: int | None = None) -> NDArray[np.bool_]:
    """Tell which voxels of a case a person changed last.

    Parameters
    ----------
    store : Store
        The project's file.
    case_id : str
        The case.
    steps : int, optional
        Only of its first so many steps.

    Returns
    -------
    (z, y, x) bool array

    Raises
    ------
    UsageError
        If there is no such case.
    UnreadableFileError
        If a step is damaged.
    """
    number = require_case(store, case_id)
    hand = np.zeros(read_case(store, case_id).grid.shape, bool)
    for packed in islice(path_to(store, top_of(store, number)), steps):
        step = unpack_step(packed)
        if step.edit is not None:
            mark_edit(hand, step.edit, by_hand=step.by_hand)
    return hand


def corrected(store: Store, case_id: str) -> NDArray[np.bool_]:
    """Tell which voxels (z, y, x) a person set after something else than a hand had drawn there.

    Where a model, a prompt or a tool was wrong, that is; nothing on a case drawn by hand alone.

    Raises
    ------
    UsageError, UnreadableFileError
        As `hand_edited`.
    """
    number = require_case(store, case_id)
    set_right = np.zeros(read_case(store, case_id).grid.shape, bool)
    by_hand_alone = True
    for packed in path_to(store, top_of(store, number)):
        step = unpack_step(packed)
        by_hand_alone &= step.edit is None or step.by_hand
        if step.edit is not None and not by_hand_alone:
            mark_edit(set_right, step.edit, by_hand=step.by_hand)
    return set_right


def replace_labels(
    store: Store,
    case_id: str,
    session: int,
    wanted: NDArray[Any],
    words: str,
    *,
    prompts: list[Any] | None = None,
    outlines: tuple[Mapping[str, Any], ...] = (),
) -> None:
    """Make ``wanted`` a case's label map, and ``prompts`` its prompts unless None, in one step.

    ``outlines`` tell how outlines in it came about.

    Raises
    ------
    GeometryError
        If it is not of the image's shape.
    UsageError
        If it does not hold labels.
    """
    shape = read_case(store, case_id).grid.shape
    if wanted.shape != shape:
        raise GeometryError(f"a mask of {wanted.shape} voxels", expected=f"{shape}, as the image")
    if wanted.dtype.kind not in "bu":
        raise UsageError(f"a mask of the type {wanted.dtype}", expected="whole numbers from 0")
    number = require_case(store, case_id)
    top = top_of(store, number)
    before, prompts_before = labels_at(store, case_id, top)
    edit = Edit.between(before, wanted.astype(np.uint8) if wanted.dtype == bool else wanted)
    pair = None if prompts in (None, prompts_before) else (prompts_before, prompts)
    if edit is not None or pair is not None or outlines:
        step = Step(words, edit, pair, outlines)
        record(store, number, session, "do", step, on_top_of=top)


def keep_snapshot(store: Store, top: int, labels: NDArray[Any]) -> None:
    """Keep the label map after a step, so that opening need not begin before it."""
    if top == BEGINNING:
        return
    packed = pack_labels(labels)
    with store.transaction() as db:
        db.execute("INSERT OR IGNORE INTO snapshot VALUES (?, ?)", (top, packed))


def pack_labels(labels: NDArray[Any]) -> bytes:
    """Return a label map as bytes; most of it is background, which takes no room."""
    head = np.zeros((), _HEAD)
    head["bytes"], head["shape"] = labels.dtype.itemsize, labels.shape
    body = np.ascontiguousarray(labels, labels.dtype.newbyteorder("<"))
    return head.tobytes() + zlib.compress(body.data, 1)


def unpack_labels(packed: bytes) -> NDArray[Any]:
    """Return the label map that `pack_labels` packed.

    Raises
    ------
    UnreadableFileError
        If the bytes are damaged.
    """
    try:
        head = np.frombuffer(packed, _HEAD, 1)[0]
        shape = tuple(int(n) for n in head["shape"])
        size = int(np.prod(shape, dtype=np.int64)) * int(head["bytes"])
        raw = zlib.decompressobj().decompress(packed[_HEAD.itemsize :], size + 1)
        kind = np.dtype(f"<u{head['bytes']}")
        return (
            np.frombuffer(bytearray(raw), kind)
            .reshape(shape)
            .astype(f"u{head['bytes']}", copy=False)
        )
    except (ValueError, TypeError, zlib.error) as error:
        raise UnreadableFileError("a label map kept in the project is damaged") from error


def _rebuild(way: Way, shape: tuple[int, int, int]) -> tuple[NDArray[Any], History, bool]:
    """Return the label map, the history, and whether that took long."""
    before, after, undone = (
        tuple(map(unpack_step, packed)) for packed in (way.before, way.after, way.undone)
    )
    labels = np.zeros(shape, np.uint8) if way.snapshot is None else unpack_labels(way.snapshot)
    kind = np.result_type(labels.dtype, *map(_kind, (*before, *after, *undone)))
    labels = labels.astype(kind, copy=False)
    done = replay(labels, (("do", step) for step in after)).done
    return labels, History((*before, *done), undone), _slow(after)


def _prompts(way: Way) -> list[Any]:
    prompts = unpack_step(way.prompted).prompts if way.prompted is not None else None
    return list(prompts[1]) if prompts is not None else []


def _kind(step: Step) -> np.dtype[Any]:
    """Return the smallest type that holds the values of a step."""
    if step.edit is None:
        return np.dtype(np.uint8)
    return np.result_type(smallest_unsigned(step.edit.before), smallest_unsigned(step.edit.after))


def _slow(steps: tuple[Step, ...]) -> bool:
    voxels = sum(int(np.prod(s.edit.shape, dtype=np.int64)) for s in steps if s.edit is not None)
    return len(steps) > _MOST_STEPS or voxels > _MOST_VOXELS
