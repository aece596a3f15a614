"""Asking before something is done that cannot simply be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget


def ask(parent: QWidget, question: str, text: str, yes: str, do: Callable[[], None]) -> None:
    """Ask, and do it if the user agrees; the window goes on meanwhile.

    Parameters
    ----------
    parent : QWidget
        In whose window it is asked.
    question, text : str
        What, and what comes of it.
    yes : str
        What the button says that agrees; the other one, Cancel, is what Enter means.
    do : callable
        Called if the user agrees.
    """
    box = QMessageBox(QMessageBox.Icon.Question, "MedSSL", question, parent=parent)
    box.setInformativeText(text)
    agreed = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    agreed.clicked.connect(do)
    box.open()
