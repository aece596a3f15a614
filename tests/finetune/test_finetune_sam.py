from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny_sam import Heard, bright_pictures, tiny_engine, tiny_network

from napari_medssl.errors import MedSSLError, SaveError, UsageError
from napari_medssl.finetune import SamPlan, finetune_sam
from napari_medssl.finetune.judging import Verdict, judge
from napari_medssl.finetune.sam import step_along
from napari_medssl.io import atomic_write
from napari_medssl.models.point_head import point_head
from napari_medssl.models.torch_engine import TorchEngine
from napari_medssl.models.tuned import read_tuned

PLAN = SamPlan(steps=7, batch=2, check_every=3, rate=1e-2)
MODES = ["decoder", "lora", "everything", "points"]


def run(out: Path, plan: SamPlan, report: Heard | None = None, **rest):
    out.mkdir(exist_ok=True)
    return finetune_sam(
        tiny_engine(),
        bright_pictures(4),
        bright_pictures(2, seed=9),
        plan,
        out,
        write=atomic_write,
        report=report or Heard(),
        **rest,
    )


def planned(mode: str, points: float) -> SamPlan:
    """A plan in which some prompts are points, or all of them with further clicks."""
    if mode == "points":
        return replace(PLAN, points=1.0, clicks=3, mode="points")
    return replace(PLAN, points=points, mode=mode)


@pytest.mark.parametrize("mode", MODES)
def test_what_is_not_learned_stays_and_names_stay_as_published(tmp_path: Path, mode: str) -> None:
    result = run(tmp_path, planned(mode, points=0.5))
    before, after = tiny_network().state_dict(), load_file(tmp_path / "model.safetensors")
    assert result.finished
    if mode == "points":
        heads = ("prompt_encoder.", "mask_decoder.")
        before = {name: t for name, t in before.items() if name.startswith(heads)}
    assert after.keys() == before.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    encoder = {name for name in changed if name.startswith("image_encoder.")}
    assert any(name.startswith("mask_decoder.") for name in changed)
    if mode == "decoder":
        assert not encoder
    if mode == "lora":
        assert encoder == {f"image_encoder.blocks.{n}.attn.qkv.weight" for n in (0, 1)}
    if mode in ("decoder", "lora"):
        assert not any(name.startswith("prompt_encoder.") for name in changed)
    if mode == "points":
        assert "prompt_encoder.point_embeddings.1.weight" in changed
    if mode == "everything":
        assert "image_encoder.patch_embed.proj.weight" in encoder
    assert not (tmp_path / "state.safetensors").exists()


@pytest.mark.parametrize("corrects", [False, True])
def test_weights_for_points_that_are_there_are_gone_on_with(tmp_path: Path, corrects: bool) -> None:
    other, engine = tiny_engine(seed=5), tiny_engine()
    with_points = replace(
        engine,
        card=replace(engine.card, corrects=corrects),
        clicked=point_head(other.network),
        points_hash=other.weights_hash,
    )
    plan = replace(planned("points", 1.0), steps=1, rate=1e-9)
    finetune_sam(
        with_points, bright_pictures(2), [], plan, tmp_path, write=atomic_write, report=Heard()
    )
    after = load_file(tmp_path / "model.safetensors")
    begun = point_head(other.network).state_dict()
    if not corrects:  # weights that were never shown an outline begin without what it means
        last = "prompt_encoder.mask_downscaling.6."
        begun[last + "weight"] = torch.zeros_like(begun[last + "weight"])
        begun[last + "bias"] = begun["prompt_encoder.no_mask_embed.weight"][0]
    for name, tensor in begun.items():
        assert torch.allclose(after[name].float(), tensor, atol=2e-3), name
    assert not torch.allclose(
        after["mask_decoder.mask_tokens.weight"].float(),
        tiny_network().state_dict()["mask_decoder.mask_tokens.weight"],
        atol=2e-3,
    )


@pytest.mark.parametrize("clicks", [1, 2])
def test_what_clicks_correct_is_shown_when_they_are_judged(
    tmp_path: Path, clicks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[bool] = []

    def listening(engine: TorchEngine, *given: Any, **settings: Any) -> Verdict:
        judged.append(engine.card.corrects)
        return judge(engine, *given, **settings)

    monkeypatch.setattr("napari_medssl.finetune.sam.judge", listening)
    plan = replace(planned("points", 1.0), steps=1, clicks=clicks)
    result = finetune_sam(
        tiny_engine(),
        bright_pictures(2),
        bright_pictures(1),
        plan,
        tmp_path,
        write=atomic_write,
        report=Heard(),
    )
    assert judged == [clicks > 1] * 2
    assert result.card is not None
    assert result.card.prompts == (("point", "mask") if clicks > 1 else ("point",))


@pytest.mark.parametrize("mode", MODES)
def test_a_killed_run_goes_on_to_the_same_weights(tmp_path: Path, mode: str) -> None:
    plan = planned(mode, points=0.3)
    run(tmp_path / "straight", plan)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", plan, Heard(crash_at=5))
    again = Heard()
    result = run(tmp_path / "killed", plan, again)
    assert result.began_at == 3
    assert min(again.losses) == result.began_at + 1
    straight = load_file(tmp_path / "straight" / "model.safetensors")
    resumed = load_file(tmp_path / "killed" / "model.safetensors")
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)
    cards = [read_tuned(tmp_path / way / "model.safetensors") for way in ("straight", "killed")]
    assert cards[0] == cards[1]


def test_a_stopped_run_keeps_the_best_so_far_and_goes_on(tmp_path: Path) -> None:
    heard = Heard()
    result = run(tmp_path / "a", PLAN, heard, stop=lambda: len(heard.losses) >= 4)
    assert (result.finished, result.step) == (False, 4)
    assert result.card is not None
    assert result.card.figures["best_step"] == 3
    assert result.card.figures["steps"] == 4
    more = run(tmp_path / "a", PLAN)
    assert (more.finished, more.began_at, more.step) == (True, 4, 7)
    run(tmp_path / "b", PLAN)
    one, other = (load_file(tmp_path / way / "model.safetensors") for way in "ab")
    assert all(torch.equal(one[name], other[name]) for name in one)
    early = run(tmp_path / "c", PLAN, stop=lambda: True)
    assert (early.weights, early.step) == (None, 0)
    assert run(tmp_path / "c", PLAN).card == read_tuned(tmp_path / "b" / "model.safetensors")


def test_a_tiny_network_learns_what_is_bright(tmp_path: Path) -> None:
    heard = Heard()
    plan = replace(PLAN, steps=60, check_every=20, mode="everything", batch=6)
    card = run(tmp_path, plan, heard).card
    assert card is not None
    assert np.mean(list(heard.losses.values())[-10:]) < 0.7 * heard.losses[1]
    assert card.figures["dice_after"] > card.figures["dice_before"] + 0.1
    assert card.figures["dice_after"] == max(heard.dice[step] for step in (20, 40, 60))
    assert card.figures["objects"] == 2
    assert card.trained_on == ("p0", "p1", "p2", "p3")


def test_nothing_held_out_keeps_the_last(tmp_path: Path) -> None:
    tmp_path.joinpath("x").mkdir()
    result = finetune_sam(
        tiny_engine(),
        bright_pictures(3),
        [],
        PLAN,
        tmp_path / "x",
        write=atomic_write,
        report=Heard(),
    )
    assert result.card is not None
    assert result.card.figures["dice_after"] is None
    assert result.card.figures["best_step"] == 7


def test_a_finished_run_is_not_done_again_and_another_one_is_refused(tmp_path: Path) -> None:
    run(tmp_path, PLAN)
    heard = Heard()
    assert run(tmp_path, PLAN, heard).began_at == 7
    assert heard.losses == {}
    with pytest.raises(UsageError, match="made with other settings"):
        run(tmp_path, replace(PLAN, seed=1))
    (tmp_path / "model.json").unlink()
    with pytest.raises(UsageError, match="without its card"):
        run(tmp_path, PLAN)


def test_the_state_of_another_run_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, PLAN, Heard(crash_at=4))
    with pytest.raises(UsageError, match="stopped after 3 steps"):
        run(tmp_path, replace(PLAN, steps=8))
    state = tmp_path / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-7])
    with pytest.raises(MedSSLError, match="damaged"):
        run(tmp_path, PLAN)


def test_a_full_disk_is_a_sentence_and_nothing_is_half_written(tmp_path: Path) -> None:
    def full(path: Path, write, verify) -> None:
        raise SaveError(f"'{path.name}' did not fit on the disk", do="Make room")

    with pytest.raises(SaveError, match="did not fit"):
        finetune_sam(
            tiny_engine(),
            bright_pictures(2),
            [],
            PLAN,
            tmp_path,
            write=full,
            report=Heard(),
        )
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_learn_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no object"):
        finetune_sam(tiny_engine(), [], [], PLAN, tmp_path, write=atomic_write, report=Heard())


def test_a_loss_that_is_no_number_ends_the_run() -> None:
    weight = torch.nn.Parameter(torch.ones(1))
    with pytest.raises(MedSSLError, match="no longer a number"):
        step_along(weight * torch.nan, torch.optim.AdamW([weight]), 1e-3)
