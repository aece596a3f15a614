from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.cards import method_cards
from napari_medssl.pretrain.losses.local_contrast import NEGATIVES
from napari_medssl.pretrain.losses.tversky import MASK_LOSSES
from napari_medssl.pretrain.pseudo.mask import THRESHOLDS, Polarity
from napari_medssl.pretrain.settings.of_methods import (
    declared_settings,
    described_settings,
    require_use,
)
from napari_medssl.pretrain.settings.of_plan import PLAN_SETTINGS
from napari_medssl.pretrain.views.iou_crops import Way

METHODS = sorted(method_cards())


def named(method: str):
    return {setting.name: setting for setting in declared_settings(method)}


@pytest.mark.parametrize("method", METHODS)
def test_each_takes_its_own_default_and_says_what_it_does(method):
    for scale in ("here", "paper"):
        for setting in described_settings(method, scale):
            assert setting.read(setting.default) == setting.default
            assert setting.meaning[0].isupper()
            assert not setting.meaning.endswith(".")
            assert bool(setting.choices) == (setting.kind == "choice")
    names = [setting.name for setting in declared_settings(method)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("method", METHODS)
def test_all_settings_of_the_recipes_are_declared(method):
    card = method_cards()[method]
    for scale in (card.here, card.paper):
        assert scale.plan.get("settings", {}).keys() <= named(method).keys()


def test_a_default_is_the_recipe_s():
    here, paper = ({s.name: s.default for s in described_settings("simsiam", n)}
                   for n in ("here", "paper"))  # fmt: skip
    assert (here["pairs"], here["width"], here["iou"]) == ("exact", 512, (0.3, 0.6))
    assert (paper["pairs"], paper["width"]) == ("rejection", 2048)


def test_choices_are_those_that_the_code_knows():
    assert set(named("simsiam")["pairs"].choices) == {*get_args(Way)}
    assert set(named("medsass")["loss"].choices) == MASK_LOSSES.keys()
    for method in ("medsass", "kidney-side"):
        assert set(named(method)["threshold"].choices) == THRESHOLDS.keys()
        assert set(named(method)["polarity"].choices) == {*get_args(Polarity)}
    assert named("contrastive")["regions"].low == NEGATIVES + 1


def test_what_an_optimiser_has_not_is_not_offered():
    assert "betas" in {s.name for s in described_settings("barlow")}
    assert "betas" not in {s.name for s in described_settings("barlow", "paper")}  # sgd


@pytest.mark.parametrize("method", METHODS)
def test_what_one_needs_is_another_of_its_words(method):
    words = {**{s.name: s.choices for s in PLAN_SETTINGS}, **{
        name: setting.choices for name, setting in named(method).items()}}  # fmt: skip
    for setting in declared_settings(method):
        if setting.needs is not None:
            other, some = setting.needs
            assert set(some) < set(words[other])
    for scale in ("here", "paper"):
        require_use(method, scale, {})


@pytest.mark.parametrize(
    ("method", "changes", "words"),
    [
        (
            "simsiam",
            {"pairs": "any", "iou": [0, 1]},
            "iou with pairs=any, which makes no use of it",
        ),
        ("simsiam", {"betas": [0.8, 0.9]}, "betas with optimiser=sgd"),
        ("medsass", {"block": 5}, "block with threshold=otsu"),
        ("kidney-side", {"mask": "labels", "threshold": "ght"}, "threshold with mask=labels"),
        ("kidney-side", {"mask": "none", "threshold": "ght", "nu": 1.0}, "with mask=none"),
        ("contrastive", {"stage": "encoder", "level": 1}, "level with stage=encoder"),
    ],
)
def test_what_would_do_nothing_is_refused(method, changes, words):
    with pytest.raises(UsageError, match=words):
        require_use(method, "here", changes)


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("simsiam", {"iou": [0, 1]}),
        ("simsiam", {"betas": [0.8, 0.9], "optimiser": "adam"}),
        ("kidney-side", {"threshold": "ght", "nu": 1.0}),
        ("contrastive", {"part": 0.3, "level": 1, "batch": 4}),
    ],
)
def test_what_does_something_is_not(method, changes):
    require_use(method, "here", changes)


def test_an_unknown_method_is_refused():
    with pytest.raises(UsageError, match="the method 'guessing'"):
        described_settings("guessing")


def test_they_are_known_without_torch():
    code = (
        "import sys; from napari_medssl.pretrain.settings.of_methods import described_settings;"
        "from napari_medssl.pretrain.request import PretrainRequest;"
        "PretrainRequest('smit', '/data', changes={'masked': 0.5, 'batch': 2});"
        "assert described_settings('smit'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
