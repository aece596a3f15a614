"""The mask in hand can be exported with or without a project."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest

from napari_medssl._napari.presenters.mask.document import Document, LabelRow
from napari_medssl._napari.presenters.mask.export import mask_sources
from napari_medssl.errors import GeometryError
from napari_medssl.io import LabelInfo
from napari_medssl.volume import Geometry, Volume, Window

SHAPE = (2, 3, 4)
LIVER = LabelInfo(1, "liver", (200, 60, 40))


def scene(*, modality="CT", mask=True):
    volume = Volume.from_source_array(
        np.zeros(SHAPE, np.int16), Geometry(SHAPE), name="a.nii.gz", format="x", modality=modality
    )
    return SimpleNamespace(
        volume=volume,
        window=Window(0, 1),
        document=Document([LabelRow(LIVER)], outlines=[{"engine": "a"}]),
        read_mask=lambda: np.ones(SHAPE, np.uint8) if mask else None,
    )


@pytest.mark.parametrize(("modality", "burnt_in"), [("CT", False), ("US", True)])
def test_it_is_offered_as_it_is_now(modality, burnt_in):
    (source,) = mask_sources(scene(modality=modality), MagicMock())
    assert (source.title, source.burnt_in) == ("This mask: a.nii.gz", burnt_in)
    (piece,) = source.pieces
    loaded = piece.load()
    assert (piece.name, piece.anonymous) == ("a", "mask")
    assert loaded.mask.all()
    assert (loaded.labels, loaded.outlines) == ((LIVER,), ({"engine": "a"},))
    assert loaded.window == Window(0, 1)


def test_without_a_mask_the_user_is_told():
    activity = MagicMock()
    assert mask_sources(scene(mask=False), activity) == ()
    assert activity.say.call_args.args[0].startswith("There is no mask yet")


def test_a_mask_that_was_moved_is_refused_in_a_sentence():
    activity, moved = MagicMock(), scene()
    error = GeometryError("the mask was moved")
    moved.read_mask = MagicMock(side_effect=error)
    assert mask_sources(moved, activity) == ()
    activity.fail.assert_called_once_with(error)
