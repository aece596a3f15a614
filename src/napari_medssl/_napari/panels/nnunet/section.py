"""nnU-Net from top to bottom: the cases, the configurations, the settings, the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QProgressBar, QVBoxLayout, QWidget

from napari_medssl._napari.panels.nnunet.settings import NnunetSettingsForm
from napari_medssl._napari.panels.section import Section, button, narrow, separator, words
from napari_medssl._napari.presenters.nnunet.words import configuration_words
from napari_medssl.finetune.nnunet.configurations import TITLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.finetune.nnunet.configurations import Configuration

_GREY = "color: #9aa4b2;"
_NARROWEST = 340  # so that no row is cut when the configurations come
_TRAIN = (
    "QPushButton { padding: 4px 2px; } QPushButton:enabled "
    "{ background-color: #2f8f4e; color: white; font-weight: bold; }"
)


class NnunetSection(QWidget):
    """Tells what is asked for, and shows what there is."""

    settings_changed = Signal(object, bool)
    plan_asked = Signal()
    train_asked = Signal()
    jobs_asked = Signal()
    take_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(_NARROWEST)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._shown: tuple[Configuration, ...] = ()
        self._add_cases()
        self._add_configurations()
        self._add_run()

    def tell(self) -> None:
        """Tell what is asked for now."""
        given = self._form.given()
        given["configurations"] = tuple(
            name for name, box in self._boxes.items() if box.isEnabled() and box.isChecked()
        )
        self.settings_changed.emit(given, bool(self._which.currentData()))

    def show_place(self, text: str, *, may_plan: bool) -> None:
        """Say on which cases it would be trained, or what is missing."""
        self._place.setText(text)
        self._plan.setEnabled(may_plan)

    def show_plan(
        self,
        configurations: Sequence[Configuration],
        devices: Sequence[tuple[str, str]],
        text: str,
    ) -> None:
        """Offer nnU-Net's configurations, and the devices to train on; none: not planned yet."""
        self._planned.setText(text)
        self._planned.setVisible(bool(text))
        if tuple(configurations) == self._shown:
            return
        self._shown = tuple(configurations)
        self._choice.setVisible(bool(configurations))
        for one in configurations:
            told = configuration_words(one)
            box, line = self._boxes[one.name], self._lines[one.name]
            box.setEnabled(one.is_made)
            box.setChecked(one.is_made)
            box.setToolTip(told)
            line.setText(told)
            line.setToolTip(told)
        self._form.show_devices(devices)
        self.tell()

    def show_effort(self, text: str, *, may_train: bool) -> None:
        """Say how much is asked for, and whether it can be."""
        self._effort.setText(text)
        self._train.setEnabled(may_train)

    def show_run(self, text: str, *, far: int | None, may_take: bool) -> None:
        """Say how the project's last run is: thousandths that are finished, if told."""
        self._run.setText(text)
        self._bar.setVisible(far is not None)
        self._bar.setValue(far or 0)
        self._take.setVisible(may_take)

    def _add_cases(self) -> None:
        section = Section("1  Cases")
        self._place = words()
        self._which = narrow(QComboBox())
        self._which.addItem("Done cases only", False)
        self._which.addItem("All outlined cases", True)
        self._which.setToolTip("Which cases it is trained on")
        self._which.activated.connect(self.tell)
        self._plan = button("Look at the cases", "nnU-Net decides on its networks; in a job")
        self._plan.clicked.connect(self.plan_asked)
        section.body.addWidget(self._place)
        section.add_row(self._which, self._plan)
        self._planned = words(style=_GREY)
        section.body.addWidget(self._planned)
        self._column.addWidget(separator())
        self._column.addWidget(section)

    def _add_configurations(self) -> None:
        self._choice = Section("2  Configurations")
        self._boxes = {name: QCheckBox(name) for name in TITLES}
        self._lines = {name: words(style=f"{_GREY} padding-left: 22px;") for name in TITLES}
        for name, box in self._boxes.items():
            box.toggled.connect(self.tell)
            self._choice.body.addWidget(box)
            self._choice.body.addWidget(self._lines[name])
        self._form = NnunetSettingsForm()
        self._form.changed.connect(self.tell)
        self._form.hide()
        unfold = button("Settings", "Folds, epochs, memory, encoder, device", checkable=True)
        unfold.toggled.connect(self._form.setVisible)
        self._effort = words()
        self._train = button("Train", "In the background: it goes on when napari is closed")
        self._train.setStyleSheet(_TRAIN)
        self._train.clicked.connect(self.train_asked)
        for part in (unfold, self._form, self._effort, self._train):
            self._choice.body.addWidget(part)
        self._choice.body.addWidget(separator())  # goes when it is hidden
        self._choice.hide()
        self._column.addWidget(separator())
        self._column.addWidget(self._choice)

    def _add_run(self) -> None:
        section = Section("3  Result")
        self._run = words()
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(8)
        jobs = button("Show jobs", "Curves, warnings, stop and resume")
        jobs.clicked.connect(self.jobs_asked)
        self._take = button(
            "Take its masks as proposals", "Each case gets a proposal that you accept or not"
        )
        self._take.clicked.connect(self.take_asked)
        section.body.addWidget(self._run)
        section.body.addWidget(self._bar)
        section.body.addWidget(self._take)
        section.body.addWidget(jobs)
        self._column.addWidget(section)
