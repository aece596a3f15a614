from __future__ import annotations

import pytest

from napari_medssl.jobs.log import without_paths


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("reading /data/ward/DOE_JANE.nii.gz now", "reading <path> now"),
        ("cannot open '/data/ward 3/DOE^JANE.nii.gz'", "cannot open <path>"),
        (r"at C:\Users\jane\scan.dcm.", "at <path>"),
        ('File "/opt/python/site-packages/torch/nn.py", line 3', "File torch/nn.py, line 3"),
        ("loss 0.5/1, and/or 3/4 of it", "loss 0.5/1, and/or 3/4 of it"),
        ("wrote /jobs/one/artifacts/case-001.nii.gz", "wrote job:artifacts/case-001.nii.gz"),
    ],
)
def test_paths_are_taken_out(line: str, kept: str) -> None:
    assert without_paths(line, ("/jobs/one",)) == kept
