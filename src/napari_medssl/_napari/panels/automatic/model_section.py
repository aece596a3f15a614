"""Model: which network, what it knows, and what does not suit the image."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFileDialog

from napari_medssl._napari.panels.section import Section, button, narrow, words
from napari_medssl.io.label_table import unnamed_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.automatic.models import Fact
    from napari_medssl.models.trained import TrainedCard

_FILES = "Models (*.safetensors *.pt *.pth);;All files (*)"
_NONE = (
    "There is no model on this computer yet. Add the file of one that you or somebody else has "
    "trained."
)
_GREY = "color: #9aa4b2;"
_WARNING = "background-color: #5a4a1f; color: #ffe9b0; padding: 6px; border-radius: 3px;"
_SHOWN_CLASSES = 24


class ModelSection(Section):
    """The choice of a model, with its card."""

    model_chosen = Signal(str)
    file_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("1  Model")
        self._model = narrow(QComboBox())
        self._model.setToolTip("A network that was trained to find certain structures by itself")
        self._model.activated.connect(lambda _: self.model_chosen.emit(self._model.currentData()))
        self._add = button("Add a model file…", "A copy is kept; the file stays where it is")
        self._add.clicked.connect(self._ask_file)
        self.add_row(self._model, self._add)
        self._classes = words()
        self._classes.setTextFormat(Qt.TextFormat.RichText)
        self._facts = words(style=_GREY)
        self._facts.setTextFormat(Qt.TextFormat.RichText)
        self._misfits = words(style=_WARNING)
        for part in (self._classes, self._facts, self._misfits):
            self.body.addWidget(part)
        self._misfits.hide()

    def show_models(self, rows: Sequence[tuple[str, str]], current: str) -> None:
        """List the models, name and title, one of them chosen."""
        self._model.clear()
        for name, title in rows:
            self._model.addItem(title, name)
        self._model.setCurrentIndex(self._model.findData(current))
        self._model.setVisible(bool(rows))

    def show_card(self, card: TrainedCard | None, facts: Sequence[Fact]) -> None:
        """Show the classes of the chosen model, and what else is known of it."""
        self._facts.setVisible(card is not None)
        if card is None:
            self._classes.setText(_NONE)
            return
        names = []
        for one in card.classes[:_SHOWN_CLASSES]:
            red, green, blue = one.colour or unnamed_label(one.value).colour
            swatch = f"<span style='color: rgb({red},{green},{blue})'>\N{BLACK SQUARE}</span>"
            names.append(f"{swatch}&nbsp;{escape(one.name).replace(' ', '&nbsp;')}")
        if len(card.classes) > _SHOWN_CLASSES:
            names.append(f"and {len(card.classes) - _SHOWN_CLASSES} more")
        self._classes.setText(f"Finds: {'&nbsp; '.join(names)}")
        lines = [f"<b>{escape(heading)}</b>: {escape(text)}" for heading, text in facts]
        self._facts.setText("<br>".join([*lines, "Research use only. Not a medical device."]))

    def show_misfits(self, sentences: Sequence[str]) -> None:
        """Warn of what does not suit; nothing does where there is none."""
        self._misfits.setText(" ".join(sentences))
        self._misfits.setVisible(bool(sentences))

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Add a model", "", _FILES)
        if path:
            self.file_chosen.emit(path)
