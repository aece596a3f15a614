"""What a network begins with: the model in use, one that was added, or nothing; and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError
from napari_medssl.finetune.volumes.protocols import OURS, require_teaching
from napari_medssl.models.trained import find_trained, read_card, trained_cards, trained_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from napari_medssl.models.trained import TrainedCard

#: networks of which a processor takes enough steps in minutes
_LIGHT = ("unet", "unet_small", "unet_literal", "btunet", "mri_unet")
#: methods that learned from masks, or not at all; all others learned from images alone
_SUPERVISED, _NOTHING = ("supervised", "corrections"), "random"
#: what images are called whose files do not say what made them
_UNKNOWN = "OT"
#: images of so few slices are seen in 2-D
_FLAT = 4


@dataclass(frozen=True)
class Images:
    """What is learned from, as far as it decides on what to begin with.

    Parameters
    ----------
    labels : mapping of int to str
        What is drawn: values and names.
    modalities : frozenset of str
        What the images are: ``"CT"``, ``"MR"``, ...
    fewest_slices : int
        The shortest side of the image where that is longest, in voxels.
    """

    labels: Mapping[int, str]
    modalities: frozenset[str]
    fewest_slices: int


@dataclass(frozen=True)
class Start:
    """Weights to begin with.

    Parameters
    ----------
    path : Path or None
        None begins with random ones.
    words : str
        Which, and why, in a sentence.
    """

    path: Path | None
    words: str


def choose_start(wanted: str, in_use: Path | None, images: Images, device: str) -> Start:
    """Choose what to begin with.

    Parameters
    ----------
    wanted : str
        ``"auto"``, ``"scratch"``, ``"current"``, or a trained model by name or file.
    in_use : Path or None
        Weights of the project's model in use.
    images : Images
        What is learned from.
    device : str
        As `pick_device` returned it.

    Raises
    ------
    UsageError
        If there is no such model.
    WeightsError
        If its card cannot be read.
    """
    if wanted == "scratch":
        return Start(None, "It begins with random weights, as asked.")
    if wanted not in ("auto", "current"):
        path, card = find_trained(wanted)
        return Start(path, f"It begins with '{card.title}', as asked.")
    if wanted == "current":
        if in_use is None:
            raise UsageError("--init current in a project without a model in use", expected="auto")
        return Start(in_use, f"It begins with the model in use ({in_use.stem}), as asked.")
    if in_use is not None and _labels_of(read_card(in_use)) == dict(images.labels):
        words = f"It begins with the model in use ({in_use.stem}), which has the same labels."
        return Start(in_use, words)
    return _added(images, device)


def starter(
    wanted: str, device: str, protocol: str = OURS
) -> Callable[[Path | None, Mapping[int, str], frozenset[str], int], Start]:
    """Return `choose_start` for whoever knows the model in use and what `Images` wants.

    What it returns refuses a start that the protocol is not for.
    """

    def choose(in_use: Path | None, *images: Any) -> Start:
        start = choose_start(wanted, in_use, Images(*images), device)
        require_teaching(protocol, network_of(start.path))
        return start

    return choose


def network_of(start: Path | None) -> str | None:
    """Return the network of weights to begin with; None of random ones."""
    return read_card(start).network if start is not None else None


def offered_starts() -> dict[str, str]:
    """Return the models of this machine that could be begun with: names, and titles for people."""
    there = trained_cards().items()
    return {name: card.title for name, card in there if card.method != _NOTHING}


def _added(images: Images, device: str) -> Start:
    """Choose among the models that were added: what learned from images alone comes first.

    Of several the newest: who has just had it learn from their scans means those weights.
    """
    fitting = [one for one in trained_cards().items() if _fits(one[1], images, device)]
    if not fitting:
        return Start(
            None,
            "It begins with random weights: no model was added that fits these images and is "
            "light enough for this machine.",
        )
    unmasked = [one for one in fitting if one[1].method not in _SUPERVISED]
    among = unmasked or fitting
    name, card = max(among, key=lambda one: _kept_at(one[0]))
    how = f"without masks ({card.method})" if unmasked else "from masks"
    kinds = " and ".join(card.modalities)
    on = f"on {kinds}" if kinds else "on images whose files do not say what made them, as yours"
    newest = ", the newest such model" if len(among) > 1 else ""
    words = f"It begins with '{card.title}'{newest}, which learned {how} {on}."
    return Start(_file_of(name), words)


def _fits(card: TrainedCard, images: Images, device: str) -> bool:
    return (
        card.method != _NOTHING
        and not card.trouble
        and (not device.startswith("cpu") or card.network in _LIGHT)
        and _knows(card, images.modalities)
        and card.in_channels == 1
        and card.dimensions == (2 if images.fewest_slices <= _FLAT else 3)
    )


def _knows(card: TrainedCard, modalities: frozenset[str]) -> bool:
    """Tell whether a model saw such images; those of no known kind go with those of none.

    A card without voxel sizes is a foreign file's: nobody knows what that saw.
    """
    if modalities == {_UNKNOWN}:
        return not card.modalities and bool(card.spacing_mm)
    return modalities <= set(card.modalities)


def _kept_at(name: str) -> float:
    return _file_of(name).stat().st_mtime


def _file_of(name: str) -> Path:
    return trained_folder() / f"{name}.safetensors"


def _labels_of(card: TrainedCard) -> dict[int, str]:
    return {one.value: one.name for one in card.classes}
