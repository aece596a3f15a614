from __future__ import annotations

import json
from io import StringIO

from rich.console import Console

from napari_medssl.cli.method_settings import print_settings, settings_facts
from napari_medssl.pretrain.settings.of_methods import declared_settings
from napari_medssl.pretrain.settings.of_plan import PLAN_SETTINGS


def test_all_settings_are_facts_with_what_both_recipes_make_of_them() -> None:
    rows = settings_facts("simsiam")
    names = [setting.name for setting in (*declared_settings("simsiam"), *PLAN_SETTINGS)]
    assert [row["name"] for row in rows] == names
    facts = {row["name"]: row for row in rows}
    pairs = facts["pairs"]
    assert (pairs["kind"], pairs["choices"]) == ("choice", ["exact", "rejection", "any"])
    assert (pairs["here"], pairs["paper"]) == ("exact", "rejection")
    assert (facts["betas"]["here"], facts["crop"]["of"]) == (None, "plan")
    assert (facts["width"]["low"], facts["width"]["high"]) == (4, None)
    assert json.loads(json.dumps(rows))


def test_they_are_printed_as_they_are_written() -> None:
    page = StringIO()
    print_settings(
        Console(file=page, width=200), {"name": "simsiam", "settings": settings_facts("simsiam")}
    )
    said = " ".join(page.getvalue().split())
    assert "Settings of the method: 'medssl pretrain --method simsiam --set NAME=VALUE'" in said
    assert "pairs exact rejection exact, rejection, any How pairs" in said
    assert "iou [0.3, 0.6] [0.3, 0.6] numbers, 0 to 1 Least" in said
    assert "crops (IoU); with pairs=exact or rejection" in said
    assert "width 512 2048 whole number, 4 or more" in said
    assert "mirror true true true, false Whether" in said
    assert "Settings of the plan:" in said
    assert "optimiser adamw, adam, sgd, lars" in said
