"""The canvas shows a case as it was left, and takes it away without a trace."""

from __future__ import annotations

import gc
import json
import weakref
from unittest.mock import MagicMock

import numpy as np
import pytest

from napari_medssl.volume import Geometry, Volume

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from napari.components import ViewerModel  # noqa: E402
from napari.layers import Image, Labels  # noqa: E402

from napari_medssl._napari.case_scene import CaseScene  # noqa: E402
from napari_medssl._napari.layers import CASE, DOCUMENT, VOLUME  # noqa: E402
from napari_medssl._napari.mask_layer import record  # noqa: E402
from napari_medssl._napari.mask_layers import labels_layer  # noqa: E402
from napari_medssl._napari.patient_view import show_plane  # noqa: E402
from napari_medssl._napari.presenters.mask.document import Document  # noqa: E402
from napari_medssl._napari.presenters.project.case_canvas import OpenCase  # noqa: E402

SHAPE = (6, 20, 30)


def case(id="case-001", *, rgb=False, editable=True, view=None) -> OpenCase:
    array = np.zeros((3, *SHAPE) if rgb else SHAPE, np.uint8 if rgb else np.int16)
    volume = Volume.from_source_array(
        array, Geometry(SHAPE, (3.0, 2.0, 1.0)), name="scan", format="made"
    )
    labels = np.zeros(SHAPE, np.uint8)
    return OpenCase(id, f"scan of {id}", volume, labels, Document(), view or {}, editable)


class Bench:
    """A viewer without a window."""

    def __init__(self) -> None:
        self.viewer, self.listener = ViewerModel(), MagicMock()
        self.scene = CaseScene(self.viewer)
        self.scene.listen(self.listener)

    @property
    def image(self) -> Image:
        return next(layer for layer in self.viewer.layers if isinstance(layer, Image))

    @property
    def mask(self) -> Labels:
        return next(layer for layer in self.viewer.layers if isinstance(layer, Labels))


@pytest.fixture
def bench():
    return Bench()


def test_a_case_is_an_image_and_a_mask_with_its_document(bench):
    shown = case()
    bench.scene.show(shown)
    assert [layer.name for layer in bench.viewer.layers] == ["scan of case-001", "Mask"]
    assert bench.image.metadata[CASE] == "case-001"
    assert bench.mask.metadata[DOCUMENT] is shown.document
    assert bench.mask.data is shown.labels
    bench.mask.data_setitem((np.array([1]), np.array([2]), np.array([3])), 1)
    assert len(shown.document.history.done) == 1


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal", "3-D"])
@pytest.mark.parametrize("rgb", [False, True], ids=["grey", "colour"])
def test_a_view_survives_as_plain_values(bench, plane, rgb):
    bench.scene.show(case(rgb=rgb))
    show_plane(bench.viewer, plane)
    bench.viewer.dims.set_current_step(0, 4)
    bench.viewer.scene.camera.zoom = 3.5
    bench.viewer.scene.camera.center = (1, 12, 7)
    if not rgb:
        bench.image.contrast_limits = (-200, 300)
    bench.image.opacity, bench.image.visible = 0.8, False
    bench.mask.opacity = 0.3
    bench.mask.contour = 0 if plane == "3-D" else 2  # napari warns of contours in 3-D
    bench.mask.selected_label, bench.mask.brush_size = 3, 17
    seen = bench.scene.view()
    told = json.loads(json.dumps(seen))
    assert told == seen
    other = Bench()
    other.scene.show(case(rgb=rgb, view=told))
    assert other.scene.view() == seen


def test_the_tool_in_hand_is_part_of_the_view(bench):
    bench.scene.show(case())
    bench.viewer.layers.selection.active = bench.mask
    bench.mask.mode = "erase"
    other = Bench()
    other.scene.show(case(view=bench.scene.view()))
    assert other.mask.mode == "erase"
    assert other.viewer.layers.selection.active is other.mask


@pytest.mark.parametrize(
    "view",
    [
        {"point": "nowhere", "order": [0], "camera": {}, "window": [1], "tool": "axe"},
        {"ndisplay": 7, "order": [9, 9, 9], "point": [None], "camera": {"zoom": "x"}},
        {"mask": {"data": 1}, "image": {"data": 1}, "window": []},
    ],
)
def test_a_damaged_view_is_no_error(bench, view):
    bench.scene.show(case(view=view))
    assert bench.image.data.shape == SHAPE
    assert bench.mask.data.shape == SHAPE


def test_the_next_case_takes_the_place_of_the_one_before(bench):
    other = bench.viewer.add_points([[1, 1, 1]])
    bench.scene.show(case())
    bench.scene.show(case("case-002"))
    names = [layer.name for layer in bench.viewer.layers if layer is not other]
    assert names == ["scan of case-002", "Mask"]
    bench.listener.removed.assert_not_called()


def test_a_case_that_was_taken_away_leaves_nothing_in_memory(bench):
    shown = case()
    kept = [weakref.ref(thing) for thing in (shown.volume, shown.labels, shown.document)]
    bench.scene.show(shown)
    bench.scene.clear()
    del shown
    gc.collect()
    assert [ref() for ref in kept] == [None, None, None]


def test_a_layer_that_the_user_deletes_is_told_once(bench):
    bench.scene.show(case())
    bench.viewer.layers.remove(bench.mask)
    bench.listener.removed.assert_called_once()


def test_what_is_seen_and_done_is_told(bench):
    bench.scene.show(case())
    for change in (
        lambda: bench.viewer.dims.set_current_step(0, 1),
        lambda: setattr(bench.viewer.scene.camera, "zoom", 9),
        lambda: setattr(bench.image, "contrast_limits", (-5, 5)),
        lambda: setattr(bench.mask, "brush_size", 33),
    ):
        bench.listener.view_changed.reset_mock()
        change()
        bench.listener.view_changed.assert_called()


def test_a_case_for_reading_cannot_be_painted_on(bench):
    bench.scene.show(case(editable=False))
    assert not bench.mask.editable
    assert bench.scene.busy() == ""


def test_another_mask_on_the_image_is_told_of(bench):
    shown = case()
    bench.scene.show(shown)
    data, options, _ = labels_layer(shown.volume, np.ones(SHAPE, np.uint8), Document(), "more")
    layer = bench.viewer.add_labels(data, **options)
    (added,) = bench.listener.mask_added.call_args.args
    assert added.array is layer.data
    added.remove()
    assert layer not in bench.viewer.layers


def test_labels_that_are_no_mask_of_ours_are_told_of_and_previews_are_not(bench):
    shown = case()
    bench.scene.show(shown)
    bench.viewer.add_labels(np.zeros(SHAPE, np.uint8), metadata={VOLUME: shown.volume})
    bench.listener.labels_added.assert_not_called()
    bench.viewer.add_labels(np.zeros(SHAPE, np.uint8), name="scribbles")
    bench.listener.labels_added.assert_called_once_with("scribbles")
    bench.listener.mask_added.assert_not_called()


def test_a_closed_scene_tells_nothing_more(bench):
    bench.scene.show(case())
    bench.scene.close()
    bench.viewer.dims.set_current_step(0, 1)
    bench.viewer.layers.clear()
    bench.listener.view_changed.assert_not_called()
    bench.listener.removed.assert_not_called()


def test_a_mask_taken_away_stays_busy_until_its_change_is_settled(bench):
    bench.scene.show(case())
    mask = record(bench.mask).mask
    mask.reserve("Smooth")
    bench.listener.removed.side_effect = bench.scene.clear
    bench.viewer.layers.remove(bench.mask)
    assert "'Smooth' is not done yet" in bench.scene.busy()
    mask.give_back()
    assert bench.scene.busy() == ""
