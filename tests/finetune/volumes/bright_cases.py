"""Cases with one bright ball and one dark box each, and plans small enough to test with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_medssl.finetune.volumes.examples import Example, Labelled
from napari_medssl.finetune.volumes.plan import VolumePlan
from napari_medssl.finetune.volumes.prepared import Prepared, prepare
from napari_medssl.volume import Geometry, Volume

SHAPE = (18, 20, 22)
SPACING = (1.0, 1.0, 1.0)

PLAN = VolumePlan(
    network="unet_small",
    arguments={"widths": (4, 8)},
    dimensions=3,
    values=(3, 7),
    preparation=({"do": "z-score", "of_foreground": False},),
    patch=(16, 16, 16),
    steps=6,
    check_every=4,
    rate=1e-2,
)


def volume_of(array: np.ndarray, spacing=SPACING, modality: str = "MR") -> Volume:
    geometry = Geometry(array.shape, spacing)
    return Volume.from_source_array(array, geometry, name="made", format="made", modality=modality)


def bright_case(seed: int, spacing=SPACING, modality: str = "MR") -> Labelled:
    """A bright ball of label 3 and a dark box of label 7 in noise."""
    random = np.random.default_rng(seed)
    z, y, x = np.indices(SHAPE)
    middle = random.integers(6, 12, 3)
    ball = (z - middle[0]) ** 2 + (y - middle[1]) ** 2 + (x - middle[2]) ** 2 <= 16
    box = (z < 6) & (y > 12) & (x > 8) & ~ball
    labels = np.where(ball, 3, np.where(box, 7, 0)).astype(np.uint8)
    array = random.normal(0, 10, SHAPE) + 200 * ball - 150 * box
    return Labelled(volume_of(array.astype(np.float32), spacing, modality), labels)


def bright_example(seed: int, **rest) -> Example:
    return Example(f"case-{seed:03d}", f"patient {seed}", lambda: bright_case(seed, **rest))


def prepared_cases(count: int, plan: VolumePlan = PLAN) -> list[Prepared]:
    return [prepare(f"case-{n:03d}", bright_case(n), plan) for n in range(count)]


def plan_with(**changes) -> VolumePlan:
    return replace(PLAN, **changes)


class Told:
    """Keeps what a recipe tells."""

    def __init__(self) -> None:
        self.metrics: list[tuple[int, dict]] = []
        self.warnings: list[str] = []
        self.doing: list[str] = []

    def progress(self, done, total, doing="", seconds_left=None) -> None:
        self.doing.append(doing)

    def metric(self, step, **values) -> None:
        self.metrics.append((step, values))

    def warning(self, text) -> None:
        self.warnings.append(text)


def folder_of(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder
