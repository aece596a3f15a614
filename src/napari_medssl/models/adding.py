"""Taking a file of weights in: a published one, one of ours, or a foreign one that is converted."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.models.networks import network_card, network_cards
from napari_medssl.models.registry import model_cards
from napari_medssl.models.trained import (
    OutputClass,
    TrainedCard,
    card_path,
    numbered_classes,
    read_card,
    trained_cards,
    trained_folder,
    write_card,
)
from napari_medssl.models.weights import add_published, add_weights, sha256_of
from napari_medssl.volume import preparation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_medssl.models.layouts.foreign import Foreign
    from napari_medssl.models.registry import ModelCard
    from napari_medssl.models.weights import AtomicWrite

_SUFFIX = ".safetensors"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
#: where a 2-D network looks along the prepared image's last axis
_LAST_AXIS = 2


@dataclass(frozen=True)
class Wishes:
    """What a person says of a file that they add.

    Parameters
    ----------
    name : str
        Key to keep it under; one is made up where it is empty.
    classes : tuple of OutputClass
        What each output stands for, in order; empty where the file tells, or nobody knows.
    legacy_merging : bool
        The file is a 3-D Swin UNETR of MONAI 1.4 or older.
    """

    name: str = ""
    classes: tuple[OutputClass, ...] = ()
    legacy_merging: bool = False


def add_checkpoint(path: Path, wishes: Wishes, write: AtomicWrite) -> ModelCard | TrainedCard:
    """Keep a file of weights for later, whatever it is called.

    Parameters
    ----------
    path : Path
        The published weights of a promptable network, a checkpoint of ours with its card, or a
        segmentation network or encoder in one of the foreign layouts.
    wishes : Wishes
        What is not in the file.
    write : callable
        ``io.atomic_write``: this package may not import it.

    Returns
    -------
    ModelCard or TrainedCard
        What it is now known as.

    Raises
    ------
    WeightsError
        If the file cannot be read safely, is in none of the layouts, or does not fit; the counts
        of its tensors are in the message.
    UsageError
        If the name is taken or is none, or the classes do not go with the outputs.
    """
    published = add_published(path, write)
    if published is not None:
        if wishes != Wishes():
            raise UsageError(f"--name or --classes for {published.title}", expected="neither")
        return published
    if wishes.name:
        _require_name(wishes.name)
    if path.suffix == _SUFFIX and card_path(path).is_file():
        return _add_ours(path, wishes, write)
    from napari_medssl.models.layouts.recognise import read_foreign

    foreign = read_foreign(path)
    if foreign.holds == "promptable":
        return add_weights(path, write)  # not published: says what to do with weights of one's own
    if foreign.holds == "other":
        raise WeightsError(
            f"'{path.name}' is an {foreign.card.title} with {len(foreign.tensors)} tensors and "
            f"{foreign.outputs or 'unknown'} classes, and its network is built by nnU-Net alone. "
            f"{foreign.note}",
            do="Leave it in its results folder and run it with 'medssl nnunet predict'",
        )
    return _convert(foreign, path, wishes, write)


def _add_ours(path: Path, wishes: Wishes, write: AtomicWrite) -> TrainedCard:
    """Copy a checkpoint of ours after it has proved to fit its network."""
    from napari_medssl.models.trained_weights import (
        load_start,
        load_trained,
        network_for,
        read_trained,
    )

    card = read_card(path)
    if wishes.classes or wishes.legacy_merging:
        raise UsageError(f"--classes or --legacy-merging for '{path.name}'", expected="its card's")
    if card.holds != "network":
        load_start(network_for(card), read_trained(path, card), card.parts)
    else:
        load_trained(path, card)
    return keep_trained(path, replace(card, name=wishes.name or card.name), write)


def keep_trained(path: Path, card: TrainedCard, write: AtomicWrite) -> TrainedCard:
    """Copy a checkpoint of ours, known to fit its network, to where trained models are kept.

    Parameters
    ----------
    path : Path
        Its safetensors file.
    card : TrainedCard
        Its card, under the name to keep it by.
    write : callable
        ``io.atomic_write``.

    Raises
    ------
    UsageError
        If the name is none, or another model has it.
    WeightsError
        If the file is not the one that the card was made for.
    """
    target, there = _place(card)
    if there:
        return card

    def verify(part: Path) -> None:
        if sha256_of(part) != card.sha256:
            raise WeightsError(f"'{path.name}' changed while it was copied")

    write(target, lambda part: _copy(path, part), verify)
    write_card(card, target, write)
    return card


def _convert(foreign: Foreign, path: Path, wishes: Wishes, write: AtomicWrite) -> TrainedCard:
    from napari_medssl.models.layouts.match import load_foreign
    from napari_medssl.models.trained_weights import save_trained

    if wishes.legacy_merging:
        if foreign.network != "swin_unetr" or foreign.dimensions != 3:
            raise UsageError(
                f"--legacy-merging for '{path.name}', {foreign.card.title}",
                expected="a 3-D Swin UNETR",
            )
        arguments = {**foreign.arguments, "legacy_merging": True}
        foreign = replace(foreign, arguments=arguments, note="")
    network = load_foreign(foreign, path.name)
    card = _card(foreign, sha256_of(path), wishes, path.name)
    target, there = _place(card)
    return read_card(target) if there else save_trained(network, card, target, write)


def _card(foreign: Foreign, parent: str, wishes: Wishes, file: str) -> TrainedCard:
    """Write down what is known of foreign weights, and say of what is not that it is not."""
    layout, network = foreign.card, network_card(foreign.network)
    steps = tuple(preparation(layout.preparation).pipeline.steps())
    spacing = next((step["spacing_mm"] for step in steps if step["do"] == "resample"), ())
    known = bool(layout.modalities)
    about = [f"From a file of the layout '{layout.name}', {len(foreign.tensors)} tensors."]
    if foreign.unused:
        about.append(f"{len(foreign.unused)} more are left: {next(iter(foreign.unused.values()))}.")
    if not known:
        about.append(f"Prepared as '{layout.preparation}', which is a guess.")
    return TrainedCard(
        name=wishes.name or layout.name,
        title=layout.title,
        network=foreign.network,
        dimensions=foreign.dimensions,
        in_channels=foreign.in_channels,
        classes=_classes(foreign, wishes.classes, file),
        patch=network.patch[foreign.dimensions],
        steps=steps,
        holds="network" if foreign.holds == "network" else "encoder",
        arguments=foreign.arguments,
        slice_axis=_LAST_AXIS if foreign.dimensions == 2 else -1,
        modalities=layout.modalities,
        spacing_mm=tuple(reversed(spacing)) if known else (),
        method=layout.method,
        trained_on=(layout.trained_on,),
        licence=layout.licence,
        source=layout.source,
        about=" ".join([*about, foreign.note]).strip(),
        parent=parent,
    )


def _classes(foreign: Foreign, wished: Sequence[OutputClass], file: str) -> tuple[OutputClass, ...]:
    if foreign.holds == "encoder":
        if wished:
            raise UsageError(f"--classes for '{file}', an encoder alone", expected="none")
        return ()
    count = foreign.outputs - 1
    if count < 1:
        raise WeightsError(
            f"'{file}' has one output", expected="the background and at least one class"
        )
    if not wished:
        return numbered_classes(
            foreign.class_names or [f"class {value}" for value in range(1, count + 1)]
        )
    if len(wished) != count:
        raise UsageError(
            f"{len(wished)} classes for '{file}'", expected=f"{count}, one for each output but 0"
        )
    return tuple(wished)


def _place(card: TrainedCard) -> tuple[Path, bool]:
    """Return where a model is kept, and whether just this one is there already."""
    _require_name(card.name)
    folder = trained_folder()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{card.name}{_SUFFIX}"
    if not target.exists():
        return target, False
    other = trained_cards().get(card.name)
    same = other is not None and (
        other.sha256 == card.sha256
        if card.sha256
        else (other.parent, other.classes) == (card.parent, card.classes)
        and other.arguments == dict(card.arguments)
    )
    if not same:
        raise UsageError(
            f"the name '{card.name}', under which another model is kept",
            expected="a free name",
            do="Choose one with --name",
        )
    return target, True


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"the name '{name}'", expected="letters, digits, dots, lines, at most 64 of them"
        )
    if name in network_cards() or name in model_cards():
        raise UsageError(
            f"the name '{name}', which is a network's",
            expected="a name of your own",
            do="Choose one with --name",
        )


def _copy(source: Path, part: Path) -> None:
    shutil.copyfile(source, part)
