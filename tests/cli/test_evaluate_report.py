from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_medssl.cli.evaluate_report import (
    Comparison,
    check_target,
    print_report,
    write_report,
)
from napari_medssl.errors import UsageError
from napari_medssl.evaluate import compare_masks, not_there
from napari_medssl.volume import Geometry


@pytest.mark.parametrize("name", ["scores", "scores.txt", "mask.nii.gz"])
def test_only_json_and_csv_are_written(name):
    with pytest.raises(UsageError, match=r"\.json or \.csv"):
        check_target(Path(name))
    for good in ("a.json", "A.CSV"):
        check_target(Path(good))


def test_what_does_not_exist_is_null_and_json_stays_json(tmp_path, capsys):
    row = not_there("case", 3, "cyst", "mm")
    assert np.isnan(row.dice)
    found = Comparison((row,), {}, no_prediction=("gone.nii",))
    print_report(found, as_json=True)
    write_report(tmp_path / "a.json", found)
    for text in (capsys.readouterr().out, (tmp_path / "a.json").read_text()):
        told = json.loads(text, parse_constant=pytest.fail)
        assert told["rows"][0]["dice"] is None
        assert told["means"][0]["mean"]["hd95"] is None
        assert told["means"][0]["of"]["hd95"] == 0
        assert told["no_prediction"] == ["gone.nii"]


def test_names_are_never_taken_for_markup(capsys):
    row = not_there("[red]case", 3, "[bold]cyst", "mm")
    print_report(Comparison((row,), {"[dim]b": "Why [/dim]."}), as_json=False)
    told = capsys.readouterr().out
    for words in ("[red]case", "[bold]cyst", "Not compared: [dim]b: Why [/dim]."):
        assert words in told


def test_a_mean_says_of_how_many_rows_it_is_also_where_others_differ(capsys):
    one, none = np.ones((2, 3, 3), np.uint8), np.zeros((2, 3, 3), np.uint8)
    pairs = {"both": (one, one), "missed": (none, one), "invented": (one, none), "no": (none, none)}
    grid = Geometry((2, 3, 3), (1, 1, 1))
    rows = [compare_masks(case, *pair, grid, names={1: "x"})[0] for case, pair in pairs.items()]
    print_report(Comparison(tuple(rows), {}), as_json=False)
    told = capsys.readouterr().out
    assert "of 3, distances 1, diff ml 4, diff % 2" in told
    print_report(Comparison((rows[0],), {}), as_json=False)
    assert "of 1, " not in capsys.readouterr().out
