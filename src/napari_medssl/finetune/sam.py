"""Fine-tuning SAM, MedSAM or LiteMedSAM on pictures and masks: the recipe."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.finetune.batch_loss import batch_loss
from napari_medssl.finetune.batches import Batches
from napari_medssl.finetune.encoders import FrozenEncoder, LearningEncoder
from napari_medssl.finetune.judging import judge
from napari_medssl.finetune.learning import (
    begin_learning,
    begin_without_masks,
    end_learning,
    spread_first_mask,
)
from napari_medssl.finetune.sam_result import (
    WEIGHTS,
    Tuned,
    finished_run,
    save_result,
    settings_hash,
)
from napari_medssl.models.saved_state import Progress, copy_of, load_state, put_into, save_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from napari_medssl.finetune.pictures import Picture
    from napari_medssl.finetune.plan import SamPlan
    from napari_medssl.models.report import Report
    from napari_medssl.models.torch_engine import TorchEngine
    from napari_medssl.models.weights import AtomicWrite

_STATE = "state.safetensors"
#: folder of a run for embeddings that do not fit into memory
EMBEDDINGS = "embeddings"


def finetune_sam(
    engine: TorchEngine,
    training: Sequence[Picture],
    held_out: Sequence[Picture],
    plan: SamPlan,
    out: Path,
    *,
    write: AtomicWrite,
    report: Report,
    stop: Callable[[], bool] = lambda: False,
    about: Mapping[str, Any] | None = None,
) -> Tuned:
    """Teach a promptable network the objects of some pictures.

    A run that was stopped or killed goes on from its last saved state, to the same weights.

    Parameters
    ----------
    engine : TorchEngine
        The network to begin with; its weights are changed. In the mode "points", weights for
        points that it has are gone on with.
    training, held_out : sequences of Picture
        To learn from, and to judge by; no patient is in both. Nothing need be held out.
    plan : SamPlan
        How.
    out : Path
        An existing folder: gets ``model.safetensors`` with its card, and the state of a run.
    write : callable
        ``io.atomic_write``: this package may not import it.
    report : Report
        Is told of progress, the ``loss`` of each step and the ``dice`` of each check.
    stop : callable
        Asked before each step; True keeps the best so far and the state.
    about : mapping, optional
        What the card says beside the plan, such as where the masks come from.

    Raises
    ------
    UsageError
        If there is nothing to learn from, or ``out`` holds another run.
    MedSSLError
        If the loss is no longer a number, or the disk is full.
    """
    if not training:
        raise UsageError("no object to learn from", expected="masks that are not empty")
    settings = settings_hash(engine, training, held_out, plan)
    if (ended := finished_run(out, settings, plan.steps)) is not None:
        return ended
    before, shown_masks = engine.clicked, plan.mode == "points" and engine.card.corrects
    engine = engine.by_itself()
    learned = begin_learning(engine.network, plan)
    if plan.mode == "points" and before is not None:
        engine.network.load_state_dict(before.state_dict(), strict=False)
    elif plan.mode == "points" and not engine.card.takes_points:
        spread_first_mask(engine.network, plan.seed)
    if plan.corrects and not shown_masks:
        begin_without_masks(engine.network)
    optimiser = torch.optim.AdamW(learned.values(), weight_decay=plan.decay)
    saved = load_state(out / _STATE, settings, learned, optimiser)
    progress, best = saved or (Progress(settings), copy_of(learned))
    began_at = progress.step
    teacher, judged = (
        FrozenEncoder(engine, some, out / EMBEDDINGS, write)
        if plan.frozen_encoder
        else LearningEncoder(engine, some)
        for some in (training, held_out)
    )
    teacher.prepare(report, stop)
    judged.prepare(report, stop)
    batches = Batches(engine, training, plan)

    corrects = replace(engine, card=replace(engine.card, corrects=plan.corrects or shown_masks))

    def dice() -> float | None:
        if not held_out:
            return None
        found = judge(
            corrects,
            held_out,
            judged.embedding,
            jitter=plan.jitter,
            seed=plan.seed,
            clicks=plan.clicks if plan.mode == "points" else 0,
        )
        report.metric(progress.step, dice=found.mean)
        return found.mean

    if progress.step == 0 and progress.before is None and not stop():
        progress = replace(progress, before=dice())
    while progress.step < plan.steps and not stop():
        batch = batches.at(progress.step)
        loss = batch_loss(engine.network, batch, teacher.features(batch.pictures))
        step_along(loss, optimiser, plan.rate_at(progress.step))
        progress = replace(progress, step=progress.step + 1)
        report.metric(progress.step, loss=loss.item())
        report.progress(progress.step, plan.steps, "Learning")
        if progress.step % plan.check_every == 0 or progress.step == plan.steps:
            progress = progress.judged(dice())
            best = copy_of(learned) if progress.best_step == progress.step else best
            save_state(out / _STATE, progress, learned, optimiser, best, write)
    if progress.step < plan.steps:
        save_state(out / _STATE, progress, learned, optimiser, best, write)
    put_into(learned, best)
    end_learning(engine.network)
    if not progress.best_step:
        return Tuned(None, None, began_at, progress.step, finished=False)
    if (
        progress.before is not None
        and progress.best is not None
        and progress.best <= progress.before
    ):
        report.warning("The network did not get better on the held-out images")
    card = save_result(corrects, training, held_out, plan, progress, out, write, about)
    if finished := progress.step == plan.steps:
        (out / _STATE).unlink(missing_ok=True)
        teacher.close()
    return Tuned(out / WEIGHTS, card, began_at, progress.step, finished)


def step_along(loss: Tensor, optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Change what is learned by one step against the gradient, which is never longer than 1.

    Raises
    ------
    MedSSLError
        If the loss is not a number.
    """
    if not bool(loss.isfinite()):
        raise MedSSLError(
            "the loss is no longer a number, so learning was stopped",
            do="Choose another folder for --out, and a lower --rate",
        )
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    for group in optimiser.param_groups:
        group["lr"] = rate
        torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
    optimiser.step()
