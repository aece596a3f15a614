"""Masks as labels layers: every stroke of napari's own tools is one step of the document."""

from __future__ import annotations

import gc
import weakref
from dataclasses import fields
from inspect import isgeneratorfunction
from unittest.mock import MagicMock

import numpy as np
import pytest

from napari_medssl.volume import Geometry, Volume

pytestmark = pytest.mark.gui
napari_components = pytest.importorskip("napari.components")

from fake_work import FakeWork  # noqa: E402
from napari.layers import Labels  # noqa: E402
from panel_fakes import FakeEngines  # noqa: E402

from napari_medssl._napari.layers import DOCUMENT, image_layer  # noqa: E402
from napari_medssl._napari.mask_layer import record  # noqa: E402
from napari_medssl._napari.mask_layers import labels_layer  # noqa: E402
from napari_medssl._napari.presenters.mask.document import Document, LabelRow  # noqa: E402
from napari_medssl._napari.presenters.segment.panel import SegmentPresenter, SegmentViews  # noqa: E402
from napari_medssl._napari.scene import ViewerScene  # noqa: E402
from napari_medssl.errors import UsageError  # noqa: E402
from napari_medssl.io.label_table import LabelInfo  # noqa: E402
from napari_medssl.segment import Plane, PointPrompt, Prompts, plain_prompts  # noqa: E402

SHAPE = (8, 40, 50)
POINT = {Plane(0, 3): Prompts((PointPrompt((3.0, 10.0, 20.0)),))}


def volume(**rest) -> Volume:
    array = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    where = Geometry(SHAPE, (3.0, 2.0, 1.0), (5.0, 6.0, 7.0))
    rest = {"name": "p", "format": "made", "modality": "CT", **rest}
    return Volume.from_source_array(array, where, **rest)


class Window:
    """A viewer's model with the panel's presenter, and no Qt."""

    def __init__(self, viewer=None) -> None:
        self.viewer = viewer or napari_components.ViewerModel()
        self.scene, self.work = ViewerScene(self.viewer), FakeWork()
        self.view = MagicMock()
        views = SegmentViews(*[self.view] * len(fields(SegmentViews)))
        self.panel = SegmentPresenter(views, self.scene, self.work, FakeEngines())

    def start(self):
        self.scene.listen(self.panel)
        self.panel.start()
        self.work.answer_all()
        return self

    def show(self, shown: Volume):
        data, options, _ = image_layer(shown)
        return self.viewer.add_image(data, **options)

    def show_mask(self, shown: Volume, document: Document, array=None, **rest) -> Labels:
        array = np.zeros(SHAPE, np.uint8) if array is None else array
        data, options, _ = labels_layer(shown, array, document, "Liver", **rest)
        layer = self.viewer.add_labels(data, **options)
        record(layer)
        return layer

    def close(self) -> None:
        self.panel.close()
        self.scene.close()

    @property
    def words(self):
        return [step.words for step in self.scene.document.history.done]

    def click(self, layer: Labels, voxel) -> None:
        """Click a voxel, and let what follows be done."""
        event = MagicMock(position=layer.data_to_world(voxel))
        for callback in tuple(layer.mouse_drag_callbacks):
            if not isgeneratorfunction(callback):  # napari's own wait for a drag
                callback(layer, event)
        self.work.answer_all()

    def press(self, key: str) -> None:
        """Press a key on the layer in use, as napari looks it up."""
        layer = self.viewer.layers.selection.active
        {str(bound): action for bound, action in layer.keymap.items()}[key](layer)


@pytest.fixture
def window():
    made = Window()
    made.show(volume())
    made.start()
    yield made
    made.close()


@pytest.fixture
def mask(window):
    window.panel.prompting.use_tool("brush")
    return window.viewer.layers["Mask"]


def test_strokes_of_all_tools_are_steps_with_their_name(window, mask):
    before = [mask.data.copy()]
    for mode, paint in (
        ("paint", lambda: mask.paint((3, 10, 10), 1)),
        ("erase", lambda: mask.paint((3, 10, 10), 0)),
        ("fill", lambda: mask.fill((3, 0, 0), 1)),
        ("polygon", lambda: mask.paint_polygon([(5, 1, 1), (5, 1, 9), (5, 9, 9)], 1)),
        ("pan_zoom", lambda: mask.data_setitem((np.array([7]), np.array([0]), np.array([0])), 1)),
    ):
        mask.mode = mode
        paint()
        before.append(mask.data.copy())
    assert window.words == ["Brush", "Eraser", "Fill", "Polygon", "Edit"]
    for state in reversed(before[:-1]):
        window.panel.history.undo()
        np.testing.assert_array_equal(mask.data, state)


def test_a_drag_is_one_step(window, mask):
    with mask.block_history():
        for x in range(5, 40, 3):
            mask.paint((3, 10, x), 1, refresh=False)
    assert window.words == ["Brush"]
    window.panel.history.undo()
    assert not mask.data.any()


def test_what_the_rules_do_not_allow_is_put_back_when_the_stroke_ends(window, mask):
    mask.paint((3, 10, 10), 1)
    window.panel.labels.set_locked(1, True)
    before = mask.data.copy()
    window.panel.allow_overwrite(True)
    window.panel.labels.add()
    mask.paint((3, 10, 12), 2)
    np.testing.assert_array_equal(mask.data == 1, before == 1)
    mask.mode = "erase"
    mask.paint((3, 10, 10), 0)
    np.testing.assert_array_equal(mask.data == 1, before == 1)
    assert "left as before" in str(window.view.show_status.call_args)


def test_polygons_keep_to_the_rules_too(window, mask):
    """napari tells of them before it paints them."""
    grey = window.scene.volume.array
    window.panel.correct.set_range(float(grey[5, 4, 4]), float(grey[5, 6, 9]))
    mask.mode = "polygon"
    mask.paint_polygon([(5, 1, 1), (5, 1, 30), (5, 20, 30), (5, 20, 1)], 1)
    assert mask.data.any()
    inside = grey[mask.data == 1]
    assert inside.min() >= grey[5, 4, 4]
    assert inside.max() <= grey[5, 6, 9]


def test_napari_s_own_keys_on_the_layer_undo_and_redo_our_history(window, mask):
    window.panel.prompts_changed(POINT)
    mask.paint((3, 10, 10), 1)
    window.press("Ctrl+Z")
    assert not mask.data.any()
    window.press("Ctrl+Z")
    assert window.scene.document.prompts == []
    window.press("Ctrl+Shift+Z")
    window.press("Ctrl+Shift+Z")
    assert mask.data.any()
    mask.undo()
    assert mask.data.any(), "napari keeps no second history"


def test_undo_turns_to_the_slice(window, mask):
    mask.paint((3, 10, 10), 1)
    window.viewer.dims.set_current_step(0, 6)
    window.panel.history.undo()
    assert window.scene.plane == Plane(0, 3)


def test_a_mask_that_comes_later_brings_document_and_prompts(window):
    info = LabelInfo(7, "liver", (1, 2, 3))
    document = Document([LabelRow(info, visible=False)], prompts=plain_prompts(POINT))
    layer = window.show_mask(window.scene.volume, document)
    assert window.scene.document is document
    assert window.view.show_labels.call_args.args == (document.labels, 7)
    assert layer.selected_label == 7
    assert layer.colormap.color_dict[7][3] == 0, "hidden"
    assert window.scene._prompts.read() == POINT
    window.work.answer_all()
    assert "Preview (not kept yet)" in window.viewer.layers
    window.panel.labels.set_visible(7, True)
    assert layer.colormap.color_dict[7][3] == 1


def test_a_panel_that_comes_later_finds_mask_and_prompts():
    window, shown = Window(), volume()
    window.show(shown)
    document = Document(prompts=plain_prompts(POINT))
    layer = window.show_mask(shown, document)
    layer.mode = "paint"
    layer.paint((3, 10, 10), 1)
    assert [step.words for step in document.history.done] == ["Brush"]
    window.viewer.layers.selection.active = layer
    window.press("Ctrl+Z")
    assert not layer.data.any(), "undone without a panel"
    window.start()
    assert window.scene.document is document
    assert window.scene._prompts.read() == POINT
    window.panel.history.redo()
    assert layer.data.any()
    window.close()
    layer.paint((5, 10, 10), 1)
    window.viewer.layers.selection.active = layer
    window.press("Ctrl+Z")
    assert not layer.data[5].any(), "and after it closed"


def test_two_panels_record_a_stroke_once(window, mask):
    second = Window(window.viewer).start()
    mask.paint((3, 10, 10), 1)
    assert window.words == ["Brush"]
    second.panel.history.undo()
    assert not mask.data.any()
    assert window.view.show_history.call_args.args == ("", "Brush")
    second.close()
    mask.paint((3, 10, 10), 1)
    assert window.words == ["Brush"]


def test_a_copy_of_a_mask_gets_a_history_of_its_own(window, mask):
    mask.paint((3, 10, 10), 1)
    data, options, _ = mask.as_layer_data_tuple()
    copy = window.viewer.add_labels(data.copy(), **{**options, "name": "Mask copy"})
    assert window.words == []
    copy.mode = "paint"
    copy.paint((5, 10, 10), 1)
    assert copy.metadata[DOCUMENT] is not mask.metadata[DOCUMENT]
    assert len(mask.metadata[DOCUMENT].history.done) == 1


def test_renaming_moving_and_deleting_the_layer(window, mask):
    mask.paint((3, 10, 10), 1)
    document = window.scene.document
    mask.name = "Something else"
    mask.translate = (1, 2, 3)
    assert window.scene.document is document
    mask.paint((4, 10, 10), 1)
    assert len(window.words) == 2
    window.viewer.layers.remove(mask)
    assert window.scene.mask is None
    assert window.words == []
    window.panel.prompting.use_tool("brush")
    assert window.scene.document is not document


def test_another_volume_of_the_file_keeps_the_mask_its_history_and_prompts(window, mask):
    window.panel.prompts_changed(POINT)
    mask.paint((3, 10, 10), 1)
    document = window.scene.document
    window.scene.replace_image(volume(volume=1, volumes=2))
    assert window.scene.document is document
    assert window.scene._prompts.read() == POINT
    assert window.scene.mask.volume is window.scene.volume
    window.panel.history.undo()
    assert not mask.data.any()


def test_choosing_another_mask_shows_its_labels_and_prompts(window, mask):
    window.panel.prompting.use_tool("point")
    window.viewer.layers.selection.active.add([3, 10, 20])
    window.panel.prompting.use_tool("brush")
    window.panel.mask.begin()
    assert window.scene.mask.array is not mask.data
    assert window.scene._prompts.read() == {}
    window.viewer.layers.selection.active = mask
    assert window.scene._prompts.read() == POINT


def test_choosing_the_mask_of_another_image_takes_that_image(window, mask):
    first = window.scene.volume
    window.show(volume())
    assert window.scene.volume is not first
    window.viewer.layers.selection.active = mask
    assert window.scene.volume is first


def test_a_large_label_widens_the_mask_and_keeps_its_history(window, mask):
    mask.paint((3, 10, 10), 1)
    window.panel.choose_label(300)
    assert mask.data.dtype == np.uint16
    mask.paint((5, 10, 10), 300)
    window.panel.choose_label(70_000)
    assert mask.data.dtype == np.uint32
    mask.paint((6, 10, 10), 70_000)
    assert window.words == ["Brush"] * 3
    for _ in range(3):
        window.panel.history.undo()
    assert not mask.data.any()


def test_an_array_that_a_script_exchanges_is_a_step(window, mask):
    mask.data = np.ones_like(mask.data)
    assert window.words == ["Replace mask"]
    window.panel.history.undo()
    assert not mask.data.any()


def test_the_label_that_napari_draws_with_is_the_panel_s(window, mask):
    mask.selected_label = 4
    assert window.panel.labels.current == 4
    assert [row.info.value for row in window.scene.document.labels] == [1, 4]


def test_the_brush_protects_other_labels_by_the_same_choice(window, mask):
    assert (mask.mode, mask.selected_label, mask.preserve_labels) == ("paint", 1, True)
    window.panel.allow_overwrite(True)
    assert mask.preserve_labels is False


def test_the_brush_is_measured_along_the_finest_axis_it_paints(window, mask):
    window.panel.correct.resize_brush(21)
    assert mask.brush_size == 21
    assert window.view.show_brush.call_args.args == (21.0, "mm")
    window.scene.show_plane("sagittal")
    assert window.view.show_brush.call_args.args == (42.0, "mm"), "voxels of 2 mm and more"
    window.panel.correct.paint_in(3)
    assert mask.n_edit_dimensions == 3
    assert window.view.show_brush.call_args.args == (21.0, "mm")
    mask.brush_size = 5
    assert window.view.show_brush.call_args.args == (5.0, "mm")
    mask.mode = "paint"
    mask.paint((4, 20, 20), 1)
    z, y, x = (np.ptp(axis) for axis in np.nonzero(mask.data))
    assert (z, y, x) == (0, 2, 4)


def test_a_mask_for_reading_only_stays_as_it_is(window):
    layer = window.show_mask(window.scene.volume, Document(), editable=False)
    assert not layer.editable
    layer.paint((3, 10, 10), 1)
    assert not layer.data.any()
    window.panel.prompts_changed(POINT)
    window.panel.finished.toggle()
    assert window.scene.document.prompts == []
    assert window.scene.document.done == frozenset()
    window.panel.history.change("Smooth", lambda _: None, lambda _: None)
    assert "reading only" in str(window.view.show_status.call_args)


def test_a_tool_gives_the_brush_back_when_it_is_done(window, mask):
    mask.paint((3, 10, 10), 1)
    window.panel.tools.apply("grow", {"mm": 2})
    assert mask.mode == "pan_zoom"
    window.work.answer_all()
    assert mask.mode == "paint"
    assert window.words == ["Brush", "Grow"]


def test_a_click_chooses_the_part_that_a_tool_is_for(window, mask):
    mask.paint((3, 10, 10), 1)
    mask.paint((6, 30, 30), 1)
    window.panel.tools.apply("remove-island", {})
    window.click(mask, (6, 30, 30))
    assert not mask.data[6].any()
    assert mask.data[3].any()


def test_only_the_tool_chosen_last_waits_for_the_click(window, mask):
    mask.paint((3, 10, 10), 1)
    mask.paint((6, 30, 30), 1)
    window.panel.tools.apply("keep-island", {})
    window.panel.tools.apply("remove-island", {})
    window.click(mask, (6, 30, 30))
    assert window.words == ["Brush", "Brush", "Remove this island"]
    assert mask.data[3].any()
    window.click(mask, (3, 10, 10))
    assert mask.data[3].any(), "one click, one tool"


def turn_to(window, mask, what):
    """Do something else than was asked for."""
    if what == "label":
        window.panel.labels.add()
        window.panel.choose_label(2)
    elif what == "mask":
        window.panel.mask.begin()
        window.viewer.layers.selection.active = window.viewer.layers[-1]
    elif what == "image":
        window.show(volume())
    elif what == "napari's own eraser":
        mask.mode = "erase"
    else:
        window.panel.prompting.use_tool(what)


ELSEWHERE = ["brush", "fill", "look", "point", "label", "mask", "image", "napari's own eraser"]


@pytest.mark.parametrize("what", ELSEWHERE)
def test_whatever_the_user_turns_to_ends_the_wait_for_a_click(window, mask, what):
    mask.paint((3, 10, 10), 1)
    window.panel.tools.apply("remove-island", {})
    turn_to(window, mask, what)
    window.click(mask, (3, 10, 10))
    assert mask.data[3].any()


@pytest.mark.parametrize("what", ELSEWHERE)
def test_whatever_the_user_turns_to_ends_the_wait_for_a_range(window, mask, what):
    window.panel.correct.pick_range()
    turn_to(window, mask, what)
    mask.paint((3, 10, 10), 1)
    assert mask.data[3].any()


def test_a_closed_panel_waits_for_nothing(window, mask):
    window.panel.correct.pick_range()
    window.close()
    mask.paint((3, 10, 10), 1)
    assert mask.data[3].any()


def test_a_label_that_needs_more_room_waits_until_a_tool_is_done(window, mask):
    mask.paint((3, 10, 10), 1)
    wide = LabelRow(LabelInfo(300, "wide", (1, 2, 3)))
    window.scene.document.set_labels((*window.scene.document.labels, wide))
    array, painted = mask.data, np.count_nonzero(mask.data)
    window.panel.tools.apply("grow", {"mm": 2})
    window.panel.choose_label(300)
    assert mask.data is array, "the work thread may be writing in it"
    window.work.answer_all()
    assert np.count_nonzero(mask.data == 1) > painted
    assert mask.selected_label == 300
    mask.paint((6, 30, 30), 300)
    assert mask.data.max() == 300
    assert window.words == ["Brush", "Grow", "Brush"]


def test_a_mask_is_not_copied_while_it_is_being_changed(window, mask):
    mask.paint((3, 10, 10), 1)
    window.panel.tools.apply("grow", {"mm": 2})
    with pytest.raises(UsageError, match="'Grow' is not done yet"):
        window.scene.read_mask()
    window.work.answer_all()
    np.testing.assert_array_equal(window.scene.read_mask(), mask.data)


def test_a_mark_drawn_while_the_mask_is_being_changed_goes_again(window, mask):
    mask.paint((3, 10, 10), 1)
    window.panel.prompting.use_tool("point")
    window.panel.tools.apply("grow", {"mm": 2})
    points = window.viewer.layers["Prompts: points"]
    points.add([3, 10, 20])
    window.work.rest()
    assert len(points.data) == 0
    window.work.answer_all()
    assert window.words == ["Brush", "Grow"]


def test_finished_slices_are_marked_on_the_canvas(window, mask):
    window.panel.finished.toggle()
    overlay = window.viewer.canvas.overlays["medssl_done"]
    assert overlay.visible
    window.viewer.dims.set_current_step(0, 6)
    assert not overlay.visible
    window.viewer.dims.set_current_step(0, 3)
    assert overlay.visible


def test_a_closed_window_leaves_no_mask_behind():
    window = Window()
    window.show(volume())
    window.start()
    window.panel.prompting.use_tool("brush")
    mask = window.viewer.layers["Mask"]
    mask.paint((3, 10, 10), 1)
    kept = weakref.ref(mask.data)
    window.close()
    window.viewer.layers.clear()
    del mask, window
    gc.collect()
    assert kept() is None


def _act(window, mask, model, rng):
    """Do something by chance, and the same to the model: (labels, history, redo)."""
    labels, done, undone = model
    before = labels[0].copy()
    kind = rng.choice(["paint", "erase", "keep", "tool", "undo", "redo", "slice", "label"])
    z, y, x = (int(rng.integers(0, n)) for n in SHAPE)
    if kind in ("paint", "erase"):
        mask.mode = kind
        mask.n_edit_dimensions = int(rng.choice([2, 3]))
        window.viewer.dims.set_current_step(0, z)
        with mask.block_history():
            for step in range(3):
                at = (z, min(y + step, SHAPE[1] - 1), x)
                mask.paint(at, 0 if kind == "erase" else mask.selected_label, refresh=False)
    elif kind == "keep":
        point = Prompts((PointPrompt((float(z), float(y), float(x))),))
        window.panel.prompts_changed({Plane(0, z): point})
        window.work.answer_all()
        done.append(before)
        undone.clear()
        window.panel.prompting.keep()
    elif kind == "tool":
        window.panel.tools.apply(str(rng.choice(["grow", "shrink", "keep-largest"])), {})
        window.work.answer_all()
    elif kind == "slice":
        window.viewer.dims.set_current_step(0, z)
    elif kind == "label":
        window.panel.choose_label(int(rng.integers(1, 4)))
    elif kind == "undo" and done:
        undone.append(before)
        labels[0] = done.pop()
        window.panel.history.undo()
        return
    elif kind == "redo" and undone:
        done.append(before)
        labels[0] = undone.pop()
        window.panel.history.redo()
        return
    else:
        return
    labels[0] = mask.data.copy()
    if kind == "keep" or not np.array_equal(before, labels[0]):
        done.append(before)
        undone.clear()


@pytest.mark.parametrize("seed", range(3))
def test_a_hundred_actions_by_chance_equal_a_model(window, mask, seed):
    rng = np.random.default_rng(seed)
    window.panel.allow_overwrite(bool(seed % 2))
    model = ([mask.data.copy()], [], [])
    for _ in range(100):
        _act(window, mask, model, rng)
        window.work.answer_all()
        np.testing.assert_array_equal(mask.data, model[0][0])
        assert len(window.scene.document.history.done) == len(model[1])
        assert len(window.scene.document.history.undone) == len(model[2])
    while model[1]:
        model[0][0] = model[1].pop()
        window.panel.history.undo()
        window.work.answer_all()
        np.testing.assert_array_equal(mask.data, model[0][0])
    assert not mask.data.any()
