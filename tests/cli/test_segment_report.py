from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_medssl.cli.segment_report import Finished, report
from napari_medssl.models.trained import OutputClass, TrainedCard
from napari_medssl.segment.run import AutomaticResult
from napari_medssl.volume import Geometry, Notice, Volume

CARD = TrainedCard(
    name="organs",
    title="Organs",
    network="unet",
    dimensions=3,
    in_channels=1,
    classes=(OutputClass(6, "liver"), OutputClass(1, "[spleen]"), OutputClass(2, "never")),
    patch=(16, 16, 16),
    steps=(),
    sha256="ab" * 32,
)
GRID = Geometry((4, 5, 6), (5.0, 0.5, 2.0))


def finished(*, spacing_known: bool = True, misfits: tuple[Notice, ...] = ()) -> Finished:
    labels = np.zeros(GRID.shape, np.uint8)
    labels[0, :, :2], labels[3, 0, 0] = 6, 1
    scan = Volume(
        np.zeros(GRID.shape, np.int16),
        GRID,
        Volume.from_source_array(
            np.zeros((6, 5, 4), np.int16), Geometry((6, 5, 4)), name="a", format="nifti"
        ).source,
        spacing_known=spacing_known,
        notices=(Notice("own", "Of the scan."),),
    )
    found = AutomaticResult(
        labels, None, None, (Notice("run", "Of the run."),), 1.23456, 1200, (16, 16, 16)
    )
    return Finished.of(Path("ward 3/DOE.nii"), Path("out/mask.nii.gz"), scan, found, CARD, misfits)


def test_what_was_found_is_counted_and_measured() -> None:
    one = finished(misfits=(Notice("misfit", "It does not suit."),))
    assert (one.image, one.out) == ("DOE.nii", str(Path("out/mask.nii.gz")))
    assert [(row["value"], row["voxels"], row["ml"]) for row in one.labels] == [
        (6, 10, 0.05),
        (1, 1, 0.005),
        (2, 0, 0.0),
    ]
    assert [notice["code"] for notice in one.notices] == ["own", "misfit", "run"]
    assert [row["ml"] for row in finished(spacing_known=False).labels] == [None] * 3


def test_machines_get_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    report(CARD, "cpu", [finished()], {"b.nii": "It is broken."}, as_json=True)
    said = capsys.readouterr()
    facts = json.loads(said.out)
    assert said.err == ""
    assert facts["weights_sha256"] == CARD.sha256
    assert facts["failed"] == {"b.nii": "It is broken."}
    assert facts["images"][0]["seconds"] == 1.235
    assert facts["peak_memory_mb"] > 10


@pytest.mark.parametrize(
    ("spacing_known", "words"),
    [(True, "liver 0.05 ml, [spleen] 0.01 ml"), (False, "liver 10 voxels, [spleen] 1 voxels")],
)
def test_people_get_a_sentence_an_image(
    capsys: pytest.CaptureFixture[str], spacing_known: bool, words: str
) -> None:
    """A name in brackets is a name, not a colour of the console's."""
    failed = {"b.nii": "It is broken."}
    report(CARD, "cpu", [finished(spacing_known=spacing_known)], failed, as_json=False)
    said = capsys.readouterr()
    assert f"Wrote 'mask.nii.gz': {words} (1,200 windows, 1.2 s)." in said.out
    assert "  Note: Of the run." in said.out
    assert "never" not in said.out
    assert said.err == "medssl: 'b.nii': It is broken.\n"
    assert "Research use only" in said.out


def test_one_window_is_one_and_no_file_is_named_twice(capsys: pytest.CaptureFixture[str]) -> None:
    one = replace(finished(), windows=1)
    report(CARD, "cpu", [one], {"b.nii": "'b.nii' is broken."}, as_json=False)
    said = capsys.readouterr()
    assert "(1 window, 1.2 s)." in said.out
    assert said.err == "medssl: 'b.nii' is broken.\n"
