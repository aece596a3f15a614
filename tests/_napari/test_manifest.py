"""The manifest, the samples and the commands of the palette."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import npe2
import numpy as np
import pytest

from napari_medssl.io import write_volume
from napari_medssl.io.samples import sample_cards
from napari_medssl.volume import Geometry, Volume

pytestmark = pytest.mark.gui
pytest.importorskip("napari")

_PATIENCE_MS = 60_000  # a machine may be busy


@pytest.fixture
def manifest(npe2pm):
    found = npe2.PluginManifest.from_distribution("napari-medssl")
    npe2pm.register(found)
    return found


def test_every_command_can_be_imported(manifest):
    for command in manifest.contributions.commands:
        assert callable(npe2.PluginManager.instance().commands.get(command.id)), command.id


def test_the_manifest_offers_exactly_the_samples_there_are(manifest):
    offered = {s.key: s.display_name for s in manifest.contributions.sample_data}
    assert offered == {card.name: card.title for card in sample_cards().values()}


@pytest.mark.parametrize("name", [card.name for card in sample_cards().values() if card.offline])
def test_samples_open_on_a_prepared_canvas(make_napari_viewer, manifest, name):
    viewer = make_napari_viewer()
    viewer.open_sample("napari-medssl", name)
    assert len(viewer.layers) == 1
    assert "medssl_left" in viewer.canvas.overlays


def test_commands_dock_the_panel_and_do_their_task(
    make_napari_viewer, manifest, monkeypatch, qtbot, tmp_path
):
    from panel_fakes import FakeEngines
    from qtpy.QtWidgets import QFileDialog

    from napari_medssl._napari import commands
    from napari_medssl._napari.panels.segment import panel as segment

    array = np.zeros((4, 5, 6), np.int16)
    scan = Volume.from_source_array(array, Geometry(array.shape), name="p", format="made")
    write_volume(scan, tmp_path / "scan.nii.gz")
    monkeypatch.setattr(segment, "InstalledEngines", FakeEngines)
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", lambda *_, **__: (str(tmp_path / "scan.nii.gz"), "")
    )
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "m.nii.gz"), "")
    )
    viewer = make_napari_viewer()
    commands.open_file()
    qtbot.waitUntil(lambda: len(viewer.layers) == 1, timeout=_PATIENCE_MS)
    commands.new_mask()
    assert viewer.layers[1].name == "Mask"
    commands.save_mask()
    qtbot.waitUntil((tmp_path / "m.json").exists, timeout=_PATIENCE_MS)
    assert len(viewer.window.dock_widgets) == 1
    next(iter(viewer.window.dock_widgets.values())).release()


@pytest.mark.skipif(find_spec("triton") is None, reason="triton is not installed")
def test_torch_can_be_loaded_after_a_window_was_drawn():
    """Two LLVMs in one process, Mesa's and triton's, once ended napari without a word."""
    code = """
import napari, numpy, threading
from napari_medssl._napari.before_torch import before_torch
viewer = napari.Viewer()
viewer.add_image(numpy.zeros((4, 5)))
viewer.screenshot(flash=False)
def load():
    before_torch()
    import torch._dynamo
thread = threading.Thread(target=load)
thread.start()
thread.join()
viewer.screenshot(flash=False)
viewer.close()
print("alive")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "alive" in done.stdout, done.stderr[-2000:]
