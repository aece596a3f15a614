from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from bright_cases import PLAN, bright_case, bright_example, plan_with

from napari_medssl.finetune.volumes.prepared import ONCE, prepare, prepare_all
from napari_medssl.io import atomic_write
from napari_medssl.volume import Pipeline


def test_classes_are_the_labels_in_the_plans_order():
    case = bright_case(1)
    prepared = prepare("case-001", case, PLAN)
    np.testing.assert_array_equal(prepared.classes == 1, case.labels == 3)
    np.testing.assert_array_equal(prepared.classes == 2, case.labels == 7)
    assert (prepared.weight == ONCE).all()
    for number, places in prepared.places.items():
        assert (prepared.classes[tuple(places.T)] == number).all()


def test_masks_go_where_their_image_goes():
    """Turned, resampled, cropped and padded: the ball stays on what is bright."""
    steps = (
        {"do": "orient", "codes": "RAS"},
        {"do": "resample", "spacing_mm": (2.0, 1.5, 0.7), "interpolation": "linear"},
        {"do": "crop-foreground"},
        {"do": "z-score", "of_foreground": False},
    )
    case = bright_case(2)
    prepared = prepare("case-002", case, plan_with(preparation=steps))
    image, _ = Pipeline.from_steps(steps)(case.volume)
    assert prepared.image.shape == (1, *image.array.shape)
    ball = prepared.image[0][prepared.classes == 1].mean()
    box = prepared.image[0][prepared.classes == 2].mean()
    rest = prepared.image[0][prepared.classes == 0].mean()
    assert ball - 1 > rest > box + 1
    voxel = np.prod(prepared.spacing_mm)
    assert abs((prepared.classes == 1).sum() * voxel / (case.labels == 3).sum() - 1) < 0.1


def test_only_voxels_that_count_are_looked_for():
    case = bright_case(0)
    looked = np.zeros(case.labels.shape, bool)
    looked[:, :, 12] = True
    prepared = prepare("case-000", replace(case, looked_at=looked), PLAN)
    assert all((places[:, 2] == 12).all() for places in prepared.places.values())


def test_a_case_is_prepared_once(tmp_path: Path):
    reads = []
    example = bright_example(0)
    counting = replace(example, read=lambda: reads.append(1) or example.read())
    told: list[int] = []
    first = prepare_all([counting], PLAN, tmp_path, atomic_write, told.append)[0]
    again = prepare_all([counting], PLAN, tmp_path, atomic_write, told.append)[0]
    assert len(reads) == 1
    assert told == [1, 1]
    for name in ("image", "classes", "weight"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    fresh = prepare("case-000", example.read(), PLAN)
    np.testing.assert_array_equal(first.image, fresh.image)
    assert first.places.keys() == fresh.places.keys()
    assert first.spacing_mm == fresh.spacing_mm
