from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import foreign_files as files
import pytest
from typer.testing import CliRunner, Result

from napari_medssl import models
from napari_medssl.cli.model_words import step_words
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


def test_a_card_is_said_in_words() -> None:
    said = medssl_models("show", "unet_small").stdout
    assert "sees        2-D and 3-D" in said
    assert "window      256 x 256 (2-D), 96 x 96 x 96 (3-D)" in said
    assert "{" not in said
    step = {"do": "resample", "spacing_mm": (2.0, None, 1.5), "interpolation": "linear"}
    assert step_words(step) == "resample to 2 x own x 1.5 mm"
    assert step_words({"do": "to-unit", "low": -175, "high": 250}) == "to-unit -175 to 250"
    assert step_words({"do": "z-score", "of_foreground": False}) == "z-score"
    assert step_words({"do": "orient", "codes": "RAS"}) == "orient RAS"


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


def test_the_list_shows_three_kinds(tmp_path: Path) -> None:
    rows = json.loads(medssl_models("list", "--json").stdout)
    kinds = {row["name"]: row["kind"] for row in rows}
    assert kinds["mobile_sam"] == "promptable"
    assert kinds["smit"] == "network"
    assert "none yet" in medssl_models("list").stdout
    added = medssl_models("add", _encoder(tmp_path), "--name", "start").stdout
    assert added.startswith("'w.pt' is Swin UNETR, self-supervised encoder, kept as 'start', an ")
    kinds = {r["name"]: r["kind"] for r in json.loads(medssl_models("list", "--json").stdout)}
    assert kinds["start"] == "encoder"
    said = medssl_models("list").stdout
    assert "none yet" not in said
    assert "encoder alone" in said


def test_an_added_model_is_shown_with_all_that_is_known(tmp_path: Path) -> None:
    made = files.network("swin_unetr", classes=3, **files.SWIN_NEW)
    path = files.saved(files.own_whole(made), tmp_path / "w.pt")
    done = medssl_models("add", path, "--name", "mine", "--classes", "1=spleen, 2=liver", "--json")
    row = json.loads(done.stdout)
    assert (row["kind"], row["name"]) == ("trained", "mine")
    assert [c["name"] for c in row["classes"]] == ["spleen", "liver"]
    said = medssl_models("show", "mine").stdout
    assert "1 spleen, 2 liver" in said
    assert row["sha256"] in said
    assert "--legacy-merging" in said
    shown = json.loads(medssl_models("show", "mine", "--json").stdout)
    assert shown["classes"] == row["classes"]
    assert shown["bytes"] > 1000


def test_a_network_is_shown_with_the_count_of_its_parameters() -> None:
    facts = json.loads(medssl_models("show", "smit", "--json").stdout)
    assert round(facts["parameters"]["3-D"] / 1e6, 1) == 62.9
    assert "62," in medssl_models("show", "smit").stdout


@pytest.mark.parametrize("classes", ["spleen", "2=liver", "1=a,3=b", "1=a,1=b", "1=", "1=a=b"])
def test_classes_are_outputs_in_order(tmp_path: Path, classes: str) -> None:
    with pytest.raises(UsageError, match="1=spleen,2=liver"):
        medssl_models("add", tmp_path / "w.pt", "--classes", classes)


def test_a_file_that_does_not_fit_is_refused_with_the_counts(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="fits 125 of the 126 tensors"):
        medssl_models("add", _encoder(tmp_path, lost="layers3.0.downsample.norm.bias"))


def test_random_weights_are_written(tmp_path: Path) -> None:
    out = tmp_path / "fresh.safetensors"
    said = medssl_models("new", "unet_small", "--out", out, "--dimensions", 2).stdout
    assert "learnt nothing" in said
    assert json.loads(medssl_models("show", out, "--json").stdout)["method"] == "random"
    again = medssl_models("new", "unet_small", "--out", tmp_path / "b.safetensors", "--json",
                          "--dimensions", 2, "--classes", 4)  # fmt: skip
    assert len(json.loads(again.stdout)["classes"]) == 4


def test_the_hash_is_shown_before_anything_is_fetched() -> None:
    asked = medssl_models("fetch", "mobile_sam", typed="n\n")
    assert model_card("mobile_sam").sha256 in asked.stdout
    assert "41 MB, Apache-2.0" in asked.stdout


def _encoder(folder: Path, lost: str = "") -> Path:
    content = files.swinvit(files.network("swin_unetr", **files.SWIN))
    content["state_dict"].pop(f"module.{lost}", None)
    return files.saved(content, folder / "w.pt")


def test_methods_are_listed_and_shown() -> None:
    rows = {row["name"]: row for row in json.loads(medssl_models("methods", "--json").stdout)}
    assert rows["barlow"]["dimensions"] == [2, 3]
    assert rows["mae"]["networks"] == ["medsass_vit_s"]
    assert rows["mae"]["why_not"]
    assert rows["regression"]["learns"] == "encoder and decoder"
    assert all(row["source"] and row["about"] for row in rows.values())
    said = medssl_models("methods").stdout
    assert all(name in said for name in rows)
    shown = medssl_models("show", "barlow").stdout
    assert "in the paper" in shown
    assert "{" not in shown
    assert medssl_models("show", "unet_small", "--json").stdout.startswith('{"kind": "network"')


def test_a_method_is_shown_with_its_settings_and_why_it_is_not_as_printed() -> None:
    facts = json.loads(medssl_models("show", "simsiam", "--json").stdout)
    assert {row["name"] for row in facts["settings"]} > {"pairs", "iou", "mirror", "batch", "rate"}
    said = " ".join(medssl_models("show", "simsiam").stdout.split())
    assert "--method simsiam --set NAME=VALUE" in said
    assert "not as printed Not as printed: only in 3-D" in said


def test_of_a_network_and_a_method_of_one_name_both_are_shown() -> None:
    said = medssl_models("show", "smit").stdout
    assert "window      96 x 96 x 96 (3-D)" in said
    assert "the difference    Unlike the paper, tokens are normed" in said
    assert "not as printed    Not as the published code" in said
    assert "masked" in said
    facts = json.loads(medssl_models("show", "smit", "--json").stdout)
    assert (facts["kind"], facts["pretrain"]["kind"]) == ("network", "method")
    assert facts["pretrain"]["settings"]
