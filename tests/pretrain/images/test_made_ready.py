from __future__ import annotations

import numpy as np
import pytest
from made_scans import volume

from napari_medssl.pretrain.images.made_ready import own_rows, paper_rows
from napari_medssl.pretrain.images.survey import ImageFacts, ImageSurvey
from napari_medssl.volume import Pipeline


def survey(modality="CT", shape=(20, 30, 40), *, colour=False) -> ImageSurvey:
    facts = ImageFacts("a", modality, shape, (2.0, 1.0, 1.0), in_colour=colour)
    return ImageSurvey((facts,), {})


def names(rows) -> list[str]:
    return [row["do"] for row in rows]


def test_without_a_paper_the_images_say_what_is_done():
    assert names(own_rows(survey())) == ["resample", "to-unit"]
    assert names(own_rows(survey("MR"))) == ["resample", "percentiles", "z-score"]
    colour = own_rows(survey("US", colour=True), to_foreground=True)
    assert names(colour) == ["channels", "resample", "percentiles", "crop-foreground", "z-score"]
    assert own_rows(survey())[0]["spacing_mm"] == (2.0, 1.0, 1.0)


def test_a_paper_s_rows_are_as_printed_for_what_it_was_made_for():
    rows, unlike = paper_rows("smit_finetune", survey())
    assert names(rows) == ["orient", "resample", "to-unit"]
    assert unlike == ""


@pytest.mark.parametrize("modality", ["MR", "US", "OT"])
def test_other_images_are_cut_by_their_own_values_and_that_is_said(modality):
    rows, why = paper_rows("kidney_kits", survey(modality))
    assert names(rows) == ["orient", "resample", "percentiles", "z-score"]
    assert "Unlike the paper" in why
    plain, unlike = paper_rows("mri_t2", survey(modality))
    assert (names(plain), unlike) == (["percentiles"], "")


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_slices_kept_as_bytes_are_seen_from_0_to_1(modality):
    rows, _ = paper_rows("swin_flare", survey(modality))
    grey = np.random.default_rng(0).uniform(-900, 900, (20, 30, 40)).astype(np.float32)
    seen, _ = Pipeline.from_steps(rows)(volume(grey, modality=modality))
    assert (seen.array.min(), seen.array.max()) == (0, 1)
    assert len(np.unique(seen.array)) > 200


@pytest.mark.parametrize(("shape", "wanted"), [((1, 30, 40), (1, 8, 8)), ((30, 40, 1), (8, 8, 1))])
def test_a_picture_is_brought_to_the_sides_that_are_asked_for(shape, wanted):
    rows, _ = paper_rows("picture_unit", survey("OT", shape), whole=(8, 8))
    seen, _ = Pipeline.from_steps(rows)(volume(np.random.default_rng(0).random(shape)))
    assert seen.geometry.shape == wanted
