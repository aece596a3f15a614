"""The settings of the Learn panel: what is chosen is told, and what is gone is chosen no more."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("qtpy")

from qtpy.QtWidgets import QComboBox  # noqa: E402

from napari_medssl._napari.panels.learn.learn_section import LearnSection  # noqa: E402
from napari_medssl.finetune.volumes.protocols import offered_protocols  # noqa: E402


@pytest.fixture
def section(qtbot) -> LearnSection:
    made = LearnSection()
    qtbot.addWidget(made)
    made.show_protocols(tuple(offered_protocols("smit").items()))
    return made


def taught(section: LearnSection) -> QComboBox:
    boxes = section.findChildren(QComboBox)
    return next(box for box in boxes if box.findData("ours") >= 0)


def test_a_way_to_teach_is_chosen_in_plain_words(section, qtbot):
    box = taught(section)
    assert [box.itemText(n) for n in range(box.count())] == [
        "The whole network learns",
        "Only the decoder learns",
        "As SMIT",
    ]
    assert not box.isVisibleTo(section)  # folded away
    box.setCurrentIndex(2)
    with qtbot.waitSignal(section.wishes_changed) as told:
        box.activated.emit(2)
    assert told.args[0].protocol == "smit"


def test_what_does_not_suit_another_start_is_the_usual_again_and_told(section, qtbot):
    box = taught(section)
    box.setCurrentIndex(2)
    with qtbot.waitSignal(section.wishes_changed) as told:
        section.show_protocols(tuple(offered_protocols("unet_small").items()))
    assert told.args[0].protocol == "ours"
    box.setCurrentIndex(1)
    section.show_protocols(tuple(offered_protocols("unet").items()))
    assert box.currentData() == "decoder"
