from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from napari_medssl.errors import UnreadableFileError
from napari_medssl.finetune.nnunet import selection

KEEP = "remove_all_but_largest_component_from_segmentation"


def test_names_of_candidates_are_those_of_their_configurations() -> None:
    one, two = "nnUNetTrainer__nnUNetPlans__2d", "nnUNetTrainer__nnUNetPlans__3d_fullres"
    assert selection._plain(one) == "2d"
    assert selection._plain(f"ensemble___{one}___{two}___0_1") == "2d + 3d_fullres"
    assert selection._number("nan") is None


def test_postprocessing_is_read_as_data(tmp_path: Path) -> None:
    file = tmp_path / "postprocessing.json"
    given = [{"labels_or_regions": [1, 2]}, {"labels_or_regions": 2}]
    told: dict[str, Any] = {"postprocessing_fns": [KEEP, KEEP], "postprocessing_kwargs": given}
    file.write_text(json.dumps(told))
    assert selection._steps(file) == ((1, 2), (2,))
    file.write_text(json.dumps({**told, "postprocessing_fns": ["os.system"]}))
    with pytest.raises(UnreadableFileError, match="postprocessing cannot be read"):
        selection._steps(file)
