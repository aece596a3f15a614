from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_sam import bright_pictures, tiny_engine

from napari_medssl.errors import UsageError
from napari_medssl.finetune import Picture, SamPlan
from napari_medssl.finetune.sam_result import WEIGHTS, finished_run, save_result, settings_hash
from napari_medssl.io import atomic_write
from napari_medssl.models.saved_state import Progress

TRAINING, HELD_OUT = bright_pictures(2), bright_pictures(1, seed=9)
PLAN = SamPlan(steps=10)


def hashed(engine=None, training=TRAINING, held_out=HELD_OUT, plan=PLAN) -> str:
    return settings_hash(engine or tiny_engine(), training, held_out, plan)


def changed(picture: Picture, **parts) -> list[Picture]:
    return [replace(picture, **parts), *TRAINING[1:]]


def test_a_run_is_known_by_all_that_its_result_depends_on() -> None:
    first = TRAINING[0]
    thing = first.things[0]
    brighter = first.grey.copy()
    brighter[0, 0] += 1
    smaller = thing.mask.copy()
    smaller[0, 0] = False
    others = [
        hashed(engine=tiny_engine(1)),
        hashed(plan=replace(PLAN, seed=PLAN.seed + 1)),
        hashed(plan=replace(PLAN, steps=11)),
        hashed(training=TRAINING[::-1]),
        hashed(training=TRAINING[:1]),
        hashed(training=[], held_out=[*TRAINING, *HELD_OUT]),
        hashed(training=changed(first, grey=brighter)),
        hashed(training=changed(first, index=7)),
        hashed(training=changed(first, pixel_mm=(1.0, 2.0))),
        hashed(training=changed(first, things=(replace(thing, mask=smaller),))),
        hashed(training=changed(first, things=(replace(thing, value=2),))),
        hashed(training=changed(first, things=(replace(thing, corner=(0, 0)),))),
    ]
    assert len({hashed(), *others}) == 1 + len(others)
    assert hashed() == hashed(training=bright_pictures(2))


def test_a_run_for_points_is_also_known_by_the_weights_it_begins_with() -> None:
    begun = [replace(tiny_engine(), points_hash=begun) for begun in ("", "a" * 64, "b" * 64)]
    for_points = replace(PLAN, mode="points", points=1.0)
    assert len({hashed(engine=engine, plan=for_points) for engine in begun}) == 3
    assert len({hashed(engine=engine) for engine in begun}) == 1


def saved(out: Path, steps: int = 10) -> str:
    """Leave a result as if it came after so many steps; return the settings."""
    settings = hashed()
    progress = Progress(settings, step=steps, before=0.5, best=0.75, best_step=4)
    about = {"masks": "drawn"}
    save_result(tiny_engine(), TRAINING, HELD_OUT, PLAN, progress, out, atomic_write, about)
    return settings


def test_a_finished_run_is_found_with_its_card(tmp_path: Path) -> None:
    assert finished_run(tmp_path, "any", 10) is None
    settings = saved(tmp_path)
    found = finished_run(tmp_path, settings, 10)
    assert found is not None
    assert found.card is not None
    assert (found.weights, found.step, found.finished) == (tmp_path / WEIGHTS, 10, True)
    card = found.card
    assert (card.figures["dice_before"], card.figures["dice_after"]) == (0.5, 0.75)
    assert (card.trained_on, card.judged_on) == (("p0", "p1"), ("p0",))
    assert card.figures["objects"] == 1
    assert card.base_sha256 == tiny_engine().weights_hash
    assert "torch" in card.versions
    assert card.settings["masks"] == "drawn"
    assert (card.holds, card.prompts) == ("network", ("point", "box"))
    assert str(tmp_path) not in json.dumps(card.settings)


def test_a_run_of_fewer_steps_goes_on(tmp_path: Path) -> None:
    assert finished_run(tmp_path, saved(tmp_path, steps=6), 10) is None


def test_another_runs_result_is_not_written_over(tmp_path: Path) -> None:
    saved(tmp_path)
    with pytest.raises(UsageError, match="made with other settings, images or weights"):
        finished_run(tmp_path, "another", 10)
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / WEIGHTS).touch()
    with pytest.raises(UsageError, match="without its card"):
        finished_run(tmp_path / "bare", "any", 10)
