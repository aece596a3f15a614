"""Which settings each method has, beside those of the plan: declared here, without torch."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.cards import method_card
from napari_medssl.pretrain.learning.schedules import COLDEST
from napari_medssl.pretrain.settings.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_medssl.pretrain.planning.planner import ScaleName

#: a part that is neither nothing nor all
_some = partial(Setting, low=0.01, high=0.99)

#: optimisers that have them
WITH_BETAS = ("adamw", "adam")
_BETAS = Setting(
    "betas",
    (0.9, 0.999),
    "How long adam and adamw remember slopes, and their squares",
    high=1,
    needs=("optimiser", WITH_BETAS),
)
_MIRROR = Setting(
    "mirror", True, "Whether views may be mirrored: no, where left and right are to be told apart"
)
_MOMENTUM = Setting(
    "momentum", 0.996, "How much of itself the teacher keeps at each step, at the start", high=1
)
_WARMEST = Setting(
    "warmest", 0.07, "Temperature of the teacher's answers in the end: lower is surer", low=COLDEST
)
_VIEWS = Setting(
    "views", "strong", "How much views differ, as published or less", ("strong", "gentle")
)
_MIRROR_STRONG = replace(_MIRROR, meaning=f"{_MIRROR.meaning}; gentle views never are")
_NORMS = Setting("norms", False, "Whether what the head sees is normed by the batch")
_ADAPTIVE = ("threshold", ("adaptive-mean", "adaptive-gaussian"))
_GHT = ("threshold", ("ght",))
_THRESHOLD = (
    Setting(
        "threshold",
        "otsu",
        "How a mask is made of grey values",
        ("otsu", "adaptive-mean", "adaptive-gaussian", "ght"),
    ),
    Setting(
        "block",
        11,
        "Of adaptive thresholds: side of a pixel's surroundings, an odd number of pixels",
        low=3,
        needs=_ADAPTIVE,
    ),
    Setting(
        "offset",
        2.0,
        "Of adaptive thresholds: so many of 256 grey levels below its surroundings a pixel is "
        "bright still; below 0, so many above it has to be",
        low=-255,
        high=255,
        needs=_ADAPTIVE,
    ),
    Setting("nu", 0.0, "Of ght: how firmly bright and dark are held to spread by tau", needs=_GHT),
    Setting("tau", 0.0, "Of ght: deviation of bright and of dark, in 256 grey levels", needs=_GHT),
    Setting("kappa", 0.0, "Of ght: how firmly the part omega is held to be dark", needs=_GHT),
    Setting("omega", 0.5, "Of ght: part of the pixels that is dark", high=1, needs=_GHT),
)
_PSEUDO = ("mask", ("pseudo",))
_POLARITY = Setting("polarity", "auto", "Which side of it is inside", ("auto", "bright", "dark"))

_DECODER = ("stage", ("both", "decoder"))

_SETTINGS: Mapping[str, tuple[Setting, ...]] = {
    "simsiam": (
        Setting(
            "pairs",
            "exact",
            "How pairs of crops are drawn: all that overlap so alike likely, by trial as printed, "
            "or any two",
            ("exact", "rejection", "any"),
        ),
        Setting(
            "iou",
            (0.3, 0.6),
            "Least and most overlap of two crops (IoU)",
            high=1,
            needs=("pairs", ("exact", "rejection")),
        ),
        Setting("width", 2048, "Features of the projection", low=4),
        _MIRROR,
    ),
    "barlow": (
        Setting("width", 128, "Features of the projection", low=1),
        Setting("redundancy", 5e-3, "Weight of features being unlike each other"),
        Setting("decays", "all", "Which weights shrink: weight decay", ("all", "projection")),
        _MIRROR,
    ),
    "byol": (
        Setting("hidden", 4096, "Width of projection and prediction", low=1),
        Setting("width", 256, "Features of the projection", low=1),
        _MOMENTUM,
        Setting(
            "norms",
            False,
            "Whether the projection ends in a norm by the batch, so that its vectors have nothing "
            "in common that a prediction could settle for",
        ),
        _VIEWS,
        _MIRROR_STRONG,
    ),
    "regression": (
        Setting("part", 0.1, "Part of the voxels that is replaced by noise", high=1),
        Setting("sigma", 0.01, "Standard deviation of the noise"),
    ),
    "dino": (
        Setting("classes", 4096, "Answers that the teacher can give", low=2),
        Setting("hidden", 2048, "Width of the head", low=2),
        Setting("small", 6, "Small views of each crop, beside two large ones", low=1),
        _MOMENTUM,
        Setting("hold", 0.01, "Part of the run in which the last layer is held", high=1),
        _WARMEST,
        _NORMS,
        _VIEWS,
        _MIRROR_STRONG,
    ),
    "mae": (
        _some("hidden", 0.75, "Part of the patches that is hidden"),
        Setting("width", 192, "Width of the decoder", low=1),
        Setting("depth", 4, "Blocks of the decoder"),
        Setting("heads", 3, "Attention heads of the decoder", low=1),
        _MIRROR,
    ),
    "simmim": (
        _some("hidden", 0.6, "Part of the cells that is hidden"),
        Setting("cell", 8, "Side of a cell, in voxels", low=1),
        Setting("blocks", False, "Whether neighbouring cells are hidden together"),
        _MIRROR,
    ),
    "smit": (
        _some("masked", 0.7, "Part of the patches that is hidden"),
        Setting("classes", 8192, "Answers that the teacher can give", low=2),
        Setting("hidden", 2048, "Width of the heads", low=2),
        _MOMENTUM,
        _WARMEST,
        _NORMS,
        Setting("around", 4 / 3, "Sides of the crop that both views lie in, over a view's", low=1),
    ),
    "swin-unetr": (
        Setting("cut", 0.3, "Part of a view that is replaced, at most", high=1),
        Setting(
            "place",
            "corner",
            "What of the deepest map tells turn and image: its corner, as published, or the mean "
            "of all places, for networks without attention",
            ("corner", "mean"),
        ),
        _NORMS,
    ),
    "medsass": (
        *_THRESHOLD,
        _POLARITY,
        Setting(
            "loss",
            "focal-tversky",
            "What tells how far the network's mask is from the threshold's",
            ("focal-tversky", "tversky", "focal", "cross-entropy"),
        ),
        Setting(
            "what",
            "encoder and decoder",
            "What is handed on; the whole network learns in any case",
            ("encoder and decoder", "encoder"),
        ),
        _MIRROR,
    ),
    "kidney-side": (
        Setting(
            "mask",
            "pseudo",
            "What of a half is shown: what is drawn on it, what a threshold takes for inside, or "
            "all of it",
            ("labels", "pseudo", "none"),
        ),
        replace(_THRESHOLD[0], needs=_PSEUDO),
        *_THRESHOLD[1:],
        replace(_POLARITY, default="bright", needs=_PSEUDO),
        Setting(
            "fit",
            "pad",
            "How a half becomes a crop: cut or filled up with 0, as published, or made larger or "
            "smaller",
            ("pad", "resize"),
        ),
        Setting("margin", 1.0, "How far apart left and right halves are to be", low=0.01),
        Setting("literal", False, "Whether the distance is of whole maps, as printed"),
    ),
    "contrastive": (
        Setting("stage", "both", "What learns", ("both", "encoder", "decoder")),
        Setting(
            "part",
            0.5,
            "Part of the steps for the encoder, where both learn",
            high=1,
            needs=("stage", ("both",)),
        ),
        Setting("level", 3, "Level of the decoder, from coarse to fine", low=1, needs=_DECODER),
        Setting(
            "regions", 13, "Regions of it that are told from each other", low=6, needs=_DECODER
        ),
        Setting("temperature", 0.1, "Of likenesses: lower is surer", low=COLDEST),
        Setting(
            "norms",
            False,
            "Whether the encoder's head norms by the batch",
            needs=("stage", ("both", "encoder")),
        ),
    ),
}


def declared_settings(method: str) -> tuple[Setting, ...]:
    """Return a method's settings as they are declared, whatever a recipe makes of them.

    Raises
    ------
    UsageError
        If there is no method of this name.
    """
    return (*_SETTINGS[method_card(method).name], _BETAS)


def described_settings(method: str, scale: ScaleName = "here") -> tuple[Setting, ...]:
    """Return the settings that do something at a scale, each as its recipe has it by default.

    Parameters
    ----------
    method : str
        Key of a `MethodCard`.
    scale : {"here", "paper"}
        Whose recipe.

    Raises
    ------
    UsageError
        If there is no method of this name.
    """
    plan = method_card(method).recipe(scale).plan
    own, idle = plan.get("settings", {}), plan["optimiser"] not in WITH_BETAS
    return tuple(
        replace(one, default=one.read(own[one.name])) if one.name in own else one
        for one in declared_settings(method)
        if not (one is _BETAS and idle)
    )


def require_use(method: str, scale: ScaleName, changes: Mapping[str, Any]) -> None:
    """Check that no setting is wanted that would do nothing.

    Parameters
    ----------
    method : str
        Key of a `MethodCard`.
    scale : {"here", "paper"}
        Whose recipe.
    changes : mapping
        Settings of the method, or fields of the plan, that are wanted otherwise.

    Raises
    ------
    UsageError
        If one is.
    """
    declared = {setting.name: setting for setting in declared_settings(method)}
    recipe = method_card(method).recipe(scale).plan
    own = {name: setting.default for name, setting in declared.items()}
    now = {**own, **recipe, **recipe.get("settings", {}), **changes}
    for name in changes:
        needing = declared.get(name)
        while needing is not None and needing.needs is not None:
            other, words = needing.needs
            if now[other] not in words:
                raise UsageError(
                    f"{name} with {other}={now[other]}, which makes no use of it",
                    expected=f"{other}={' or '.join(words)} with it, or no {name}",
                )
            needing = declared.get(other)
