"""Letters, upright planes and the camera on a napari viewer model."""

from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.volume import Geometry, Volume

pytestmark = pytest.mark.gui
napari_components = pytest.importorskip("napari.components")

from napari_medssl._napari.layers import image_layer  # noqa: E402
from napari_medssl._napari.patient_view import attach_patient_view, show_plane  # noqa: E402


def volume(shape=(8, 9, 10), spacing=(3.0, 1.0, 1.0), **rest) -> Volume:
    array = np.zeros(shape, np.int16)
    return Volume.from_source_array(
        array, Geometry(shape, spacing), name="p", format="made", **{"modality": "CT", **rest}
    )


def viewer_showing(shown: Volume):
    viewer = napari_components.ViewerModel()
    attach_patient_view(viewer)
    data, options, _ = image_layer(shown)
    viewer.add_image(data, **options)
    return viewer


def letters(viewer) -> str:
    """Left, right, top and bottom; a dot where nothing is shown."""
    overlays = [viewer.canvas.overlays[f"medssl_{e}"] for e in ("left", "right", "top", "bottom")]
    return " ".join(o.text if o.visible else "." for o in overlays)


def test_an_axial_slice_is_radiological():
    viewer = viewer_showing(volume())
    assert letters(viewer) == "R L A P"
    assert viewer.canvas.overlays.scale_bar.visible


def test_rolling_shows_upright_planes_and_returns():
    viewer = viewer_showing(volume())
    seen = []
    for _ in range(3):
        viewer.dims.roll()
        seen.append(letters(viewer))
    assert seen == ["A P S I", "R L S I", "R L A P"]


@pytest.mark.parametrize(
    ("plane", "shown"), [("coronal", "R L S I"), ("sagittal", "A P S I"), ("axial", "R L A P")]
)
def test_planes_are_shown_by_name(plane, shown):
    viewer = viewer_showing(volume())
    show_plane(viewer, plane)
    assert letters(viewer) == shown


def test_a_transpose_moves_the_letters_with_the_image():
    viewer = viewer_showing(volume())
    viewer.dims.transpose()
    assert letters(viewer) == "A P R L"


def test_three_d_seen_from_the_front_is_not_mirrored():
    viewer = viewer_showing(volume())
    show_plane(viewer, "3-D")
    assert letters(viewer) == "R L S I"
    viewer.scene.camera.set_view_direction((0, -1, 0), (1, 0, 0))
    assert letters(viewer) == "L R S I", "seen from the back"


def test_a_thick_sagittal_series_opens_in_its_own_plane():
    viewer = viewer_showing(volume(spacing=(1.0, 1.0, 6.0)))
    assert letters(viewer) == "A P S I"


def test_nothing_is_claimed_where_the_orientation_is_not_known():
    viewer = viewer_showing(volume(orientation_known=False))
    assert letters(viewer) == ". . . ."
    assert tuple(map(str, viewer.scene.camera.orientation)) == ("towards", "down", "right")


def test_letters_follow_the_selected_image():
    viewer = viewer_showing(volume())
    data, options, _ = image_layer(volume(orientation_known=False))
    unknown = viewer.add_image(data, **options)
    assert letters(viewer) == ". . . ."
    viewer.layers.remove(unknown)
    viewer.layers.selection.active = viewer.layers[0]
    assert letters(viewer) == "R L A P"


def test_a_second_image_keeps_the_plane_the_user_chose():
    viewer = viewer_showing(volume())
    show_plane(viewer, "coronal")
    data, options, _ = image_layer(volume())
    viewer.add_image(data, **options)
    assert letters(viewer) == "R L S I"


def test_layers_of_others_alone_get_no_letters():
    viewer = napari_components.ViewerModel()
    attach_patient_view(viewer)
    viewer.add_image(np.zeros((4, 5)))
    assert letters(viewer) == ". . . ."


def test_attaching_twice_is_harmless():
    viewer = viewer_showing(volume())
    before = len(viewer.dims.events.order.callbacks)
    attach_patient_view(viewer)
    assert len(viewer.dims.events.order.callbacks) == before


def test_the_contrast_slider_spans_what_a_scanner_gives():
    viewer = viewer_showing(volume())
    assert viewer.layers[0].contrast_limits == [-160, 240]
    assert viewer.layers[0].contrast_limits_range == [-1024, 3071]
