"""The panel's keys are free in napari and on every layer we use."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from napari.components import ViewerModel  # noqa: E402
from napari.layers import Image, Labels, Points, Shapes  # noqa: E402
from napari.utils.shortcuts import default_shortcuts  # noqa: E402

from napari_medssl._napari.keys import CASE_KEYS, KEYS, PanelKeys  # noqa: E402


def test_no_key_of_ours_is_one_of_napari_s():
    taken = {str(key) for keys in default_shortcuts.values() for key in keys}
    for kind in (ViewerModel, Image, Points, Shapes, Labels):
        taken |= {str(key) for key in kind.class_keymap}
    # undo and redo on a labels layer are napari's own: there we bind them on the layer itself
    ours = {**KEYS, **CASE_KEYS}
    assert {key for name, key in ours.items() if name not in ("undo", "redo")} & taken == set()
    assert len(set(ours.values())) == len(KEYS) + len(CASE_KEYS)


def test_keys_are_bound_once_and_given_back():
    viewer, pressed = ViewerModel(), []
    first, second = PanelKeys(viewer), PanelKeys(viewer)
    first.bind({"keep": lambda: pressed.append("first")})
    second.bind({"keep": lambda: pressed.append("second")})
    (action,) = viewer.keymap.values()
    action(viewer)
    second.release()
    assert len(viewer.keymap) == 1
    first.release()
    assert pressed == ["first"]
    assert len(viewer.keymap) == 0
