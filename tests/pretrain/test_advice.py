"""Which method is recommended."""

from __future__ import annotations

from napari_medssl.pretrain.advice import FEW_IMAGES, advised
from napari_medssl.pretrain.cards import method_card


def test_pictures_and_volumes_get_their_own() -> None:
    assert advised(100, flat=True).method == "barlow"
    assert advised(100, flat=False).method == "simmim"


def test_what_is_recommended_takes_so_few_images_and_sees_so_many_dimensions() -> None:
    for images in range(1, 6):
        for flat, dimensions in ((True, 2), (False, 3)):
            card = method_card(advised(images, flat=flat).method)
            assert card.least_images <= images
            assert dimensions in card.dimensions


def test_few_images_are_heeded() -> None:
    assert "1 image is little" in advised(1, flat=False).heed
    assert advised(FEW_IMAGES - 1, flat=False).heed
    assert not advised(FEW_IMAGES, flat=False).heed
