from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from napari_medssl import models
from napari_medssl.cli.models import models_app
from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.models import model_card
from napari_medssl.models.weights import find_weights


def medssl_models(*arguments: object, typed: str | None = None) -> Result:
    done = CliRunner().invoke(models_app, [str(a) for a in arguments], input=typed)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_the_list_says_what_is_here_and_how_to_get_the_rest() -> None:
    rows = {row["name"]: row for row in json.loads(medssl_models("list", "--json").stdout)}
    assert rows["litemedsam"]["present"]
    assert rows["litemedsam"]["offline"]
    assert not rows["sam_vit_h"]["present"]
    assert rows["medsam"]["licence"] == "Apache-2.0"
    said = medssl_models("list").stdout
    assert "LiteMedSAM" in said
    assert "fetch" in said


def test_a_card_is_shown() -> None:
    assert model_card("sam_vit_b").sha256 in medssl_models("show", "sam_vit_b").stdout
    assert json.loads(medssl_models("show", "medsam", "--json").stdout)["prompts"] == ["box"]
    with pytest.raises(UsageError, match="sam2"):
        medssl_models("show", "sam2")


def test_a_file_is_recognised_by_its_content(tmp_path: Path) -> None:
    carried = find_weights(model_card("litemedsam"))
    assert carried is not None
    (tmp_path / "anything.bin").symlink_to(carried)
    said = medssl_models("add", tmp_path / "anything.bin").stdout
    assert said == "'anything.bin' is LiteMedSAM (Apache-2.0), and ready.\n"
    with pytest.raises(WeightsError, match=r"'no\.pth' cannot be read"):
        medssl_models("add", tmp_path / "no.pth")


def test_fetching_shows_the_terms_and_asks() -> None:
    asked = medssl_models("fetch", "sam_vit_b", typed="n\n")
    assert asked.exit_code == 1
    assert "375 MB, Apache-2.0" in asked.stdout
    assert find_weights(model_card("sam_vit_b")) is None
    with pytest.raises(UsageError, match="--json without --yes"):
        medssl_models("fetch", "sam_vit_b", "--json")


def test_what_is_here_is_not_fetched() -> None:
    assert medssl_models("fetch", "litemedsam").stdout == "LiteMedSAM is here already.\n"


def test_without_a_network_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = replace(model_card("sam_vit_b"), url="http://127.0.0.1:9/w.pth")
    monkeypatch.setattr(models, "model_card", lambda name: nowhere)
    with pytest.raises(WeightsError, match="could not be fetched"):
        medssl_models("fetch", "sam_vit_b", "--yes")
