"""A folder of trained nnU-Net networks: what is in it, what it was trained on, how it is run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UnreadableFileError, WeightsError
from napari_medssl.finetune.nnunet.configurations import TITLES

if TYPE_CHECKING:
    from collections.abc import Mapping

CARD = "nnunet.json"
CHECKPOINT = "checkpoint_final.pth"

_FORMAT = 1


@dataclass(frozen=True)
class OutputLabel:
    """A label that the networks find.

    Parameters
    ----------
    written : int
        nnU-Net's own value, 1, 2, 3 and so on.
    value : int
        The source's value, which masks are saved with.
    name : str
        Words for people.
    colour : (red, green, blue), optional
        0..255 each.
    """

    written: int
    value: int
    name: str
    colour: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Member:
    """One configuration of a model, all its folds together.

    Parameters
    ----------
    configuration : str
        nnU-Net's name.
    folder : str
        Where its plan and its folds are, below the model's folder.
    folds : tuple of str
        Names of its folds' folders.
    """

    configuration: str
    folder: str
    folds: tuple[str, ...]


@dataclass(frozen=True)
class NnunetCard:
    """What a model is, and how it is run.

    Parameters
    ----------
    channels : tuple of str
        What the images' channels are; ``"CT"`` chooses nnU-Net's normalisation of CT.
    suffix : str
        Of its images and masks: ``".nii.gz"`` or ``".png"``.
    labels : tuple of OutputLabel
        What it finds.
    members : tuple of Member
        Run each; their probabilities are averaged.
    before : Member or None
        What a cascade among the members goes on from.
    postprocessing : tuple of tuple of int
        For each step the labels of which, taken together, only the largest piece is kept.
    dice : mapping
        Mean Dice of each candidate on cases that its folds had not seen, and after
        postprocessing of the chosen one (``"chosen"``).
    facts : mapping
        How it was trained: cases, epochs, folds, seed, what it began with, versions.
    """

    channels: tuple[str, ...]
    suffix: str
    labels: tuple[OutputLabel, ...]
    members: tuple[Member, ...]
    before: Member | None = None
    postprocessing: tuple[tuple[int, ...], ...] = ()
    dice: Mapping[str, float | None] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """Return it as it is saved."""
        told = {"format": _FORMAT, "note": "Research use only. Not a medical device."}
        return json.dumps({**told, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"


def read_model(folder: Path) -> tuple[Path, NnunetCard]:
    """Find a model in a folder: one of ours, the job that made it, or one trained with nnU-Net.

    Parameters
    ----------
    folder : Path
        Holds our card; or is a job's folder; or holds nnU-Net's plans.json, dataset.json and
        folds.

    Returns
    -------
    folder, card
        Where the members are, and what they are.

    Raises
    ------
    WeightsError
        If there is none.
    UnreadableFileError
        If its card is damaged.
    """
    for place in (folder, folder / "model", folder / "artifacts" / "model"):
        if (place / CARD).is_file():
            return place, _read_card(place / CARD)
    if (folder / "plans.json").is_file() and (folder / "dataset.json").is_file():
        return folder, _foreign(folder)
    raise WeightsError(
        f"there is no nnU-Net model in '{folder.absolute().name}'",
        expected=f"'{CARD}', or nnU-Net's plans.json, dataset.json and fold_0",
        do="Choose the folder of a finished 'medssl nnunet run', or of a configuration of nnU-Net",
    )


def member_at(folder: Path, below: Path, configuration: str) -> Member:
    """Tell a configuration by its folder, with the folds that are finished.

    Raises
    ------
    WeightsError
        If no fold is.
    """
    folds = tuple(
        path.parent.name for path in sorted(folder.glob(f"fold_*/{CHECKPOINT}")) if path.is_file()
    )
    if not folds:
        raise WeightsError(f"no fold of '{folder.name}' is finished", expected=CHECKPOINT)
    return Member(configuration, str(folder.relative_to(below)), folds)


def label_from_row(row: Mapping[str, Any]) -> OutputLabel:
    """Return a label that was kept as plain data."""
    colour = tuple(row["colour"]) if row["colour"] else None
    return OutputLabel(int(row["written"]), int(row["value"]), str(row["name"]), colour)


def _read_card(path: Path) -> NnunetCard:
    try:
        row = json.loads(path.read_text("utf-8"))
        if row.pop("format") != _FORMAT:
            raise ValueError
        row.pop("note")
        before = row.pop("before")
        return NnunetCard(
            channels=tuple(row.pop("channels")),
            labels=tuple(label_from_row(one) for one in row.pop("labels")),
            members=tuple(_member(one) for one in row.pop("members")),
            before=_member(before) if before else None,
            postprocessing=tuple(tuple(int(v) for v in s) for s in row.pop("postprocessing")),
            **row,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableFileError(
            f"'{path.name}' is damaged, or of a newer version", do="Copy the folder again"
        ) from error


def _member(row: Mapping[str, Any]) -> Member:
    folder = Path(str(row["folder"]))
    folds = tuple(str(fold) for fold in row["folds"])
    if folder.is_absolute() or ".." in folder.parts or any("/" in fold for fold in folds):
        raise ValueError  # a model's parts lie in its own folder
    return Member(str(row["configuration"]), str(folder), folds)


def _foreign(folder: Path) -> NnunetCard:
    """Make a card for what nnU-Net itself left: the folder of one trained configuration."""
    from napari_medssl.finetune.nnunet.checkpoints import read_checkpoint

    try:
        description = json.loads((folder / "dataset.json").read_text("utf-8"))
        labels = {str(name): int(value) for name, value in description["labels"].items()}
        channels = description["channel_names"]
        suffix = str(description["file_ending"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableFileError(
            "'dataset.json' of the model is damaged, or its labels are made of others",
            expected="one value a label",
        ) from error
    member = member_at(folder, folder, "")
    checkpoint = read_checkpoint(folder / member.folds[0] / CHECKPOINT)
    configuration = str(checkpoint["init_args"]["configuration"])
    if configuration not in TITLES or configuration == "3d_cascade_fullres":
        raise WeightsError(
            f"a model of the configuration '{configuration}' alone",
            expected="2d, 3d_fullres or 3d_lowres; a cascade needs what it goes on from",
        )
    return NnunetCard(
        channels=tuple(str(channels[key]) for key in sorted(channels, key=int)),
        suffix=suffix,
        labels=tuple(OutputLabel(v, v, n) for n, v in labels.items() if v > 0),
        members=(Member(configuration, ".", member.folds),),
    )
