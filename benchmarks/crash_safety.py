"""How much work a crash, or a full disk, takes from a project.

    python benchmarks/crash_safety.py [--kills N] [--full-disks N] [--seed N]

A child process opens a project and paints, prompts, undoes, redoes, marks slices, exports and
closes in a loop; each step is told through a pipe once `Project.record` has returned. It is killed
(SIGKILL) at a random point, its project is opened again, and what is found must equal a plain
model at the last step that was told, or one step later. Then the next child goes on from there.

For the full disk, a child may let its files grow by so many bytes and no more; what was told must
be there afterwards, and what the child was told must be a sentence.
"""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import struct
import tempfile
import time
import traceback
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from napari_medssl.correct import Edit, Step
from napari_medssl.errors import MedSSLError, SaveError
from napari_medssl.io import read_labels, write_labels, write_volume
from napari_medssl.project import create_project, open_project
from napari_medssl.volume import Geometry, Volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_medssl.correct.journal import Change
    from napari_medssl.project import CaseState, Project

CASE = "case-001"
SHAPE = (20, 48, 40)
_EXPORT_EVERY, _CLOSE_EVERY = 5, 9
_COMPARED = 100
_TOLD = struct.Struct("<q")


@dataclass
class Painter:
    """A plain model of one case; the same seed makes the same steps in every process."""

    seed: int = 0
    steps: int = 0
    labels: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(SHAPE, np.uint8))
    prompts: list[Any] = field(default_factory=list)
    done: list[tuple[Step, NDArray[np.uint8]]] = field(default_factory=list)
    undone: list[tuple[Step, NDArray[np.uint8]]] = field(default_factory=list)

    def advance(self) -> tuple[Change, Step]:
        """Make the next step, undo or redo, and return it."""
        draw = np.random.default_rng([self.seed, self.steps])
        self.steps += 1
        kind = draw.random()
        if kind < 0.2 and self.done:
            step, before = self.done.pop()
            self.undone.append((step, self.labels))
            return "undo", self._become(step, before, after=False)
        if kind < 0.35 and self.undone:
            step, after = self.undone.pop()
            self.done.append((step, self.labels))
            return "redo", self._become(step, after, after=True)
        step, after = self._new(draw, prompting=kind > 0.85, large=kind < 0.4)
        self.done.append((step, self.labels))
        self.undone.clear()
        return "do", self._become(step, after, after=True)

    def found_in(self, state: CaseState) -> bool:
        """Tell whether a case that was loaded is just as this model."""
        return (
            np.array_equal(state.labels, self.labels)
            and state.prompts == self.prompts
            and _words(state.history.done) == _words([step for step, _ in self.done])
            and _words(state.history.undone) == _words([step for step, _ in self.undone])
        )

    def _become(self, step: Step, labels: NDArray[np.uint8], *, after: bool) -> Step:
        self.labels = labels
        if step.prompts is not None:
            self.prompts = list(step.prompts[after])
        return step

    def _new(
        self, draw: np.random.Generator, *, prompting: bool, large: bool
    ) -> tuple[Step, NDArray[np.uint8]]:
        words = f"step {self.steps}"
        if prompting:
            point = draw.integers(0, SHAPE).tolist()
            return Step(words, None, (self.prompts, [*self.prompts[-3:], point])), self.labels
        after = self.labels.copy()
        size = [n // 2 for n in SHAPE] if large else (1, 9, 9)
        low = [int(draw.integers(0, n - s)) for n, s in zip(SHAPE, size, strict=True)]
        box = tuple(slice(a, a + s) for a, s in zip(low, size, strict=True))
        brush = draw.random(size) < 0.8
        after[box][brush] = draw.integers(0, 4)
        return Step(words, Edit.between(self.labels, after)), after


@dataclass
class Outcome:
    """What many crashes, or full disks, did."""

    points: int = 0
    told: int = 0
    lost: int = 0
    unreadable: int = 0
    exports_broken: int = 0
    wordless: int = 0

    @property
    def harmless(self) -> bool:
        """Whether nothing was lost, broken, or left without a sentence."""
        return not (self.lost or self.unreadable or self.exports_broken or self.wordless)


def new_project(folder: Path) -> Volume:
    """Make a project of one small image, and return the image."""
    grid = Geometry(SHAPE, (2.0, 1.0, 1.0))
    array = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    made = Volume.from_source_array(array, grid, name="scan.nii", format="made")
    write_volume(made, folder / "scan.nii")
    with create_project(folder / "project") as project:
        project.add(folder / "scan.nii")
        return project.read_image(CASE)


def kill_at_random(folder: Path, points: int, seed: int = 0) -> Outcome:
    """Kill a painting child at so many points; see the beginning of this file."""
    volume, outcome = new_project(folder), Outcome()
    painter, draw = Painter(seed), np.random.default_rng(seed)
    exports = [_digest(painter.labels)]
    write_labels(painter.labels, volume, folder / "mask.nii")
    for _ in range(points):
        told = _run_and_kill(
            lambda tell: _paint(folder, volume, painter, tell),
            after_steps=int(draw.integers(0, 8)),
            after_s=float(draw.random() * 0.01),
        )
        outcome.points += 1
        outcome.told += len(told)
        for _ in told:
            _advance(painter, exports)
        _compare(folder, painter, exports, outcome)
        outcome.exports_broken += _read_and_digest(folder, volume) not in exports
    with open_project(folder / "project") as project:
        outcome.unreadable += bool(project.find_problems())
    return outcome


def fill_the_disk(folder: Path, points: int, seed: int = 0) -> Outcome:
    """Let a painting child run into a full disk at so many sizes of its files."""
    new_project(folder)
    painter, outcome = Painter(seed), Outcome()
    file = folder / "project" / "project.sqlite"
    for point in range(points):
        room = file.stat().st_size + 40_000 + point * 1_777
        told = _run(lambda tell, room=room: _paint_until_full(folder, painter, tell, room))
        outcome.points += 1
        steps = [n for n in told if n >= 0]
        outcome.told += len(steps)
        outcome.wordless += told[-1:] != [-1]
        for _ in steps:
            painter.advance()
        _compare(folder, painter, [], outcome)
    return outcome


def _paint(folder: Path, volume: Volume, painter: Painter, tell: Callable[[int], None]) -> None:
    """Work on the project until killed."""
    while True:
        with open_project(folder / "project") as project:
            project.load(CASE)
            for _ in range(_CLOSE_EVERY):
                _record(project, painter, tell)
                if painter.steps % _EXPORT_EVERY == 0:
                    write_labels(painter.labels, volume, folder / "mask.nii")
                    project.mark_done(CASE, 0, painter.steps % SHAPE[0], True)
                    project.save_view(CASE, {"slice": painter.steps})


def _paint_until_full(
    folder: Path, painter: Painter, tell: Callable[[int], None], most_bytes: int
) -> None:
    """Work on the project until the disk is full; then tell -1 if a sentence said so."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    try:
        with open_project(folder / "project") as project:
            project.load(CASE)
            while True:
                _record(project, painter, tell)
    except SaveError as error:
        if "disk is full" in str(error) and "MB are free" in str(error):
            tell(-1)


def _record(project: Project, painter: Painter, tell: Callable[[int], None]) -> None:
    change, step = painter.advance()
    project.record(CASE, change, step)
    tell(painter.steps)


def _advance(painter: Painter, exports: list[str]) -> None:
    painter.advance()
    if painter.steps % _EXPORT_EVERY == 0:
        exports.append(_digest(painter.labels))


def _compare(folder: Path, painter: Painter, exports: list[str], outcome: Outcome) -> None:
    """Open the project as after a crash; the model takes the one step more, if there is one."""
    try:
        with open_project(folder / "project") as project:
            state = project.load(CASE)
    except MedSSLError:
        outcome.unreadable += 1
        return
    if not painter.found_in(state):
        _advance(painter, exports)
        outcome.lost += not painter.found_in(state)


def _read_and_digest(folder: Path, volume: Volume) -> str:
    """Read the exported mask back; an empty text if it cannot be read."""
    try:
        return _digest(read_labels(folder / "mask.nii", volume))
    except MedSSLError:
        return ""


def _run_and_kill(
    work: Callable[[Callable[[int], None]], None], *, after_steps: int, after_s: float
) -> list[int]:
    """Run ``work`` in a child, kill it so late after so many steps, and return what it told."""
    child, pipe = _fork(work)
    told = bytearray()
    while len(told) < after_steps * _TOLD.size and (more := os.read(pipe, 1 << 16)):
        told += more
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    return _rest(child, pipe, told)


def _run(work: Callable[[Callable[[int], None]], None]) -> list[int]:
    child, pipe = _fork(work)
    return _rest(child, pipe, bytearray())


def _fork(work: Callable[[Callable[[int], None]], None]) -> tuple[int, int]:
    pipe, tell_end = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child runs none of our threads
        child = os.fork()
    if child:
        os.close(tell_end)
        return child, pipe
    try:
        work(lambda number: os.write(tell_end, _TOLD.pack(number)) and None)
    except BaseException:  # noqa: BLE001 - nothing of the parent's may run in the child
        traceback.print_exc()
    finally:
        os._exit(0)


def _rest(child: int, pipe: int, told: bytearray) -> list[int]:
    while more := os.read(pipe, 1 << 16):
        told += more
    os.close(pipe)
    os.waitpid(child, 0)
    return [number for (number,) in _TOLD.iter_unpack(told)]


def _words(steps: Any) -> list[str]:
    return [step.words for step in steps][-_COMPARED:]


def _digest(labels: NDArray[Any]) -> str:
    return hashlib.sha256(labels.astype(np.uint8).tobytes()).hexdigest()


def main(
    kills: Annotated[int, typer.Option(help="How many points to kill at.")] = 240,
    full_disks: Annotated[int, typer.Option(help="How many sizes to fill up to.")] = 40,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Kill, fill, and print what was lost."""
    for words, test, points in (
        ("kill -9", kill_at_random, kills),
        ("full disk", fill_the_disk, full_disks),
    ):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            found = test(Path(folder), points, seed)
            seconds = time.perf_counter() - start
        print(
            f"{words}: {found.points} points, {found.told} acknowledged steps, {found.lost} lost, "
            f"{found.unreadable} unreadable projects, {found.exports_broken} broken exports, "
            f"{found.wordless} without a sentence ({seconds:.0f} s)"
        )


if __name__ == "__main__":
    typer.run(main)
