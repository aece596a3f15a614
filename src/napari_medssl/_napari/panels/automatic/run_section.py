"""Run: on this image or on all cases, how, how far it is, and the stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QMessageBox,
    QSpinBox,
    QWidget,
)

from napari_medssl._napari.panels.progress_row import ProgressRow
from napari_medssl._napari.panels.section import Section, button, narrow
from napari_medssl._napari.panels.segment.engine_section import DEVICES
from napari_medssl._napari.presenters.automatic.run import RunSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 3
_ALL = (
    "All cases of the project that are not done get a proposal that waits for you. It goes on in "
    "the background, even when napari is closed."
)
_BUSY = "A model runs on the cases of this project already"
_RUN = (
    "QPushButton { padding: 4px 2px; } QPushButton:enabled "
    "{ background-color: #2f8f4e; color: white; font-weight: bold; }"
)


class RunSection(Section):
    """Buttons that run, a bar with a stop for each, and settings folded away."""

    run_asked = Signal()
    all_asked = Signal(bool)
    stop_asked = Signal()
    stop_all_asked = Signal()
    settings_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__("2  Run")
        self._here = button("Run on this image", "Nothing in the mask changes until you accept")
        self._here.setStyleSheet(_RUN)
        self._all = button("Run on all cases", "")
        self._anyway = QCheckBox("Also cases that do not suit the model")
        self._anyway.setToolTip("Off: cases of another modality or voxel size are left out")
        self._here.clicked.connect(self.run_asked)
        self._all.clicked.connect(lambda: self.all_asked.emit(self._anyway.isChecked()))
        self.add_row(self._here, self._all)
        self.body.addWidget(self._anyway)
        self._far = ProgressRow("Ends after the part in hand; nothing is changed")
        self._far.stop_asked.connect(self.stop_asked)
        self._job = ProgressRow("Ends after the part in hand; finished cases stay")
        self._job.stop_asked.connect(self.stop_all_asked)
        self.body.addWidget(self._far)
        self.body.addWidget(self._job)
        self._folded = self._advanced()
        unfold = button("Advanced", "Overlap, flips, small parts, uncertainty", checkable=True)
        unfold.toggled.connect(self._folded.setVisible)
        self.body.addWidget(unfold)
        self.body.addWidget(self._folded)
        self.show_ready(here=False, unfit=False, flips=False)
        self.show_cases(0, busy=False)

    def show_ready(self, *, here: bool, unfit: bool, flips: bool) -> None:
        """Offer to run on the image in hand; allow flips."""
        self._far.setVisible(False)
        self._here.setEnabled(here)
        self._here.setText("Run anyway" if unfit else "Run on this image")
        self._allow_flips(flips)

    def show_running(self, text: str, done: int, total: int) -> None:
        """Show how far it is; a total of 0 is not known yet."""
        self._here.setEnabled(False)
        self._far.show_far(text, done, total)

    def show_cases(self, cases: int, *, busy: bool) -> None:
        """Offer to run on so many cases of a project, unless that is being done."""
        for part in (self._all, self._anyway):
            part.setVisible(cases > 0)
            part.setEnabled(not busy)
        self._all.setText("Run on 1 case" if cases == 1 else f"Run on {cases} cases")
        self._all.setToolTip(_BUSY if busy else _ALL)

    def show_job(self, text: str, done: int, total: int, *, may_stop: bool) -> None:
        """Show how far the job is; a total of 0 is not known yet."""
        self._job.show_far(f"All cases: {text}", done, total, may_stop=may_stop)

    def show_no_job(self) -> None:
        """No job runs on the project."""
        self._job.setVisible(False)

    def show_report(self, text: str, left_out: Sequence[str]) -> None:
        """Show what came of a run on a project and, a line each, what was left out and why."""
        if not left_out:
            return
        box = QMessageBox(QMessageBox.Icon.Information, "Run on all cases", text, parent=self)
        box.setInformativeText("\n".join(left_out[:_SHOWN]))
        if len(left_out) > _SHOWN:
            box.setDetailedText("\n".join(left_out))
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _allow_flips(self, allowed: bool) -> None:
        self._flips.setEnabled(allowed)
        self._flips.setToolTip(
            "Averages with the mirror image: twice as slow, often somewhat more exact"
            if allowed
            else "Not for this model: it tells left from right, or its card does not say"
        )

    def _advanced(self) -> QWidget:
        inside = QWidget()
        form = QFormLayout(inside)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(4)
        self._overlap = QSpinBox()
        self._overlap.setRange(0, 80)
        self._overlap.setSingleStep(5)
        self._overlap.setSuffix(" %")
        self._overlap.setValue(50)
        self._overlap.setToolTip("Part of a window that its neighbour sees too; more is slower")
        self._least = QDoubleSpinBox()
        self._least.setRange(0, 1000)
        self._least.setDecimals(2)
        self._least.setSuffix(" ml")
        self._least.setToolTip("Parts of a label that are smaller than this are left out")
        self._flips = QCheckBox("Average with the mirror image")
        self._largest = QCheckBox("Only the largest part of each label")
        self._largest.setToolTip("Islands beside it go; not for structures of several parts")
        self._unsure = QCheckBox("Show where the model is unsure")
        self._unsure.setToolTip("A heat map of 0 to 100 percent; takes some memory")
        self._device = narrow(QComboBox())
        for key, title in DEVICES.items():
            self._device.addItem(title, key)
        form.addRow("Overlap", self._overlap)
        form.addRow("Smallest part", self._least)
        form.addRow("Device", self._device)
        for box in (self._flips, self._largest, self._unsure):
            form.addRow(box)
            box.toggled.connect(self._tell)
        self._overlap.valueChanged.connect(self._tell)
        self._least.valueChanged.connect(self._tell)
        self._device.activated.connect(self._tell)
        inside.setVisible(False)
        return inside

    def _tell(self) -> None:
        self.settings_changed.emit(
            RunSettings(
                overlap=self._overlap.value() / 100,
                flips=self._flips.isChecked(),
                keep_largest=self._largest.isChecked(),
                min_ml=self._least.value(),
                uncertainty=self._unsure.isChecked(),
                device=self._device.currentData(),
            )
        )
