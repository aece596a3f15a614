"""Make the pictures of the documentation: ``python3 dev.py screenshots``."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import napari
import numpy as np
from PIL import Image
from qtpy.QtTest import QTest

from napari_medssl._napari.demo import WINDOW_SIZE, save_screenshot, show_sample
from napari_medssl._napari.layers import image_layer
from napari_medssl._napari.presenters.mask.document import LabelRow
from napari_medssl.correct import Edit, Step
from napari_medssl.correct.proposal import Proposal, ProposedClass
from napari_medssl.io import LabelInfo, write_volume
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.io.samples import sample
from napari_medssl.models.trained import OutputClass, TrainedCard
from napari_medssl.project import create_project, open_project
from napari_medssl.project.versions import versions
from napari_medssl.volume.phantom import LABEL_NAMES, abdomen_ct

IMAGES = Path(__file__).resolve().parent / "images"
SETTLE_MS, ANSWER_MS = 2500, 8000


def main() -> None:
    """One picture a modality, one of a box with its preview, and the three side by side."""
    for name in ("brain-mr", "abdomen-ct", "echo-cine"):
        viewer = napari.Viewer(title="napari-medssl")
        viewer.window.resize(*WINDOW_SIZE)
        show_sample(viewer, name)
        QTest.qWait(SETTLE_MS)
        save_screenshot(viewer, IMAGES / f"{name}.png")
        viewer.close()
    preview()
    project()
    three_planes()
    automatic()
    learn()
    pretrain()
    sheet = [Image.open(IMAGES / f"{name}.png") for name in ("abdomen-ct", "brain-mr", "echo-cine")]
    side_by_side(sheet).save(IMAGES / "three-modalities.png")


def preview() -> None:
    """A box around the right kidney of the synthetic abdomen, and the outline it gives."""
    viewer = napari.Viewer(title="napari-medssl")
    viewer.window.resize(*WINDOW_SIZE)
    panel = show_sample(viewer, "abdomen-ct")
    viewer.dims.set_current_step(0, 16)
    panel.presenter.labels.add()
    panel.presenter.labels.rename(panel.presenter.labels.current, "right kidney")
    panel.presenter.prompting.use_tool("box")
    QTest.qWait(SETTLE_MS)
    image = viewer.layers[0]
    corners = [(16, 115, 68), (16, 115, 104), (16, 158, 104), (16, 158, 68)]
    boxes = next(layer for layer in viewer.layers if layer.name == "Prompts: boxes")
    boxes.add_rectangles([boxes.world_to_data(image.data_to_world(c)) for c in corners])
    QTest.qWait(ANSWER_MS)
    save_screenshot(viewer, IMAGES / "preview.png")
    viewer.close()


def project() -> None:
    """A project of three cases, one of them done, one in hand."""
    with TemporaryDirectory() as home:
        folder = Path(home) / "First project"
        with create_project(folder, labels=[LabelInfo(1, "kidney", (230, 90, 40))]) as made:
            for name in ("abdomen-ct", "brain-mr", "head-ct-slice"):
                made.add(write_volume(sample(name), Path(home) / f"{name}.nii.gz"))
            made.set_status("case-002", "done")
            made.set_status("case-003", "flagged", "strongly compressed")
        viewer = napari.Viewer(title="napari-medssl")
        viewer.window.resize(*WINDOW_SIZE)
        panels = [
            viewer.window.add_plugin_dock_widget("napari-medssl", name)[1]
            for name in ("Segment", "Project")
        ]
        panels[1].presenter.open(folder)
        QTest.qWait(SETTLE_MS)
        panels[1].presenter.case.open("case-001")
        QTest.qWait(SETTLE_MS)
        viewer.dims.set_current_step(0, 16)
        mask = next(layer for layer in viewer.layers if layer.name == "Mask")
        mask.brush_size = 30
        mask.paint((16, 136, 86), 1)
        mask.paint((16, 140, 88), 1)
        panels[1].parentWidget().raise_()
        QTest.qWait(SETTLE_MS)
        save_screenshot(viewer, IMAGES / "project.png")
        viewer.close()


def three_planes() -> None:
    """The synthetic abdomen in three planes, with its liver, and the window about to be set."""
    volume, truth = abdomen_ct()
    viewer = napari.Viewer(title="napari-medssl")
    viewer.window.resize(*WINDOW_SIZE)
    data, options, _ = image_layer(volume)
    viewer.add_image(data, **options)
    panel = viewer.window.add_plugin_dock_widget("napari-medssl", "Segment")[1]
    panel.presenter.prompting.use_tool("brush")
    mask = viewer.layers["Mask"]
    mask.data[...] = truth == 1
    mask.refresh()
    panel.open_planes()
    viewer.dims.set_point([0, 1, 2], viewer.layers[0].data_to_world((24, 100, 70)))
    panel.presenter.window.drag_with_mouse()
    QTest.qWait(ANSWER_MS)
    viewer.reset_view()  # the planes took room from the canvas
    QTest.qWait(SETTLE_MS)
    save_screenshot(viewer, IMAGES / "three-planes.png")
    viewer.close()


def automatic() -> None:
    """The phantom's own truth, moved a little, in the place of what a model finds."""
    volume, truth = abdomen_ct()
    viewer = napari.Viewer(title="napari-medssl")
    viewer.window.resize(*WINDOW_SIZE)
    data, options, _ = image_layer(volume)
    viewer.add_image(data, **options)
    panel = viewer.window.add_plugin_dock_widget("napari-medssl", "Automatic")[1]
    document = panel._scene.document
    document.set_labels(
        LabelRow(unnamed_label(n) if n > 1 else LabelInfo(1, "liver", (230, 90, 40)))
        for n in (1, 2)
    )
    mask = panel._scene.start_mask()
    before = np.where(truth == 1, 1, 0).astype(np.uint8)
    for words, after in (
        ("Mask from a file", np.roll(before, (6, 8), (1, 2))),
        ("Brush", np.where(truth == 2, 1, np.roll(before, (6, 8), (1, 2))).astype(np.uint8)),
    ):
        step = Step(words, Edit.between(mask.array, after))
        step.edit.apply(mask.array)
        mask.document.do(step)
    mask.give_back()
    viewer.dims.set_current_step(0, 27)
    colours = {value: unnamed_label(value).colour for value in LABEL_NAMES}
    every = tuple(ProposedClass(n, name, colours[n]) for n, name in LABEL_NAMES.items())
    classes = every[:6]  # as many as the picture has room for
    QTest.qWait(SETTLE_MS)
    card = TrainedCard(
        name="phantom",
        title="The phantom's own truth",
        network="unet",
        dimensions=3,
        in_channels=1,
        classes=tuple(OutputClass(c.value, c.name, c.colour) for c in classes),
        patch=(48, 96, 96),
        steps=(),
        modalities=("CT",),
        spacing_mm=volume.geometry.spacing_mm,
        method="none: it stands in for a model",
        licence="BSD-3-Clause",
    )
    panel.presenter.model._list({"phantom": card})
    QTest.qWait(SETTLE_MS)
    found = Proposal(truth, classes, "phantom", "The phantom's own truth", "")
    panel.presenter.review.take(volume, None, found)
    QTest.qWait(SETTLE_MS)
    save_screenshot(viewer, IMAGES / "automatic.png")
    viewer.close()


def learn() -> None:
    """What 150 steps of learning found on a synthetic abdomen, beside what places alone tell."""
    with TemporaryDirectory() as home:
        os.environ["XDG_DATA_HOME"] = home  # its jobs are nobody else's
        study = synthetic_study(Path(home))
        command = [sys.executable, "-m", "napari_medssl", "project", "learn", str(study)]
        subprocess.run([*command, "--steps", "150"], check=True)  # noqa: S603 - our own
        viewer = napari.Viewer(title="napari-medssl")
        viewer.window.resize(*WINDOW_SIZE)
        project, panel = (
            viewer.window.add_plugin_dock_widget("napari-medssl", name)[1]
            for name in ("Project", "Learn")
        )
        project.presenter.open(study)
        QTest.qWait(ANSWER_MS)
        with open_project(study, read_only=True) as made:
            [worst, *_] = versions(made)[-1].figures["by_case"]
        panel.presenter.models.compare(worst)
        QTest.qWait(ANSWER_MS)
        save_screenshot(viewer, IMAGES / "learn.png")
        viewer.close()


def pretrain() -> None:
    """Learning from two dozen synthetic abdomens without their masks, after half of the steps."""
    with TemporaryDirectory() as home:
        os.environ["XDG_DATA_HOME"] = home  # its jobs are nobody else's
        study, steps = synthetic_study(Path(home), cases=24), 160
        viewer = napari.Viewer(title="napari-medssl")
        viewer.window.resize(*WINDOW_SIZE)
        project, panel = (
            viewer.window.add_plugin_dock_widget("napari-medssl", name)[1]
            for name in ("Project", "Pre-train")
        )
        project.presenter.open(study)
        QTest.qWait(ANSWER_MS)
        project.presenter.case.open("case-001")
        command = [sys.executable, "-m", "napari_medssl", "pretrain", "--method", "simmim"]
        out = Path(home) / "looked"
        learning = subprocess.Popen(  # noqa: S603 - our own
            [*command, "--images", study, "--out", out, "--steps", str(steps)]
        )
        while not list(out.glob(f"artifacts/preview-*{steps // 2}.png")):
            assert learning.poll() is None, "it ended before half of its steps"
            QTest.qWait(SETTLE_MS)
        panel.parentWidget().raise_()
        QTest.qWait(ANSWER_MS)
        save_screenshot(viewer, IMAGES / "pretrain.png")
        learning.wait()
        viewer.close()


def synthetic_study(home: Path, cases: int = 9) -> Path:
    """Make a project of abdomens that lie a little differently, all of them done."""
    kidneys = [n for n, name in LABEL_NAMES.items() if "kidney" in name]
    labels = [LabelInfo(1, "kidney", (230, 90, 40))]
    with create_project(home / "Kidneys", labels=labels) as made:
        for seed in range(cases):
            volume, truth = abdomen_ct((24, 100, 128), (6.0, 2.8, 2.8), seed=seed)
            moved = np.random.default_rng(seed).integers(-8, 9, 2).tolist()
            array, truth = (np.roll(part, moved, (1, 2)) for part in (volume.array, truth))
            volume = replace(volume, array=array)
            path = write_volume(volume, home / f"patient-{seed + 1}.nii.gz")
            [case] = made.add(path).added
            made.replace_mask(case, np.isin(truth, kidneys).astype(np.uint8), "Mask from a file")
            made.set_status(case, "done")
    return home / "Kidneys"


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """Put pictures of one size in a row, at half size."""
    width, height = (n // 2 for n in pictures[0].size)
    row = Image.new("RGB", (width * len(pictures), height))
    for n, picture in enumerate(pictures):
        row.paste(picture.convert("RGB").resize((width, height)), (n * width, 0))
    return row


if __name__ == "__main__":
    main()
