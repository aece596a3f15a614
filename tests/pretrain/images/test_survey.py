from __future__ import annotations

import numpy as np
import pytest
from made_scans import source, volume

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.pretrain.images.prepared import Source
from napari_medssl.pretrain.images.survey import survey_images


def broken() -> Source:
    def read():
        raise UnreadableFileError("'x.nii' ends after 3 of 9 bytes")

    return Source("image-00099", read)


def test_what_the_images_are_like():
    told: list[int] = []
    sources = [source(n, spacing=(1.0 + n, 1.0, 1.0)) for n in range(3)]
    found = survey_images(sources, told.append)
    assert told == [1, 2, 3]
    assert found.modalities == ("MR",)
    assert found.median(lambda image: image.spacing_mm) == (2.0, 1.0, 1.0)
    assert found.left_out == {}


def test_the_most_frequent_kind_is_kept_and_the_others_named():
    sources = [source(0), source(1), source(2, modality="CT")]
    found = survey_images(sources)
    assert [image.id for image in found.images] == ["image-00000", "image-00001"]
    assert found.left_out == {"image-00002": "It is CT; most others are MR."}


def test_voxels_of_another_order_are_left_out():
    sources = [*(source(n) for n in range(3)), source(3, spacing=(9.0, 1.0, 1.0))]
    found = survey_images(sources)
    assert "9 mm apart; others' 1 mm" in found.left_out["image-00003"]
    assert len(found.images) == 3


def test_a_broken_image_is_left_out_and_said_why():
    found = survey_images([source(0), broken()])
    assert "ends after 3 of 9 bytes" in found.left_out["image-00099"]


def test_none_at_all_is_an_error_that_says_the_first_reason():
    with pytest.raises(UsageError, match=r"1 left out; the first: 'x\.nii' ends"):
        survey_images([broken()])
    with pytest.raises(UsageError, match="there are none"):
        survey_images([])


def test_colour_is_seen():
    def read():
        from dataclasses import replace

        grey = volume(np.zeros((1, 8, 8), np.uint8), modality="OT")
        return replace(grey, array=np.zeros((3, 1, 8, 8), np.uint8))

    assert survey_images([Source("a", read)]).images[0].in_colour
