from __future__ import annotations

import numpy as np
import pytest

from napari_medssl.correct import Step
from napari_medssl.correct.proposal import Proposal, ProposedClass, in_percent
from napari_medssl.errors import GeometryError, UsageError

LIVER, SPLEEN = ProposedClass(1, "liver", (200, 10, 10)), ProposedClass(4, "Spleen")


def proposal(**rest) -> Proposal:
    rest = {"settings": {"overlap": 0.5}, "made": "2026-01-02T03:04:05+00:00", **rest}
    return Proposal(
        np.zeros((2, 3, 4), np.uint8), (LIVER, SPLEEN), "ct", "CT net", "c0ffee", **rest
    )


def test_classes_are_found_by_name_or_value():
    assert proposal().named(["SPLEEN", "1"]) == (4, 1)
    with pytest.raises(UsageError, match="liver, Spleen"):
        proposal().named(["kidney"])


def test_its_record_makes_a_step_one_of_a_model():
    (told,) = proposal().record({4: 12})
    assert (told["label"], told["class"], told["weights_sha256"]) == (12, "Spleen", "c0ffee")
    assert told["settings"] == {"overlap": 0.5}
    assert not Step("Accept 'Spleen'", outlines=(told,)).by_hand


def test_what_is_left_when_a_class_is_accepted():
    assert proposal().without([1]).classes == (SPLEEN,)


def test_bad_ones_are_refused():
    with pytest.raises(GeometryError):
        proposal(uncertainty=np.zeros((1, 1, 1), np.uint8))
    with pytest.raises(UsageError):
        Proposal(np.zeros((1, 1, 1), np.uint8), (LIVER, LIVER), "", "", "")


def test_uncertainty_in_percent():
    found = in_percent(np.array([[[0, 0.004, 0.5, 1, 2, np.nan]]], np.float16))
    assert found.tolist() == [[[0, 0, 50, 100, 100, 100]]]
