"""Learning without masks in words for people: what is there, how it goes, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_medssl._napari.presenters.learn.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_medssl._napari.presenters.pretrain.look import PretrainLook
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.pretrain.cards import MethodCard

NO_PROJECT = "Open a project in the Project panel, or choose a folder."
NOT_LOOKED = "The images could not be looked at."
LOOKING = "Looking at the images…"
_FILLS_IN = "This method cannot collapse. How well it fills in what is hidden the picture shows."
AT_WORK = "One is learning already: see below. Stop it, or wait for its end."
#: words for what made an image
_KINDS = {"CT": "CT", "MR": "MR", "US": "ultrasound", "PT": "PET", "OT": "unknown kind"}
_MOST_PASSED = 4
#: up to here a collapse coefficient is no reason to look twice; features that went through no norm
#: have much in common in any case
_CALM, _CALM_WITHOUT_NORM = 0.5, 0.98
_WITHOUT_NORM = ("swin-unetr",)
#: nor are images of which one in two is found among all others
_FOUND = 0.5
#: nor is a teacher who is more decided, and has more answers, than this
_UNDECIDED, _ONE_ANSWER = 0.97, 2.0
_BEGINNING = 50  # steps
#: methods that have nothing to collapse to
_FILL_IN = ("mae", "simmim", "regression")


@dataclass(frozen=True)
class MethodWords:
    """A method as the window tells of it.

    Parameters
    ----------
    about, source : str
        What it does, and the paper that defines it.
    why : str
        Why it is recommended; empty where it is not.
    measured : str
        What fine-tuning gained by it; empty where that was not measured.
    """

    about: str
    source: str
    why: str
    measured: str = ""


@dataclass(frozen=True, eq=False)
class EncoderFacts:
    """What came of a run.

    Parameters
    ----------
    title, about : str
        What the encoder is called, and how it was learned.
    details : str
        What it was trained on, and what it is, in sentences.
    trouble : str
        Why it may be worth nothing; empty where nothing tells so.
    folder : Path
        Where it lies.
    file : str
        Its name there.
    offered : bool
        Whether learning from masks may begin with it.
    """

    title: str
    about: str
    details: str
    trouble: str
    folder: Path
    file: str
    offered: bool


def images_words(look: PretrainLook) -> str:
    """Say what is there: how many images, of which kind, how large, and with which voxels."""
    survey = look.survey
    if survey is None:
        return counted(look.count, "image") if look.count else ""
    kinds = " and ".join(_KINDS[name] for name in survey.modalities)
    z, y, x = (round(n) for n in survey.median(lambda image: image.shape))
    flat = survey.are_flat
    size = f"{x} x {y} pixels" if flat else f"{x} x {y} x {z} voxels"
    mm = survey.median(lambda image: image.spacing_mm)
    spacing = " x ".join(f"{n:.3g}" for n in (reversed(mm[1:]) if flat else reversed(mm)))
    told = f"{counted(look.count, 'image')} of {kinds}, typically {size} of {spacing} mm."
    if look.read < look.count:
        told += f" Judged by {look.read} of them; all are looked at when it begins."
    return told


def passed_words(look: PretrainLook) -> str:
    """Say what is left out, a line each, and how many more."""
    lines = list(look.passed_over[:_MOST_PASSED])
    more = len(look.passed_over) - len(lines)
    return "\n".join([*lines, *([f"And {more} more are left out."] if more else [])])


def method_words(card: MethodCard, why: str, *, measured: bool) -> MethodWords:
    """Return what is told of a method.

    Parameters
    ----------
    card : MethodCard
        The method.
    why : str
        Why it is recommended; empty where it is not.
    measured : bool
        Whether it is wished for as it was measured.
    """
    about = f"{card.about} Learns the {card.learns}."
    told = card.transfer.words if measured and card.transfer is not None else ""
    return MethodWords(about, card.source, f"Recommended: {why}" if why else "", told)


def health_words(method: str, metrics: Mapping[str, Any]) -> str:
    """Say whether images still come out different; empty where a method does not measure it.

    Parameters
    ----------
    method : str
        Key of a `MethodCard`.
    metrics : mapping
        What was measured last.
    """
    numbers = {name: value for name, value in metrics.items() if isinstance(value, int | float)}
    told = {name.replace("_", " "): value for name, value in numbers.items()}
    if method in _FILL_IN:
        return _FILLS_IN if "loss" in told else ""
    if "teacher entropy" in told:
        calm, measured = _of_answers(told)
    elif "found" in told:
        part = told["found"]
        calm, measured = part >= _FOUND, f"({part:.0%} are found again in another view)"
    elif "collapse" in told:
        highest = _CALM_WITHOUT_NORM if method in _WITHOUT_NORM else _CALM
        calm, measured = told["collapse"] <= highest, f"(collapse {told['collapse']:.2f} of 1)"
    else:
        return ""
    if calm:
        return f"The images still come out different: good {measured}."
    if told.get("step", 0) < _BEGINNING:
        return f"The images come out much alike so far {measured}, as is usual at the beginning."
    return f"The images come out much alike {measured}: what is learned may be worth little."


def encoder_facts(card: TrainedCard, folder: Path, file: str, *, offered: bool) -> EncoderFacts:
    """Return what is told of a finished encoder."""
    kinds = " and ".join(_KINDS.get(name, name) for name in card.modalities) or _KINDS["OT"]
    parts = [f"Trained on {counted(len(card.trained_on), 'image')} of {kinds}."]
    if card.spacing_mm:
        spacing = " x ".join(f"{mm:.3g}" for mm in reversed(card.spacing_mm))
        parts.append(f"Voxels of about {spacing} mm.")
    parts.append(f"Network: {card.network}, {card.dimensions}-D.")
    parts.append(f"After {card.source}." if card.source else "")
    return EncoderFacts(
        title=card.title,
        about=card.about.removesuffix(card.trouble).strip(),
        details=" ".join(part for part in parts if part),
        trouble=card.trouble,
        folder=folder,
        file=file,
        offered=offered,
    )


def _of_answers(told: Mapping[str, float]) -> tuple[bool, str]:
    """Tell whether a teacher gives different answers to different images, and by which figures."""
    entropy = told["teacher entropy"]
    answers = told.get("answers in use", 0.0)
    measured = f"(entropy {entropy:.2f} of 1, {answers:.0f} answers in use)"
    return entropy < _UNDECIDED and answers > _ONE_ANSWER, measured
