"""The best configuration or pair of them by nnU-Net's cross-validation, made into a model."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UnreadableFileError
from napari_medssl.finetune.nnunet.folders import PLANS, TRAINER
from napari_medssl.finetune.nnunet.model import CARD, CHECKPOINT, Member, NnunetCard, member_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl.finetune.nnunet.folders import NnunetFolders
    from napari_medssl.finetune.nnunet.model import OutputLabel
    from napari_medssl.models.weights import AtomicWrite

_KEEP_LARGEST = "remove_all_but_largest_component_from_segmentation"


@dataclass(frozen=True)
class Choice:
    """What nnU-Net chose.

    Parameters
    ----------
    names : tuple of str
        One configuration, or two whose probabilities are averaged.
    postprocessing : tuple of tuple of int
        For each step the labels of which only the largest piece is kept.
    dice : mapping
        Mean Dice of each candidate, and of the chosen one after postprocessing.
    """

    names: tuple[str, ...]
    postprocessing: tuple[tuple[int, ...], ...]
    dice: Mapping[str, float | None]


def choose_best(
    folders: NnunetFolders, names: Sequence[str], folds: Sequence[int], workers: int
) -> Choice:
    """Compare the trained configurations, and pairs of them, on cases their folds had not seen.

    Parameters
    ----------
    folders : NnunetFolders
        In which the configurations are trained and validated.
    names, folds : sequence of str, sequence of int
        What was trained.
    workers : int
        Threads.
    """
    from nnunetv2.evaluation.find_best_configuration import find_best_configuration

    trained = tuple({"plans": PLANS, "configuration": n, "trainer": TRAINER} for n in names)
    found = find_best_configuration(
        folders.dataset,
        trained,
        allow_ensembling=len(names) > 1,
        num_processes=max(1, workers),
        folds=tuple(folds),
    )
    best = found["best_model_or_ensemble"]
    dice = {_plain(name): _number(value) for name, value in found["all_results"].items()}
    dice["chosen"] = _number(best["result_on_crossval_post_pp"])
    return Choice(
        tuple(one["configuration"] for one in best["selected_model_or_models"]),
        _steps(Path(best["postprocessing_file"]).with_suffix(".json")),
        dice,
    )


def make_model(
    folders: NnunetFolders,
    choice: Choice,
    out: Path,
    labels: Sequence[OutputLabel],
    facts: Mapping[str, Any],
    write: AtomicWrite,
) -> NnunetCard:
    """Put what was chosen into a folder of its own, with a card; no weights are copied twice.

    Parameters
    ----------
    folders : NnunetFolders
        In which the configurations are trained.
    choice : Choice
        What is taken.
    out : Path
        The model's folder, made if need be; an earlier one is replaced.
    labels : sequence of OutputLabel
        What nnU-Net's label values mean.
    facts : mapping
        How it was trained.
    write : callable
        ``io.atomic_write``: this package may not import it.

    Raises
    ------
    SaveError
        If the card cannot be written.
    """
    shutil.rmtree(out, ignore_errors=True)
    before = "3d_lowres" if "3d_cascade_fullres" in choice.names else None
    members: dict[str, Member] = {}
    for name in {*choice.names, *([before] if before else [])}:
        _link(folders.trained(name), out / name)
        members[name] = member_at(out / name, out, name)
    description = json.loads((folders.raw / "dataset.json").read_text("utf-8"))
    channels = description["channel_names"]
    card = NnunetCard(
        channels=tuple(channels[key] for key in sorted(channels, key=int)),
        suffix=description["file_ending"],
        labels=tuple(labels),
        members=tuple(members[name] for name in choice.names),
        before=members[before] if before else None,
        postprocessing=choice.postprocessing,
        dice=choice.dice,
        facts=facts,
    )

    def put(part: Path) -> None:
        with part.open("w", encoding="utf-8") as stream:
            stream.write(card.text())

    write(out / CARD, put, lambda _: None)
    return card


def _link(trained: Path, out: Path) -> None:
    """Give files a second name, or copy them where the disk knows no such thing."""
    wanted = [trained / "plans.json", trained / "dataset.json"]
    for source in (*wanted, *trained.glob(f"fold_*/{CHECKPOINT}")):
        target = out / source.relative_to(trained)
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            os.link(source, target)
            continue
        shutil.copyfile(source, target)


def _steps(file: Path) -> tuple[tuple[int, ...], ...]:
    """Read which labels are cleaned; from the JSON, never from the pickle beside it."""
    try:
        told = json.loads(file.read_text("utf-8"))
        if not set(told["postprocessing_fns"]) <= {_KEEP_LARGEST}:
            raise ValueError
        given = [step["labels_or_regions"] for step in told["postprocessing_kwargs"]]
        return tuple(tuple(one) if isinstance(one, list) else (int(one),) for one in given)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFileError("nnU-Net's postprocessing cannot be read") from error


def _plain(name: str) -> str:
    """Turn nnU-Net's name of a candidate into those of its configurations."""
    parts = [part.split("__")[-1] for part in name.split("___")[1:3]]
    return " + ".join(parts) if name.startswith("ensemble___") else name.split("__")[-1]


def _number(value: object) -> float | None:
    number = float(str(value))
    return number if number == number else None
