"""What every dock of ours has: a place in the window, threads, a clock, and a way to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_medssl._napari.panels.docks import panels_beside, share_tab
from napari_medssl._napari.panels.section import Scroll, separator, words
from napari_medssl._napari.panels.status_section import StatusSection
from napari_medssl._napari.threads import WorkThread

if TYPE_CHECKING:
    from collections.abc import Callable

_FOOTER = "Research use only. Not a medical device."
#: a look at many jobs takes milliseconds, and what is told is seldom told more often
_LOOK_EVERY_MS = 1000


class DockPanel(QWidget):
    """A dock of one viewer, which gives everything back when it is closed.

    A panel lays itself out, makes its presenter with threads of `thread`, and says in `on_shown`
    and `on_release` what is its own.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer, or the proxy that napari hands to some widgets.
    parent : QWidget, optional
        Qt's parent.
    """

    #: panels of whose docks this one becomes a tab: of the first kind that is there
    beside: ClassVar[tuple[type[QWidget], ...]] = ()

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # layers from napari's proxy are new objects each time; we use public names only, so the
        # viewer behind it serves
        self.viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        self.status = StatusSection()
        self._threads: list[WorkThread] = []
        self._clock = QTimer(self)
        self._released = False

    def on_shown(self) -> None:
        """React to the dock being shown; nothing, unless a panel has something to do."""

    def on_release(self) -> None:
        """Settle what is under way, before the threads are gone."""

    def thread_of_its_own(self) -> WorkThread:
        """Make a thread that ends with the panel."""
        made = WorkThread()
        self._threads.append(made)
        self.destroyed.connect(made.close)  # a window that closes says nothing else to us
        return made

    def every_second(self, look: Callable[[], None]) -> None:
        """Call about once a second from now on."""
        self._clock.timeout.connect(look)
        self._clock.start(_LOOK_EVERY_MS)

    def release(self) -> None:
        """Give events and threads back, once; masks, layers and jobs stay as they are."""
        if not self._released:
            self._released = True
            self._clock.stop()
            self.on_release()
            for thread in self._threads:
                thread.close()

    def event(self, event: QEvent) -> bool:
        """Release everything when the dock closes: napari takes the panel out, unclosed."""
        gone = event.type() == QEvent.Type.ParentChange and self.parent() is None
        if gone or event.type() == QEvent.Type.Close:
            self.release()
        elif event.type() == QEvent.Type.Show:
            self._share_tab()
            self.on_shown()
        return bool(super().event(event))

    def lay_out(
        self,
        *parts: QWidget,
        title: str = "",
        head: QWidget | None = None,
        separated: bool = True,
        footer: bool = True,
    ) -> Scroll:
        """Put parts above each other where they scroll, and the status line below them.

        Parameters
        ----------
        *parts : QWidget
            From top to bottom.
        title : str
            What the panel is for.
        head : QWidget, optional
            Stays above what scrolls; below the title then.
        separated : bool
            Whether there is a line between parts.
        footer : bool
            Whether the panel ends with what it is not for.
        """
        heading = [words(title, style="font-size: 14px;")] if title else []
        inside = [*([] if head is not None else heading), *parts]
        between = [separator() for _ in inside[1:]] if separated else []
        scroll = Scroll(_column((6, 4, 6, 4), 6, *_alternate(inside, between), stretch=True))
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 4 if head is not None else 0, 0, 0)
        outside.setSpacing(4)
        if head is not None:
            outside.addWidget(_column((6, 0, 6, 0), 6, *heading, head, separator()))
        outside.addWidget(scroll, 1)
        foot = [words(_FOOTER, style="color: #9aa4b2; font-size: 11px;")] if footer else []
        outside.addWidget(_column((6, 0, 6, 4), 6, self.status, *foot))
        return scroll

    def _share_tab(self) -> None:
        there = (kind for kind in self.beside if panels_beside(self, kind))
        kind = next(there, None)
        if kind is not None:
            share_tab(self, kind)


def _column(
    margins: tuple[int, int, int, int], spacing: int, *parts: QWidget, stretch: bool = False
) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(*margins)
    column.setSpacing(spacing)
    for part in parts:
        column.addWidget(part)
    if stretch:
        column.addStretch(1)
    return made


def _alternate(parts: list[QWidget], between: list[QWidget]) -> list[QWidget]:
    """Put a line between each part and the next, where there are lines."""
    if not between:
        return parts
    pairs = zip(between, parts[1:], strict=True)
    return [parts[0], *(one for pair in pairs for one in pair)]
