"""What came of it: the newest encoder, where it is, and whether learning begins with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QUrl, Signal
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QCheckBox

from napari_medssl._napari.panels.jobs.run_section import HEED
from napari_medssl._napari.panels.section import Section, button, say, words

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.pretrain.words import EncoderFacts

_GREY = "color: #9aa4b2;"
_OFFERED = (
    "The Learn button begins with it where it fits your cases, unless a model in use has the same "
    "labels; there, 'Begins with' takes another start."
)
_BY_NAME = "The Learn panel offers it under 'Begins with', but does not take it by itself."
_NOT_OFFERED = "The Learn button does not know of it. Its file stays in the folder."


class PretrainResultSection(Section):
    """Hidden until there is an encoder.

    ``came`` tells that a run has left one while the panel was there.
    """

    came = Signal()
    offer_changed = Signal(bool)
    learn_asked = Signal()

    def __init__(self) -> None:
        super().__init__("4  What it learned")
        self._facts: EncoderFacts | None = None
        self._has_looked = False
        self._title, self._about = words(style="font-weight: bold;"), words()
        self._trouble = words(style=HEED)
        self._details, self._where = words(style=_GREY), words(style=_GREY)
        self._offered, self._means = QCheckBox("Use it when learning from masks"), words()
        self._offered.clicked.connect(self.offer_changed)
        self._means.setStyleSheet(_GREY)
        folder = button("Open its folder", "Shows the encoder and its card in the file manager")
        folder.clicked.connect(self._open_folder)
        learn = button("To the Learn panel", "Learn from the cases that are done, beginning there")
        learn.clicked.connect(self.learn_asked)
        for part in (self._title, self._about, self._trouble, self._details, self._where):
            self.body.addWidget(part)
        for part in (self._offered, self._means):
            self.body.addWidget(part)
        self.add_row(folder, learn)
        self.hide()

    def show_encoder(self, facts: EncoderFacts | None) -> None:
        """Show what it is; None: there is none yet."""
        before = self._facts.folder if self._facts is not None else None
        is_new = self._has_looked and facts is not None and facts.folder != before
        self._facts, self._has_looked = facts, True
        self.setVisible(facts is not None)
        if facts is None:
            return
        self._title.setText(facts.title)
        say(self._about, facts.about)
        say(self._trouble, facts.trouble)
        say(self._details, facts.details)
        self._where.setText(f"{facts.file} in the job's folder, with its card.")
        self._where.setToolTip(str(facts.folder))
        self._offered.setChecked(facts.offered)
        offered = _BY_NAME if facts.trouble else _OFFERED
        self._means.setText(offered if facts.offered else _NOT_OFFERED)
        if is_new:
            self.came.emit()

    def _open_folder(self) -> None:
        if self._facts is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._facts.folder)))
