"""Made scans without masks, and plans small enough to pre-train in a test."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from napari_medssl.io import atomic_write
from napari_medssl.pretrain.images.prepared import PreparedImage, Source
from napari_medssl.pretrain.images.samples import Samples
from napari_medssl.pretrain.learning.learner import Learner
from napari_medssl.pretrain.method import Method, build_method, network_for
from napari_medssl.pretrain.plan import PretrainPlan
from napari_medssl.pretrain.recipe import Lesson, Pretrained, pretrain
from napari_medssl.volume import Geometry, Volume

SHAPE = (20, 24, 28)
PLAN = PretrainPlan(
    method="barlow",
    network="unet_small",
    arguments={"widths": (4, 8)},
    dimensions=3,
    preparation=({"do": "percentiles", "low": 0.5, "high": 99.5, "of_non_zero": False},),
    crop=(8, 8, 8),
    batch=4,
    steps=6,
    save_every=2,
)


#: fields of a plan for a vision transformer
TINY_VIT: dict[str, Any] = {
    "network": "medsass_vit_s",
    "dimensions": 2,
    "crop": (32, 32),
    "arguments": {"dim": 24, "depth": 2, "heads": 2, "widths": (4, 4, 4, 4)},
}


class Killed(Exception):  # noqa: N818
    """Stands for kill -9: nothing after it is done."""


class Told:
    """Keeps what a recipe tells."""

    def __init__(self) -> None:
        self.metrics: list[tuple[int, dict[str, Any]]] = []
        self.warnings: list[str] = []

    def progress(self, done, total, doing="", seconds_left=None) -> None:
        """Nothing that a test looks at."""

    def metric(self, step, **values) -> None:
        self.metrics.append((step, values))

    def warning(self, text) -> None:
        self.warnings.append(text)

    @property
    def losses(self) -> list[float]:
        return [values["loss"] for _, values in self.metrics if "loss" in values]


def plan_for(method: str, **changes: Any) -> PretrainPlan:
    return replace(PLAN, **{"method": method, **changes})


def scan(seed: int, shape=SHAPE) -> np.ndarray:
    """A bright ball somewhere in soft noise, 0 to 1."""
    random = np.random.default_rng(seed)
    places = np.indices(shape)
    middle = [random.integers(n // 4, max(n // 4 + 1, 3 * n // 4)) for n in shape]
    far = sum((p - m) ** 2 for p, m in zip(places, middle, strict=True))
    return (0.6 * (far < 36) + 0.4 * random.random(shape)).astype(np.float32)


def volume(array: np.ndarray, spacing=(1.0, 1.0, 1.0), modality: str = "MR") -> Volume:
    geometry = Geometry(array.shape, spacing)
    return Volume.from_source_array(array, geometry, name="made", format="made", modality=modality)


def source(seed: int, shape=SHAPE, **rest: Any) -> Source:
    return Source(f"image-{seed:05d}", lambda: volume(scan(seed, shape), **rest))


def prepared(count: int = 6, shape=SHAPE) -> list[PreparedImage]:
    arrays = [scan(n, shape)[None].astype(np.float16) for n in range(count)]
    return [PreparedImage(f"image-{n}", a, (1.0, 1.0, 1.0)) for n, a in enumerate(arrays)]


def method_of(plan: PretrainPlan) -> Method:
    torch.manual_seed(plan.seed)
    return build_method(network_for(plan), plan)


def learned(
    plan: PretrainPlan, folder: Path, *, told: Told | None = None, stop=lambda: False, **rest: Any
) -> tuple[Method, Pretrained]:
    """Run the recipe; return the method as it is then."""
    folder.mkdir(exist_ok=True)
    method = rest.pop("method", None) or method_of(plan)
    lesson = Lesson(folder, "settings", atomic_write, told or Told(), stop=stop, **rest)
    return method, pretrain(method, prepared(), lesson)


def loss_of(method: Method) -> float:
    """Mean loss over some batches that are the same for every run."""
    samples = Samples(prepared(), method)
    with torch.no_grad():
        return sum(float(sum(method.train()(samples.at(n), 0).values())) for n in range(1000, 1008))


def by_heart(plan: PretrainPlan) -> list[float]:
    """Learn one batch by heart; return the loss of each step."""
    method = method_of(plan)
    one = Samples(prepared(), method).at(0)
    with Learner(method, prepared()) as learner:
        learner.samples.at = lambda *_: one
        return [learner.step(step)["loss"] for step in range(plan.steps)]


def resumed_alike(plan: PretrainPlan, folder: Path, killed_at: int) -> bool:
    """Whether a run that is killed and goes on ends where one that is not does."""
    whole, _ = learned(plan, folder / "whole")
    asked = iter(range(1000))

    def die() -> bool:
        if next(asked) == killed_at:
            raise Killed
        return False

    with suppress(Killed):
        learned(plan, folder / "killed", stop=die)
    again, left = learned(plan, folder / "killed")
    one, other = whole.state_dict(), again.state_dict()
    return left.finished and all(torch.equal(one[name], other[name]) for name in one)
