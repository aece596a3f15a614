"""The form that a method's settings make: what the recipe has is not given."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("qtpy")

from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox  # noqa: E402

from napari_medssl._napari.panels.pretrain.method_settings import MethodSettings  # noqa: E402
from napari_medssl.pretrain.cards import method_cards  # noqa: E402
from napari_medssl.pretrain.settings.of_methods import described_settings  # noqa: E402
from napari_medssl.pretrain.settings.setting import Setting  # noqa: E402


@pytest.fixture
def form(qtbot) -> MethodSettings:
    made = MethodSettings()
    qtbot.addWidget(made)
    return made


@pytest.mark.parametrize("scale", ["here", "paper"])
def test_of_every_method_a_form_left_alone_gives_nothing(form, scale):
    for name in method_cards():
        form.show_settings(described_settings(name, scale))
        assert form.given() == {}


def test_what_is_changed_is_given_in_its_kind_and_can_be_read(form, qtbot):
    settings = (
        Setting("pairs", "exact", "How", ("exact", "any")),
        Setting("iou", (0.3, 0.6), "How much", high=1),
        Setting("width", 2048, "How wide", low=4),
        Setting("redundancy", 5e-3, "How unlike"),
        Setting("mirror", True, "Whether"),
    )
    form.show_settings(settings)
    with qtbot.waitSignal(form.changed):
        form.findChildren(QDoubleSpinBox)[1].setValue(0.7)
    form.findChildren(QDoubleSpinBox)[2].setValue(0.0051)
    form.findChildren(QSpinBox)[0].setValue(1)
    form.findChild(QCheckBox).setChecked(False)
    combo = form.findChild(QComboBox)
    combo.setCurrentIndex(1)
    given = form.given()
    assert given == {
        "pairs": "any",
        "iou": (0.3, 0.7),
        "width": 4,
        "redundancy": 0.0051,
        "mirror": False,
    }
    for one in settings:
        assert one.read(given[one.name]) == given[one.name]


def test_another_method_begins_afresh(form, qtbot):
    form.show_settings((Setting("width", 8, "How wide"),))
    form.findChild(QSpinBox).setValue(9)
    form.show_settings((Setting("width", 8, "How wide"),))
    assert form.given() == {"width": 9}, "shown again it stays as it is"
    with qtbot.waitSignal(form.changed):
        form.show_settings((Setting("depth", 4, "How deep"),))
    assert form.given() == {}
