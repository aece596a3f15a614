"""A network as the cases of a project want it, with a network that is none."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from napari_medssl.correct.proposal import ProposedClass
from napari_medssl.errors import GeometryError, StoppedError
from napari_medssl.project.proposer import ModelProposer
from napari_medssl.volume import Geometry, Notice, Volume

SHAPE = (3, 4, 5)
CLASS = SimpleNamespace(value=2, name="liver", colour=(1, 2, 3))
CARD = SimpleNamespace(name="ct", title="CT net", sha256="c0ffee", classes=(CLASS,))
VOLUME = Volume.from_source_array(np.zeros(SHAPE, np.int16), Geometry(SHAPE), name="a", format="m")


@dataclass(frozen=True)
class Options:
    overlap: float = 0.25
    half: bool | None = None
    batch: int | None = 3
    uncertainty: bool = True


class Fake:
    def __init__(self, error=None) -> None:
        self.error = error

    def run(self, volume, options, *, progress, stop):
        if self.error is not None:
            raise self.error
        progress(1, 1)
        unsure = np.full(SHAPE, 0.5, np.float16)
        notices = (Notice("air", "Much air."), Notice("memory", "A smaller window."))
        labels = np.full(SHAPE, 2, np.uint8)
        return SimpleNamespace(labels=labels, uncertainty=unsure, notices=notices)


def fitness(card, volume):
    return [Notice("spacing", "Other voxels."), Notice("small", "It is small.")]


def proposer(error=None, **rest) -> ModelProposer:
    return ModelProposer(Fake(error), CARD, Options(), fitness, **rest)


def test_what_is_found_becomes_a_proposal_with_where_it_came_from():
    told = []
    found = proposer(progress=lambda *n: told.append(n)).propose(VOLUME)
    assert found.classes == (ProposedClass(2, "liver", (1, 2, 3)),)
    assert (found.model, found.weights_sha256) == ("ct", "c0ffee")
    assert found.settings == {"overlap": 0.25}, "only what decides on the result"
    assert (found.uncertainty == 50).all()
    assert found.notices == ("Other voxels.", "It is small.", "A smaller window.")
    assert told == [(1, 1)]


def test_only_some_notices_are_a_reason_not_to_run():
    assert proposer().misfits(VOLUME) == ["Other voxels."]


def test_a_stop_is_no_error_and_an_error_is_one():
    assert proposer(stop=lambda: True).propose(VOLUME) is None
    assert proposer(StoppedError("stopped")).propose(VOLUME) is None
    with pytest.raises(GeometryError):
        proposer(GeometryError("too small")).propose(VOLUME)
