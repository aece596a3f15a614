"""How: the method in plain words, how long, and the button."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QVBoxLayout, QWidget

from napari_medssl._napari.panels.pretrain.settings import PretrainSettings
from napari_medssl._napari.panels.section import Section, button, form, narrow, say, words
from napari_medssl._napari.panels.segment.engine_section import DEVICES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.pretrain.words import MethodWords
    from napari_medssl.pretrain.settings.setting import Setting

_BEGIN = "Learn from these images"
_TIP = "In the background: it goes on when napari is closed. No mask is needed or changed."
_GREEN = (
    "QPushButton { padding: 7px 2px; font-size: 13px; } QPushButton:enabled "
    "{ background-color: #2f8f4e; color: white; font-weight: bold; }"
)
_GREY = "color: #9aa4b2;"
_RECOMMENDED = "The recommended one"


class PretrainMethodSection(Section):
    """Tells how the user wants it to learn."""

    begin_asked = Signal()
    changed = Signal()

    def __init__(self) -> None:
        super().__init__("2  How")
        self._rows: tuple[tuple[str, str], ...] = ()
        self._method, self._device = narrow(QComboBox()), narrow(QComboBox())
        self._method.setToolTip("How a network can learn without masks")
        for key, title in DEVICES.items():
            self._device.addItem(title, key)
        self._minutes = QDoubleSpinBox()
        self._minutes.setRange(0.5, 7 * 24 * 60)
        self._minutes.setDecimals(1)
        self._minutes.setValue(10)
        self._minutes.setSuffix(" min")
        self._minutes.setToolTip("Longer is often better; you can stop it and keep what it learned")
        self._about, self._why = words(), words()
        self._measured, self._source, self._why_not = (words(style=_GREY) for _ in range(3))
        self._settings = PretrainSettings()
        self._settings.hide()
        unfold = button(
            "Advanced",
            "Network, dimensions, batch, scale, seed, and what the method has itself",
            checkable=True,
        )
        unfold.toggled.connect(self._settings.setVisible)
        self._begin = button(_BEGIN, _TIP)
        self._begin.setStyleSheet(_GREEN)
        self._begin.clicked.connect(self.begin_asked)
        for combo in (self._method, self._device):
            combo.activated.connect(lambda _: self.changed.emit())
        self._minutes.valueChanged.connect(lambda _: self.changed.emit())
        self._settings.changed.connect(self._on_settings)
        rows = {"Method": self._method, "Learns for": self._minutes, "Device": self._device}
        self._how = QWidget()  # goes while it learns
        inside = QVBoxLayout(self._how)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(5)
        told = (self._about, self._why, self._measured, self._source)
        for part in (form(rows), *told, unfold, self._settings):
            inside.addWidget(part)
        for part in (self._how, self._begin, self._why_not):
            self.body.addWidget(part)

    def given(self) -> dict[str, Any]:
        """Return what is set, as `PretrainWishes` takes it."""
        as_printed = self._settings.is_as_printed
        return {
            "method": self._method.currentData() or "",
            "minutes": None if as_printed else self._minutes.value(),
            "device": self._device.currentData(),
            **self._settings.given(),
        }

    def show_methods(self, rows: Sequence[tuple[str, str]], advised: str) -> None:
        """Offer methods by name and title, one of them recommended."""
        title = dict(rows).get(advised)
        first = f"{title} (default)" if title else _RECOMMENDED  # a longer end is cut off
        offered = (("", first), *rows)
        if offered == self._rows:
            return
        self._rows, chosen = offered, self._method.currentData() or ""
        self._method.clear()
        for name, words_ in offered:
            self._method.addItem(words_, name)
        self._method.setCurrentIndex(max(0, self._method.findData(chosen)))

    def show_method(
        self,
        told: MethodWords,
        networks: Sequence[tuple[str, str]],
        settings: Sequence[Setting],
    ) -> None:
        """Say what the chosen method does; offer the networks it can teach, and its settings."""
        say(self._about, told.about)
        say(self._why, told.why)
        say(self._measured, told.measured)
        say(self._source, f"After {told.source}.")
        self._settings.show_networks(networks)
        self._settings.show_settings(settings)

    def show_engines(self, names: Sequence[str]) -> None:
        """Offer engines beyond this machine."""
        self._settings.show_engines(names)

    def show_ready(self, *, may: bool, why_not: str, learns: bool) -> None:
        """Offer to begin, or say why not; while it learns there is nothing to set."""
        self._how.setVisible(not learns)
        self._begin.setEnabled(may)
        self._begin.setToolTip(why_not or _TIP)
        say(self._why_not, why_not)

    def _on_settings(self) -> None:
        self._minutes.setEnabled(not self._settings.is_as_printed)
        self.changed.emit()
