"""A hand on the mouse and the keyboard of a real window, and a camera: for recordings."""

from __future__ import annotations

import shutil
import subprocess
from threading import Event, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
from qtpy.QtCore import QObject, QPoint, QTimer, Signal
from qtpy.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QPushButton,
    QTabBar,
    QTableView,
    QWidget,
)

from napari_medssl._napari.before_torch import before_torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_PATIENCE_S, _GLANCE_S = 90.0, 0.3


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

    def click(
        self, find: Callable[[], QPoint], *, twice: bool = False, shift: bool = False
    ) -> None:
        """Click the place that ``find`` gives, once it is there and stands still."""
        at = self._still(find)
        self._xdotool("mousemove", at.x(), at.y())
        held = ("keydown", "shift") if shift else ()
        once = ("click", "--repeat", 2 if twice else 1, "--delay", 80, 1)
        self._xdotool(*held, *once, *(("keyup", "shift") if shift else ()))
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

    def _still(self, find: Callable[[], QPoint]) -> QPoint:
        """Return a place that no longer moves: what was pressed last may change the panel."""
        at, before = self.wait(find), None
        while at != before:
            sleep(_GLANCE_S)
            at, before = self.wait(find), at
        return at

    def wait(self, find: Callable[[], Any], patience_s: float = _PATIENCE_S) -> Any:
        """Return what ``find`` returns as soon as it is neither None nor False."""
        until = monotonic() + patience_s
        while monotonic() < until:
            found = self._stage.ask(find)
            if found is not None and found is not False:
                return found
            sleep(0.1 if patience_s <= _PATIENCE_S else 2)  # to look costs time that learning needs
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


def perform(
    panels: Sequence[str], frames: Path, act: Callable[[napari.Viewer, Hand], None]
) -> None:
    """Open a window with some of our panels, have a hand act in it, and close it.

    Parameters
    ----------
    panels : sequence of str
        Titles of our panels, the last one on top.
    frames : Path
        Folder for the pictures; made if need be.
    act : callable
        Run in another thread. What it raises is raised here, after a last picture.
    """
    before_torch()
    frames.mkdir(parents=True, exist_ok=True)
    viewer = napari.Viewer()
    viewer.window.resize(1270, 980)
    for name in panels:
        viewer.window.add_plugin_dock_widget("napari-medssl", name)
    stage = Stage()
    hand, faults = Hand(stage, frames), []

    def run() -> None:
        try:
            sleep(2)
            act(viewer, hand)
        except Exception as error:  # noqa: BLE001 - whatever it is, the window must close
            faults.append(error)
            hand.picture("not this")
        stage.ask(lambda: QTimer.singleShot(0, viewer.close))

    Thread(target=run).start()
    napari.run()
    if faults:
        raise faults[0]
