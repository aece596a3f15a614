"""napari on a sample with a finished mask and the Segment panel: what ``medssl demo`` opens.

Run as a process of its own: ``python -m napari_medssl._napari.demo --sample brain-mr``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import MedSSLError

if TYPE_CHECKING:
    from napari_medssl._napari.panels.segment.panel import SegmentPanel

WINDOW_SIZE = (1280, 860)
_SETTLE_MS = 2500  # for the panel's own first look at the slice


def show_sample(viewer: Any, name: str) -> SegmentPanel:
    """Show a sample, outline what its card puts a box around, and dock the panel.

    Parameters
    ----------
    viewer : napari.Viewer
        An empty viewer with a window.
    name : str
        Of a card in ``resources/samples.json``.
    """
    from napari_medssl._napari.before_torch import before_torch
    from napari_medssl._napari.layers import image_layer
    from napari_medssl.io.samples import sample, sample_card
    from napari_medssl.segment import (
        EmbeddingCache,
        InteractiveSegmenter,
        Prompts,
        box_from_source,
        load_engine,
    )
    from napari_medssl.volume import default_window

    card, volume = sample_card(name), sample(name)
    data, options, _ = image_layer(volume)
    viewer.add_image(data, **options)
    panel: SegmentPanel = viewer.window.add_plugin_dock_widget("napari-medssl", "Segment")[1]
    if card.box:
        before_torch()
        prompts = Prompts(boxes=(box_from_source(volume, card.box),))
        segmenter = InteractiveSegmenter(load_engine(), EmbeddingCache(None))
        result = segmenter.segment(volume, prompts, default_window(volume))
        viewer.dims.set_current_step(result.plane.axis, result.plane.index)
        panel.presenter.labels.rename(panel.presenter.labels.current, card.object)
        panel.presenter.mask.keep({result.plane: result}, {result.plane: prompts})
    return panel


def save_screenshot(viewer: Any, path: Path) -> None:
    """Save a picture of the whole window."""
    from PIL import Image

    from napari_medssl.io.overlay import save_pictures

    path.parent.mkdir(parents=True, exist_ok=True)
    save_pictures([Image.fromarray(viewer.screenshot(canvas_only=False, flash=False))], path)


def open_demo(name: str, screenshot: Path | None = None) -> None:
    """Open the window and stay until it is closed, or until its picture is saved."""
    import napari
    from qtpy.QtCore import QTimer

    viewer = napari.Viewer(title="napari-medssl")
    viewer.window.resize(*WINDOW_SIZE)
    show_sample(viewer, name)
    if screenshot is not None:

        def save_and_close() -> None:
            save_screenshot(viewer, screenshot)
            viewer.close()

        QTimer.singleShot(_SETTLE_MS, save_and_close)
    napari.run()
    if screenshot is not None:
        print(f"The window opened; its picture is {screenshot}.")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--sample", default="brain-mr")
    arguments.add_argument("--screenshot", type=Path)
    chosen = arguments.parse_args()
    try:
        open_demo(chosen.sample, chosen.screenshot)
    except MedSSLError as error:
        sys.exit(f"medssl: {error}")
