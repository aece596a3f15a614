"""Reading into a window: one sentence for a bad file, one layer for a series."""

from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.io import write_volume
from napari_medssl.volume import Geometry, Notice, Volume

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

from napari.utils.notifications import notification_manager  # noqa: E402

from napari_medssl._napari import reader  # noqa: E402


def told() -> str:
    return "\n".join(record.message for record in notification_manager.records)


def add(viewer, path):
    for data, *rest in reader.read(str(path)):
        if data is not None:
            viewer.add_image(data, **rest[0])


@pytest.fixture
def viewer(make_napari_viewer):
    notification_manager.records.clear()
    return make_napari_viewer()


def test_a_damaged_file_is_one_sentence_and_no_layer(viewer, tmp_path):
    (tmp_path / "cut.nii").write_bytes(b"\x5c\x01\x00\x00" + bytes(40))
    add(viewer, tmp_path / "cut.nii")
    assert len(viewer.layers) == 0
    assert "'cut.nii'" in told()
    assert "Traceback" not in told()
    assert str(tmp_path) not in told()


def test_the_canvas_is_set_up_for_a_patient(viewer, tmp_path):
    array = np.zeros((4, 5, 6), np.int16)
    thick = Geometry((4, 5, 6), (5.0, 1.0, 1.0))
    volume = Volume.from_source_array(array, thick, name="p", format="made")
    write_volume(volume, tmp_path / "scan.nii.gz")
    add(viewer, tmp_path / "scan.nii.gz")
    assert viewer.canvas.overlays["medssl_left"].text == "R"
    assert tuple(map(str, viewer.scene.camera.orientation)) == ("away", "down", "right")


def test_many_notices_are_cut_short(viewer, monkeypatch, tmp_path):
    notices = tuple(Notice(str(n), f"Notice {n}.") for n in range(5))
    volume = Volume.from_source_array(
        np.zeros((1, 2, 3)), Geometry((1, 2, 3)), name="p", format="made", notices=notices
    )
    monkeypatch.setattr("napari_medssl.io.read_volume", lambda path: volume, raising=False)
    add(viewer, tmp_path / "p.nii")
    assert "Notice 2." in told()
    assert "Notice 3." not in told()
    assert "and 2 more" in told()


def test_dropping_every_slice_of_a_series_opens_it_once(viewer, shared_data):
    series = sorted((shared_data / "dicom-difficult" / "compressed_rle").glob("*.dcm"))
    assert len(series) > 2
    for path in series:
        add(viewer, path)
    assert len(viewer.layers) == 1
    assert viewer.layers[0].data.ndim == 3


def test_another_series_is_another_layer(viewer, shared_data):
    for folder in ("compressed_rle", "gantrytilting"):
        add(viewer, shared_data / "dicom-difficult" / folder)
    assert len(viewer.layers) == 2
