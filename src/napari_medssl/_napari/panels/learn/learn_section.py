"""Learn: the one button, what it would learn from, who judges, and settings folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QSpinBox,
    QWidget,
)

from napari_medssl._napari.panels.section import Section, button, form, narrow, say, words
from napari_medssl._napari.panels.segment.engine_section import DEVICES
from napari_medssl._napari.presenters.learn.look import LearnWishes
from napari_medssl.finetune.volumes.protocols import OURS, PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEARN = (
    "QPushButton { padding: 7px 2px; font-size: 13px; } QPushButton:enabled "
    "{ background-color: #2f8f4e; color: white; font-weight: bold; }"
)
_TIP = (
    "A network learns from all that is done, in the background. It replaces nothing: you see how "
    "good it is, and decide."
)
_GREY = "color: #9aa4b2;"
_HEED = "background-color: #5a4a1f; color: #ffe9b0; padding: 6px; border-radius: 3px;"
_BEST, _IN_USE, _NOTHING = "The best that fits", "The model in use", "Nothing (random weights)"
_NARROWEST = 340  # so that no row is cut when more comes


class LearnSection(Section):
    """Tells how the user wants it to learn."""

    learn_asked = Signal()
    wishes_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__("1  Learn")
        self.setMinimumWidth(_NARROWEST)
        self._learn = button("", _TIP)
        self._learn.setStyleSheet(_LEARN)
        self._learn.clicked.connect(self.learn_asked)
        self._why_not, self._sides = words(style=_GREY), words()
        self._warning, self._start_words = words(style=_HEED), words(style=_GREY)
        self._starts: tuple[tuple[str, str], ...] = ()
        self._protocols: tuple[tuple[str, str], ...] = ()
        self._settings = self._make_settings()
        self._advanced = self._make_advanced()
        self._unfold = button(
            "Advanced", "How it is taught, steps, seed, threads, cross-validation", checkable=True
        )
        self._unfold.toggled.connect(self._advanced.setVisible)
        for part in (self._learn, self._why_not, self._sides, self._warning):
            self.body.addWidget(part)
        for part in (self._settings, self._start_words, self._unfold, self._advanced):
            self.body.addWidget(part)
        self.show_plan("", "", "")

    def show_ready(self, text: str, *, may: bool, why_not: str, learns: bool) -> None:
        """Offer to learn, or say why not; while it learns there is nothing to set."""
        if text != self._learn.text():
            self._learn.setText(text)
            self._learn.setMinimumWidth(self._learn.fontMetrics().horizontalAdvance(text) + 16)
        self._learn.setEnabled(may)
        self._learn.setToolTip(why_not or _TIP)
        say(self._why_not, why_not)
        self._settings.setVisible(not learns)
        self._unfold.setVisible(not learns)
        self._advanced.setVisible(self._unfold.isChecked() and not learns)

    def show_plan(self, sides: str, warning: str, start: str) -> None:
        """Say who learns and judges, what to heed, and what it begins with."""
        say(self._sides, sides)
        say(self._warning, warning)
        say(self._start_words, start)

    def show_starts(self, rows: Sequence[tuple[str, str]], *, in_use: bool) -> None:
        """Offer what to begin with: added models by name and title, and the one in use."""
        own = (("current", _IN_USE),) if in_use else ()
        offered = (("auto", _BEST), *own, ("scratch", _NOTHING), *rows)
        if offered == self._starts:
            return
        self._starts, chosen = offered, self._start.currentData()
        self._start.clear()
        for name, title in offered:
            self._start.addItem(title, name)
        self._start.setCurrentIndex(max(0, self._start.findData(chosen)))
        if self._start.currentData() != chosen:
            self._tell()

    def show_protocols(self, rows: Sequence[tuple[str, str]]) -> None:
        """Offer ways to teach by name and title: the first is the usual one."""
        offered = tuple(rows)
        if offered == self._protocols:
            return
        self._protocols, chosen = offered, self._protocol.currentData()
        self._protocol.clear()
        for name, title in offered:
            self._protocol.addItem(title, name)
        self._protocol.setCurrentIndex(max(0, self._protocol.findData(chosen)))
        if self._protocol.currentData() != chosen:
            self._tell()

    def _make_settings(self) -> QWidget:
        self._start, self._minutes = narrow(QComboBox()), QDoubleSpinBox()
        self._start.addItem(_BEST, "auto")
        self._start.setToolTip("What the network knows before it learns from you")
        self._minutes.setRange(0.5, 24 * 60)
        self._minutes.setDecimals(1)
        self._minutes.setValue(10)
        self._minutes.setSuffix(" min")
        self._minutes.setToolTip("Longer is often better; you can stop it and keep the best so far")
        self._device = narrow(QComboBox())
        for key, title in DEVICES.items():
            self._device.addItem(title, key)
        self._start.activated.connect(self._tell)
        self._device.activated.connect(self._tell)
        self._minutes.valueChanged.connect(self._tell)
        rows = {"Begins with": self._start, "Learns for": self._minutes, "Device": self._device}
        return form(rows)

    def _make_advanced(self) -> QWidget:
        self._protocol = narrow(QComboBox())
        self._protocol.addItem(PROTOCOLS[OURS].title, OURS)
        self._protocol.setToolTip(
            "What of the network learns, and how. What it begins with decides what there is: the "
            "way of a paper goes with that paper's network."
        )
        self._protocol.activated.connect(self._tell)
        self._steps, self._seed, self._threads = QSpinBox(), QSpinBox(), QSpinBox()
        self._steps.setRange(0, 1_000_000)
        self._steps.setSpecialValueText("as many as there is time for")
        self._steps.setToolTip("How often weights change; takes the place of the minutes")
        self._seed.setRange(0, 2**31 - 1)
        self._seed.setToolTip("Decides every random draw: the same seed learns the same")
        self._threads.setRange(0, 1024)
        self._threads.setSpecialValueText("all")
        self._threads.setToolTip("Of the processor; fewer leave more to the window")
        self._crossed = QCheckBox("Cross-validate where few can judge")
        self._crossed.setToolTip(
            "Networks learn anew, each without some of the patients, who then judge it: about half "
            "as long again"
        )
        self._crossed.setChecked(True)
        self._crossed.toggled.connect(self._tell)
        for box in (self._steps, self._seed, self._threads):
            box.valueChanged.connect(self._tell)
        rows: dict[str, QWidget] = {"Taught": self._protocol, "Steps": self._steps}
        rows |= {"Seed": self._seed, "Threads": self._threads}
        made = form({**rows, "": self._crossed})
        made.hide()
        return made

    def _tell(self) -> None:
        self.wishes_changed.emit(
            LearnWishes(
                start=self._start.currentData() or "auto",
                minutes=self._minutes.value(),
                steps=self._steps.value() or None,
                device=self._device.currentData(),
                seed=self._seed.value(),
                threads=self._threads.value() or None,
                cross_validate=self._crossed.isChecked(),
                protocol=self._protocol.currentData() or OURS,
            )
        )
