"""One case from open to an exported DICOM SEG with a real mouse, as pictures, clicks and seconds.

    xvfb-run -a -s "-screen 0 1280x1024x24" python benchmarks/record_case.py DICOM_FOLDER TRUTH \
        --out FRAMES [--every 5]

TRUTH is a mask of the case (RTSTRUCT, SEG, NIfTI): a box around it on every fifth slice stands for
what a clinician sees. Everything else is done as a person does it, through X events that xdotool
sends: a project, the case, boxes, filling between slices, export. Printed are clicks, keys and
seconds, and the Dice of what was exported with the truth. FRAMES gets a picture of each step.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Annotated, Any

import napari
import numpy as np
import typer
from qtpy.QtCore import QObject, QPoint, QTimer, Signal
from qtpy.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QOpenGLWidget,
    QPushButton,
    QTabBar,
    QTableView,
    QWidget,
)

from napari_medssl._napari.torch_beside_mesa import import_triton_by_itself
from napari_medssl.evaluate import dice
from napari_medssl.io import read_labels, read_volume

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE_S = 90.0
_MARGIN = 2


class Stage(QObject):
    """Lets another thread look at the window: each question is answered on Qt's own thread."""

    _asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._asked.connect(lambda call: call())

    def ask(self, question: Callable[[], Any]) -> Any:
        """Return what ``question`` returns, or raise what it raises."""
        answer: list[Any] = []
        ready = Event()

        def reply() -> None:
            try:
                answer.append(question())
            except Exception as error:  # noqa: BLE001 - it belongs to the thread that asked
                answer.append(error)
            ready.set()

        self._asked.emit(reply)
        ready.wait(_PATIENCE_S)
        if isinstance(answer[0], Exception):
            raise answer[0]
        return answer[0]


class Hand:
    """A hand on the mouse and the keyboard, and a camera."""

    def __init__(self, stage: Stage, frames: Path) -> None:
        self._stage = stage
        self._frames = frames
        self._began = monotonic()
        self.clicks = self.keys = self.pictures = 0

    @property
    def seconds(self) -> float:
        """Since the hand began."""
        return monotonic() - self._began

    def click(self, find: Callable[[], QPoint], *, twice: bool = False) -> None:
        """Click the place that ``find`` gives, once it is there."""
        at = self.wait(find)
        self._xdotool("mousemove", at.x(), at.y())
        self._xdotool("click", "--repeat", 2 if twice else 1, "--delay", 80, 1)
        self.clicks += 2 if twice else 1
        sleep(0.4)

    def drag(self, find: Callable[[], tuple[QPoint, QPoint]]) -> None:
        """Press at the first place, let go at the second; counted as one click."""
        start, end = self.wait(find)
        self._xdotool("mousemove", start.x(), start.y(), "mousedown", 1)
        for part in np.linspace(0.2, 1, 5):
            between = start + (end - start) * float(part)
            self._xdotool("mousemove", between.x(), between.y())
            sleep(0.15)  # a hand is no faster
        self._xdotool("mouseup", 1)
        self.clicks += 1
        sleep(0.3)

    def press(self, key: str) -> None:
        """Press one key."""
        self._xdotool("key", key)
        self.keys += 1
        sleep(0.3)

    def paste(self, text: str) -> None:
        """Paste a name over the one that is suggested, and press Enter."""
        sleep(0.5)
        self._stage.ask(lambda: QApplication.clipboard().setText(text))
        for key in ("ctrl+a", "ctrl+v", "Return"):
            self.press(key)

    def wait(self, find: Callable[[], Any]) -> Any:
        """Return what ``find`` returns as soon as it is neither None nor False."""
        until = monotonic() + _PATIENCE_S
        while monotonic() < until:
            found = self._stage.ask(find)
            if found is not None and found is not False:
                return found
            sleep(0.1)
        raise TimeoutError("the window did not show what was waited for")

    def picture(self, words: str) -> None:
        """Keep a picture of the screen under a name that says what was done."""
        self.pictures += 1
        path = self._frames / f"{self.pictures:02d} {words}.png"
        sleep(0.3)
        self._stage.ask(lambda: QApplication.primaryScreen().grabWindow(0).save(str(path)))

    @staticmethod
    def _xdotool(*words: object) -> None:
        tool = shutil.which("xdotool") or "xdotool"
        subprocess.run([tool, *map(str, words)], check=True, capture_output=True)  # noqa: S603


def middle(widget: QWidget) -> QPoint:
    """Return the middle of a widget on the screen."""
    return widget.mapToGlobal(widget.rect().center())


def seen(kind: type[QWidget]) -> list[Any]:
    """Return the widgets of a kind that can be seen and used; those on top come last."""
    every = (w for w in QApplication.allWidgets() if isinstance(w, kind))
    able = [w for w in every if w.isVisible() and w.isEnabled() and not w.visibleRegion().isEmpty()]
    return sorted(able, key=lambda w: isinstance(w.window(), QDialog))


def on(text: str) -> Callable[[], QPoint | None]:
    """Find the button that begins with a text; in a dialog first."""

    def find() -> QPoint | None:
        found = [w for w in seen(QPushButton) if w.text().startswith(text)]
        return middle(found[-1]) if found else None

    return find


def tab(text: str) -> Callable[[], QPoint | None]:
    """Find the tab of a panel."""

    def find() -> QPoint | None:
        for bar in seen(QTabBar):
            for number in range(bar.count()):
                if bar.tabText(number).startswith(text):
                    return bar.mapToGlobal(bar.tabRect(number).center())
        return None

    return find


def choose(hand: Hand, entry: str) -> None:
    """Open the list that has an entry, and choose it."""

    def combo() -> QComboBox | None:
        return next((w for w in seen(QComboBox) if _row(w, entry) >= 0), None)

    def spot() -> QPoint | None:
        found = combo()
        return middle(found) if found is not None else None

    def row() -> QPoint | None:
        found = combo()
        if found is None or not found.view().isVisible():
            return None
        view = found.view()
        place = view.visualRect(view.model().index(_row(found, entry), 0)).center()
        return view.viewport().mapToGlobal(place)

    hand.click(spot)
    hand.click(row)


def _row(combo: QComboBox, entry: str) -> int:
    rows = range(combo.count())
    return next((n for n in rows if combo.itemText(n).strip().startswith(entry)), -1)


def first_case() -> QPoint | None:
    """Find the first line of the list of cases."""
    for view in seen(QTableView):
        if view.model().rowCount():
            place = view.visualRect(view.model().index(0, 0)).center()
            if not place.isNull():
                return view.viewport().mapToGlobal(place)
    return None


class Picture:
    """Where voxels of the axial slice are on the screen."""

    def __init__(self, viewer: napari.Viewer, truth: np.ndarray) -> None:
        self._viewer = viewer
        self._truth = truth

    def turn_to(self, index: int) -> bool:
        """Turn to a slice, as the slider or the arrow keys do; False while nothing is open."""
        if not self._viewer.layers:
            return False
        self._viewer.dims.set_current_step(0, index)
        return True

    def box(self, index: int) -> tuple[QPoint, QPoint]:
        """Two corners around the truth on a slice."""
        rows, cols = np.nonzero(self._truth[index])
        low = (index, rows.min() - _MARGIN, cols.min() - _MARGIN)
        high = (index, rows.max() + _MARGIN, cols.max() + _MARGIN)
        return self._place(low), self._place(high)

    def _place(self, voxel: tuple[int, int, int]) -> QPoint:
        world = np.asarray(self._viewer.layers[0].data_to_world(voxel))[-2:]
        camera = self._viewer.scene.camera
        away = (world - np.asarray(camera.center)[-2:]) * camera.zoom
        return middle(seen(QOpenGLWidget)[0]) + QPoint(round(away[1]), round(away[0]))

    def has_preview(self) -> bool:
        """Whether an outline waits to be kept."""
        found = [la for la in self._viewer.layers if la.name.startswith("Preview")]
        return bool(found) and bool(found[0].data.any())

    def mask(self) -> np.ndarray | None:
        """The mask drawn so far."""
        masks = [la for la in self._viewer.layers if la.name.startswith("Mask")]
        return np.array(masks[-1].data) if masks else None


def work(hand: Hand, picture: Picture, slices: list[int], case: Path, home: Path) -> None:
    """Everything a person does."""
    hand.picture("napari with both panels")
    hand.click(on("New project"))
    hand.paste(str(home / "sarcoma"))
    hand.wait(on("Add folder"))
    hand.click(on("Add folder"))
    hand.paste(str(case))
    hand.wait(first_case)
    hand.picture("a project with one case")
    hand.click(first_case, twice=True)
    hand.wait(lambda: picture.turn_to(slices[0]))
    sleep(3)
    for number, index in enumerate(slices):
        hand.wait(lambda index=index: picture.turn_to(index))
        hand.press("g")
        hand.drag(lambda index=index: picture.box(index))
        hand.wait(picture.has_preview)
        hand.picture(f"box on slice {index}")
        hand.press("k")
        hand.wait(lambda: not picture.has_preview() or None)
        if number == 0:
            hand.picture("outline kept")
    finish(hand, picture, home)


def finish(hand: Hand, picture: Picture, home: Path) -> None:
    """Fill between the outlined slices, and export."""
    hand.click(tab("Segment"))
    drawn = hand.wait(picture.mask)
    hand.click(on("More tools"))
    choose(hand, "Fill between slices")
    hand.click(on("Apply"))
    hand.wait(lambda: bool((picture.mask() > 0).sum() > (drawn > 0).sum()) or None)
    hand.picture("filled between slices")
    hand.click(tab("Project"))
    hand.click(on("Export"))
    choose(hand, "DICOM SEG")
    hand.picture("export as DICOM SEG")
    hand.click(on("Export"))
    hand.paste(str(home / "sarcoma-seg.dcm"))
    hand.wait(on("Open folder"))
    hand.picture("exported")


def main(
    case: Annotated[Path, typer.Argument(help="A DICOM folder.")],
    truth: Annotated[Path, typer.Argument(help="A mask of it.")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")],
    every: Annotated[int, typer.Option(help="A box on every so many slices.")] = 5,
) -> None:
    """Record one case."""
    import_triton_by_itself()
    volume = read_volume(case)
    wanted = read_labels(truth, volume) > 0
    with_truth = np.flatnonzero(wanted.any(axis=(1, 2)))
    slices = sorted({*with_truth[1:-1:every].tolist(), int(with_truth[-2])})
    out.mkdir(parents=True, exist_ok=True)
    viewer = napari.Viewer()
    viewer.window.resize(1270, 980)
    for name in ("Segment", "Project"):
        viewer.window.add_plugin_dock_widget("napari-medssl", name)
    stage = Stage()
    hand, faults = Hand(stage, out), []

    def act() -> None:
        with tempfile.TemporaryDirectory() as home:
            try:
                sleep(2)
                work(hand, Picture(viewer, wanted), slices, case.resolve(), Path(home))
                exported = read_labels(Path(home) / "sarcoma-seg.dcm", volume) > 0
                print(f"{hand.clicks} clicks, {hand.keys} keys, {hand.seconds:.0f} s")
                print(f"boxes on {len(slices)} of {with_truth.size} slices with the object")
                print(f"Dice of the exported SEG with the truth: {dice(exported, wanted):.3f}")
            except Exception as error:  # noqa: BLE001 - whatever it is, the window must close
                faults.append(error)
                hand.picture("not this")
            stage.ask(lambda: QTimer.singleShot(0, viewer.close))

    Thread(target=act).start()
    napari.run()
    if faults:
        raise faults[0]


if __name__ == "__main__":
    typer.run(main)
