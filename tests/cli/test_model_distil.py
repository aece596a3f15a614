from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from napari_medssl.cli.model_distil import distil_points
from napari_medssl.errors import UsageError
from napari_medssl.models.load import load_engine


def distil(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(distil_points)
    done = CliRunner().invoke(app, [*map(str, arguments), "--device", "cpu"])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A bright ellipse of each of two patients."""
    folder = tmp_path / "images"
    folder.mkdir()
    y, x = np.ogrid[:90, :128]
    for number, (across, down) in enumerate(((60, 45), (75, 40)), 1):
        inside = ((y - down) / 20) ** 2 + ((x - across) / 30) ** 2 < 1
        noise = np.random.default_rng(number).integers(0, 60, (90, 128))
        Image.fromarray((noise + 150 * inside).astype(np.uint8)).save(folder / f"sub-{number}.png")
    return folder


@pytest.mark.slow
def test_clicks_learn_without_labels_and_boxes_stay(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = (images, "--out", out, "--steps", 2, "--batch", 1, "--clicks", 2, "--boxes", 24)
    facts = json.loads(distil(*given, "--val-fraction", 0.5, "--json").stdout)
    card = facts["card"]
    assert (facts["finished"], facts["steps"]) == (True, 2)
    assert (card["holds"], card["prompts"]) == ("points", ["point", "mask"])
    assert card["settings"]["masks"] == "the network's own, from random boxes"
    assert card["settings"]["teaching"]["boxes"] == 24
    assert {*card["trained_on"], *card["judged_on"]} == {"sub-1", "sub-2"}
    assert Path(facts["weights"]).stat().st_size < 20_000_000
    again = distil(*given, "--val-fraction", 0.5)
    assert "This run is finished already: 2 steps." in again.stdout
    assert "medssl prompt IMAGE --model litemedsam --weights out/model.safetensors" in again.stdout
    assert load_engine("litemedsam", device="cpu", weights=out / "model.safetensors").card.clicks


def test_what_cannot_teach_is_refused(images: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out")
    with pytest.raises(UsageError, match="--val-fraction 1"):
        distil(images, *out, "--val-fraction", 1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no image"):
        distil(tmp_path / "empty", *out)
    with pytest.raises(UsageError, match="outlines nothing in random boxes"):
        distil(images / "sub-1.png", *out, "--boxes", 1, "--val-fraction", 0)
