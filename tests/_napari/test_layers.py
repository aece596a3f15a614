"""Volumes as layers: where they lie, and masks that come home bit for bit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from napari_medssl.errors import GeometryError, SaveError
from napari_medssl.io import read_labels, read_volume, write_volume
from napari_medssl.volume import Geometry, Volume, axes_towards

pytestmark = pytest.mark.gui
napari_components = pytest.importorskip("napari.components")

from napari_medssl._napari.layers import VOLUME, grid, grid_of, image_layer  # noqa: E402
from napari_medssl._napari.reader import get_reader  # noqa: E402
from napari_medssl._napari.writer import write_mask  # noqa: E402

CODES = [
    "".join(sign)
    for order in itertools.permutations(("RL", "AP", "SI"))
    for sign in itertools.product(*order)
]


def phantom(codes: str, *, tilt: float = 0.0) -> Volume:
    """A volume whose voxels are all different, stored along ``codes``, turned by ``tilt``."""
    c, s = np.cos(tilt), np.sin(tilt)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    direction = tuple(map(tuple, turn @ np.array([[0, 0, 1.0], [0, 1, 0], [1, 0, 0]])))
    base = Geometry((5, 6, 7), (3.0, 2.0, 1.0), (-40.0, 12.0, 7.5), direction)
    axes = axes_towards(base, codes)
    stored = axes.apply(np.arange(210, dtype=np.int16).reshape(5, 6, 7))
    where = axes.apply_geometry(base)
    return Volume.from_source_array(stored, where, name="p", format="made", modality="MR")


def read_into(viewer, path):
    viewer.layers.clear()
    ((data, options, _),) = get_reader(str(path))(str(path))
    return viewer.add_image(data, **options)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("tilt", [0.0, 0.2])
def test_forty_eight_orientations_read_paint_save_read(tmp_path, suffix, tilt):
    """A voxel painted on the layer is the same place in the patient in the saved file."""
    viewer, differences = napari_components.ViewerModel(), 0
    for number, codes in enumerate(CODES):
        path = tmp_path / f"{number}{suffix}"
        write_volume(phantom(codes, tilt=tilt), path)
        image = read_into(viewer, path)
        volume = image.metadata[VOLUME]
        mask = viewer.add_labels(np.zeros(image.data.shape, np.uint8), **grid_of(image))
        marks = {1: (0, 0, 0), 2: (4, 1, 3), 3: (2, 5, 6)}
        for value, at in marks.items():
            mask.data_setitem(tuple(np.array([a]) for a in at), value)
        data, meta, _ = mask.as_layer_data_tuple()
        (saved,) = write_mask(str(tmp_path / f"{number}m{suffix}"), data, meta)
        differences += int((read_labels(saved, volume) != mask.data).sum())
        again = read_volume(saved)
        for value, at in marks.items():
            found = again.geometry.to_world(np.argwhere(again.array == value)[0])
            expected = volume.geometry.to_world(at)
            differences += int(np.abs(found - expected).max() > 1e-3)
            if tilt == 0:
                differences += int(
                    np.abs(np.asarray(mask.data_to_world(at))[::-1] - expected).max() > 1e-3
                )
    assert len(CODES) == 48
    assert differences == 0


def test_every_layer_shares_the_image_s_grid_and_napari_keeps_units(caplog):
    viewer = napari_components.ViewerModel()
    data, options, _ = image_layer(phantom("SPL"))
    image = viewer.add_image(data, **options)
    others = [
        viewer.add_labels(np.zeros(data.shape, np.uint8), **grid_of(image)),
        viewer.add_points(np.zeros((1, 3)), **grid_of(image)),
        viewer.add_shapes(ndim=3, **grid_of(image)),
    ]
    for layer in others:
        assert np.allclose(layer.scale, image.scale)
        assert np.allclose(layer.translate, image.translate)
        assert layer.units == image.units
        assert layer.axis_labels == image.axis_labels == ("z", "y", "x")
    assert "units" not in caplog.text.lower()
    assert {str(unit) for unit in image.units} == {"millimeter"}


def test_a_layer_is_a_view_of_the_voxels():
    volume = phantom("LPS")
    assert np.shares_memory(image_layer(volume)[0], volume.array)


def test_colour_goes_last_for_napari():
    array = np.zeros((3, 1, 4, 5), np.uint8)
    volume = Volume.from_source_array(array, Geometry((1, 4, 5)), name="p", format="picture")
    data, options, _ = image_layer(volume)
    assert data.shape[-1] == 3
    assert options["rgb"] is True


@pytest.mark.parametrize("slices", [3, 4])
def test_a_few_sagittal_slices_are_not_taken_for_colours(slices):
    array = np.zeros((8, 9, slices), np.int16)
    volume = Volume.from_source_array(array, Geometry(array.shape), name="p", format="made")
    data, options, _ = image_layer(volume)
    layer = napari_components.ViewerModel().add_image(data, **options)
    assert (layer.rgb, layer.ndim) == (False, 3)


def test_a_picture_of_unknown_size_claims_no_millimetres():
    volume = Volume.from_source_array(
        np.zeros((1, 4, 5)), Geometry((1, 4, 5)), name="p", format="picture", spacing_known=False
    )
    assert grid(volume)["units"] == "pixel"


def test_frames_of_a_cine_are_not_called_z():
    volume = Volume.from_source_array(
        np.zeros((5, 4, 3)),
        Geometry((5, 4, 3), direction=((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0))),
        name="p",
        format="dicom",
        stack="time",
    )
    labels = grid(volume)["axis_labels"]
    assert labels[volume.frame_axis] == "frame"
    assert sorted(labels).count("frame") == 1


@pytest.mark.parametrize("move", [{"translate": (1, 0, 0)}, {"scale": (3, 2, 1.1)}])
def test_a_mask_that_was_moved_is_refused(tmp_path, move):
    viewer = napari_components.ViewerModel()
    data, options, _ = image_layer(phantom("SPL"))
    mask = viewer.add_labels(
        np.ones(data.shape, np.uint8), **{**grid_of(viewer.add_image(data, **options)), **move}
    )
    with pytest.raises(GeometryError, match="moved or stretched"):
        write_mask(str(tmp_path / "m.nii"), *mask.as_layer_data_tuple()[:2])
    assert list(tmp_path.iterdir()) == []


def test_labels_without_an_image_are_refused(tmp_path):
    layer = napari_components.ViewerModel().add_labels(np.ones((3, 4, 5), np.uint8))
    with pytest.raises(SaveError, match="belong to no image"):
        write_mask(str(tmp_path / "m.nii"), *layer.as_layer_data_tuple()[:2])


def test_what_is_no_image_gets_no_reader(tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n3,4\n")
    assert get_reader(str(tmp_path / "a.csv")) is None
    assert get_reader(str(tmp_path)) is None


def test_the_manifest_offers_reader_and_writer(tmp_path, npe2pm):
    import npe2

    npe2pm.register(npe2.PluginManifest.from_distribution("napari-medssl"))
    write_volume(phantom("RAS"), tmp_path / "scan.nii.gz")
    ((data, options, kind),) = npe2.read(
        [str(tmp_path / "scan.nii.gz")], stack=False, plugin_name="napari-medssl"
    )
    assert (data.shape, kind) == ((5, 6, 7), "image")
    assert options["scale"] == (3.0, 2.0, 1.0)
    mask = napari_components.ViewerModel().add_labels(
        np.ones(data.shape, np.uint8), **{key: options[key] for key in grid(phantom("RAS"))}
    )
    (saved,) = npe2.write(
        str(tmp_path / "m.nii.gz"), [mask.as_layer_data_tuple()], plugin_name="napari-medssl"
    )
    assert read_labels(saved, options["metadata"][VOLUME]).all()
