from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_encoders import encoder_card
from made_scans import scan, volume
from torch.nn import functional

from napari_medssl.errors import UsageError
from napari_medssl.models.networks.network import Features
from napari_medssl.pretrain.watching.voxel_features import Drawn, Sight, features_at, spots_of

CARD = encoder_card()
SIGHT = Sight.of_card(CARD)


def drawn(shape=(10, 12, 17), slices: slice = slice(None)) -> Drawn:
    array = scan(0, shape)
    labels = np.zeros(shape, np.uint8)
    labels[slices, 2:5, 3:6] = 4
    return Drawn("a", "p", lambda: (volume(array), labels))


class Seeing:
    """An encoder whose maps are the image, and the image at half its size."""

    def parameters(self):
        return iter([torch.zeros(1)])

    def encode(self, image: torch.Tensor) -> Features:
        return Features((image,), functional.avg_pool3d(image, 2))


def test_each_class_gets_as_many_voxels_and_each_lies_in_one_crop():
    spots = spots_of(drawn(), SIGHT, 0)
    values = torch.cat([part.values for part in spots])
    assert values.unique().tolist() == [0, 4]
    assert (values == 4).sum() == 10 * 3 * 3
    assert (values == 0).sum() == 200
    assert all(part.crop.shape == (1, 8, 8, 8) for part in spots)
    again = spots_of(drawn(), SIGHT, 0)
    assert all(torch.equal(a.places, b.places) for a, b in zip(spots, again, strict=True))
    others = torch.cat([part.places for part in spots_of(drawn(), SIGHT, 1)])
    assert not torch.equal(torch.cat([part.places for part in spots]), others)


def test_what_maps_hold_is_read_where_the_voxel_lies():
    for spots in spots_of(drawn((5, 12, 17)), SIGHT, 0):  # thinner than a crop
        found = features_at(Seeing(), spots)
        there = spots.crop[0][tuple(spots.places.long().T)]
        assert found.shape == (len(spots.values), 2)
        torch.testing.assert_close(found[:, 0], there)


def test_halfway_between_places_of_a_coarse_map_it_is_read_between_them():
    [spots, *_] = spots_of(drawn(), SIGHT, 0)
    one = replace(spots, places=torch.tensor([[2.5, 0.5, 4.5]]), values=torch.tensor([4]))
    coarse = functional.avg_pool3d(spots.crop[None], 2)[0, 0]
    torch.testing.assert_close(features_at(Seeing(), one)[0, 1], coarse[1, 0, 2])


def test_what_sees_slices_is_shown_some_on_which_something_is_drawn():
    flat = replace(SIGHT, patch=(8, 8), slice_axis=0)
    spots = spots_of(drawn((30, 12, 17), slice(4, 24)), flat, 0)
    assert all(part.crop.shape == (1, 8, 8) and part.places.shape[1] == 2 for part in spots)
    assert sum(int((part.values == 4).sum()) for part in spots) == 8 * 9


def test_nothing_drawn_is_refused():
    with pytest.raises(UsageError, match="nothing is drawn on 'a'"):
        spots_of(drawn(slices=slice(0)), SIGHT, 0)
