"""Checkpoints of ours: a safetensors file, and a card in JSON beside it that needs no torch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from napari_medssl.errors import MedSSLError, UsageError, WeightsError
from napari_medssl.models.networks import network_card
from napari_medssl.models.weights import sha256_of, weights_folder
from napari_medssl.volume import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_medssl.models.weights import AtomicWrite

_SUFFIX, _CARD = ".safetensors", ".json"
_FORMAT = 1

Holds = Literal["network", "encoder", "encoder and decoder"]


@dataclass(frozen=True)
class OutputClass:
    """What one of a network's outputs stands for; the background is not listed.

    Parameters
    ----------
    value : int
        Label value that it becomes in a mask, 1 or more.
    name : str
        Words for people.
    colour : (red, green, blue), optional
        0..255 each.
    """

    value: int
    name: str
    colour: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class TrainedCard:
    """What is known of a trained network, all that is needed to run it and to trust it.

    Parameters
    ----------
    name, title : str
        Key on the command line, and words in the window.
    network : str
        Architecture: key of a `NetworkCard`.
    dimensions, in_channels : int
        2 or 3; channels of the image.
    classes : tuple of OutputClass
        Output 1, 2, ... in order; empty for an encoder alone.
    patch : tuple of int
        Sides of the window it was trained on, in the prepared image's own axes; of a 2-D network
        rows and columns of the slices along the prepared image's last axis where `slices` says so.
    steps : tuple of mapping
        Preparation of an image, as `volume.Pipeline.from_steps` reads it.
    holds : str
        ``"network"``; or ``"encoder"``, or ``"encoder and decoder"``, for weights that fine-tuning
        starts from.
    parts : tuple of str
        Of an encoder, the children that learned and are in the file; all of them where empty.
    arguments : mapping
        What the network was built with beside dimensions, channels and classes.
    slice_axis : int
        Of a 2-D network, the axis (0, 1, 2) of the prepared image whose slices it is shown; -1
        for the volume's own slice axis, without any turning.
    modalities : tuple of str
        What it was trained on (``"CT"``, ``"MR"``, ``"US"``); empty when not known.
    spacing_mm : tuple of float
        Typical voxel size of the training images, in the volume's (z, y, x); empty when not known.
    method : str
        How it was trained, in a word: ``"supervised"``, ``"smit"``, ``"random"``.
    trained_on : tuple of str
        Ids of the training cases, or one line on the published data.
    licence, source, about : str
        For people.
    parent : str
        sha256 of the weights it started from.
    versions : mapping
        Packages and their versions; ``"commit"`` when known.
    mirrored : bool
        Whether left and right may be exchanged in test-time flips: no label is one-sided.
    trouble : str
        What speaks against using it, in a sentence, such as a run that collapsed; empty where
        nothing is known to.
    sha256 : str
        Hash of the safetensors file; filled in when the card is saved.
    """

    name: str
    title: str
    network: str
    dimensions: int
    in_channels: int
    classes: tuple[OutputClass, ...]
    patch: tuple[int, ...]
    steps: tuple[Mapping[str, Any], ...]
    holds: Holds = "network"
    parts: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    slice_axis: int = -1
    modalities: tuple[str, ...] = ()
    spacing_mm: tuple[float, ...] = ()
    method: str = "supervised"
    trained_on: tuple[str, ...] = ()
    licence: str = ""
    source: str = ""
    about: str = ""
    parent: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    mirrored: bool = False
    trouble: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        for name in ("steps", "arguments"):
            object.__setattr__(self, name, _without_lists(getattr(self, name)))
        network_card(self.network).require_dimensions(self.dimensions)
        if taken := {"dimensions", "in_channels", "classes"} & set(self.arguments):
            raise UsageError(f"the network's arguments {sorted(taken)}", expected="other names")
        values = [c.value for c in self.classes]
        if len(set(values)) != len(values) or any(v < 1 for v in values):
            raise UsageError(f"classes with the values {values}", expected="each once, 1 or more")
        if len(self.patch) != self.dimensions:
            raise UsageError(f"a window of {self.patch}", expected=f"{self.dimensions} sides")
        if self.holds == "network" and not self.classes:
            raise UsageError("a network without classes", expected="at least one")

    @property
    def preparation(self) -> Pipeline:
        """How an image is made ready for the network."""
        return Pipeline.from_steps(self.steps)


def trained_folder() -> Path:
    """Return the folder in which added and learned models are kept."""
    return weights_folder() / "trained"


def trained_cards(folder: Path | None = None) -> dict[str, TrainedCard]:
    """Return the cards of a folder by name, in the order of names; unreadable ones are left out."""
    folder = folder or trained_folder()
    found = {}
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            found[path.stem] = read_card(path)
        except MedSSLError:
            continue
    return found


def find_trained(name_or_path: str) -> tuple[Path, TrainedCard]:
    """Find a trained model by its name, or by the path of its safetensors file or its card.

    Raises
    ------
    UsageError
        If there is none.
    WeightsError
        If its card cannot be read.
    """
    given = Path(name_or_path)
    path = given.with_suffix(_SUFFIX) if given.suffix in (_SUFFIX, _CARD) else None
    if path is None:
        path = trained_folder() / f"{name_or_path}{_SUFFIX}"
    if not path.is_file():
        there = ", ".join(trained_cards()) or "none is on this machine yet"
        raise UsageError(
            f"the trained model '{given.name}'",
            expected=f"a .safetensors file, or one of those added ({there})",
            do="Add one with 'medssl models add FILE'; 'medssl models list' shows them",
        )
    return path, read_card(path)


def card_path(weights: Path) -> Path:
    """Return where the card of a safetensors file lies."""
    return weights.with_suffix(_CARD)


def read_card(weights: Path) -> TrainedCard:
    """Read the card beside a safetensors file.

    Raises
    ------
    WeightsError
        If there is none, or it is not one of ours.
    """
    path = card_path(weights)
    try:
        row = json.loads(path.read_text("utf-8"))
        if row.pop("format") != _FORMAT:
            raise ValueError
        return _from_row(row)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(
            f"'{path.name}' beside '{weights.name}' is missing or is no model card",
            expected="the card that was saved with the weights",
            do="Copy both files, or add foreign weights with 'medssl models add FILE'",
        ) from error


def card_text(card: TrainedCard) -> str:
    """Return a card as it is saved."""
    return json.dumps({"format": _FORMAT, **asdict(card)}, indent=1, ensure_ascii=False) + "\n"


def write_card(card: TrainedCard, weights: Path, write: AtomicWrite) -> None:
    """Write a card beside its safetensors file; `write` is ``io.atomic_write``."""

    def fill(part: Path) -> None:
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(card_text(card))

    write(card_path(weights), fill, lambda _: None)


def require_unaltered(weights: Path, card: TrainedCard) -> None:
    """Refuse weights that are not those the card was saved with.

    Raises
    ------
    WeightsError
        If the hashes differ.
    """
    if (found := sha256_of(weights)) != card.sha256:
        raise WeightsError(
            f"'{weights.name}' is not the file its card was made for: its sha256 begins with "
            f"{found[:8]}",
            expected=card.sha256[:8],
            do="Copy both files again",
        )


def renamed(card: TrainedCard, name: str) -> TrainedCard:
    """Return the card under another name."""
    return replace(card, name=name)


def numbered_classes(names: Iterable[str]) -> tuple[OutputClass, ...]:
    """Return classes of the values 1, 2, ... in order."""
    return tuple(OutputClass(value, name) for value, name in enumerate(names, 1))


def _without_lists(value: Any) -> Any:
    """Return rows with tuples for lists, at any depth: as they were before JSON."""
    if isinstance(value, dict):
        return {key: _without_lists(inner) for key, inner in value.items()}
    return tuple(_without_lists(v) for v in value) if isinstance(value, list | tuple) else value


def _from_row(row: dict[str, Any]) -> TrainedCard:
    classes = tuple(
        OutputClass(c["value"], c["name"], tuple(c["colour"]) if c["colour"] else None)
        for c in row.pop("classes")
    )
    lists = {key: tuple(value) for key, value in row.items() if isinstance(value, list)}
    return TrainedCard(**{**row, **lists, "classes": classes})
