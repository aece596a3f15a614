"""The newest picture that a job has made of how it learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_medssl._napari.panels.section import words

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.jobs.story import Picture


class Preview(QWidget):
    """A picture with its name, no wider than it may be; hidden until there is one.

    Parameters
    ----------
    wide : int
        Pixels.
    """

    def __init__(self, wide: int) -> None:
        super().__init__()
        self._wide = wide
        self._shown: Picture | None = None
        self.picture, self._name = QLabel(), words(style="color: #9aa4b2;")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.picture)
        column.addWidget(self._name)
        self.hide()

    def show_picture(self, picture: Picture | None) -> None:
        """Show another picture, unless it is the same; None hides all."""
        if picture is self._shown:
            return
        self._shown = picture
        self.setVisible(picture is not None)
        if picture is None:
            self.picture.clear()
            return
        rows, columns, _ = picture.pixels.shape
        image = QImage(picture.pixels.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888)
        pixels = QPixmap.fromImage(image)  # a copy: the array may go
        if columns > self._wide:
            smooth = Qt.TransformationMode.SmoothTransformation
            pixels = pixels.scaledToWidth(self._wide, smooth)
        self.picture.setPixmap(pixels)
        self._name.setText(picture.name)
