from __future__ import annotations

import pytest
from every_method import plan_of
from made_scans import method_of, plan_for, prepared

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.images.accepted import accepted, compared


class Picky:
    """Refuses all images but some."""

    def __init__(self, plan, *takes: str) -> None:
        self.plan, self._takes = plan, takes

    def refuses(self, image) -> str:
        return "" if image.id in self._takes else "It is too small."


def test_those_that_a_method_refuses_are_told():
    images, told = prepared(), {}
    kept = accepted(method_of(plan_of("regression")), images, len(images), told.update)
    assert (kept, told) == (images, {})
    some = images[0].id
    kept = accepted(Picky(plan_for("regression"), some), images, 9, told.update)
    assert [image.id for image in kept] == [some]
    assert told == {image.id: "It is too small." for image in images[1:]}


def test_too_few_left_and_none_left_end_it_with_a_next_step():
    images = prepared()
    first = images[0].id
    with pytest.raises(UsageError, match=r"1 image, as 8 were left out; expected 4 or more"):
        accepted(Picky(plan_for("simsiam"), first), images, 9, lambda _: None)
    with pytest.raises(UsageError, match=r"too small\. Choose another method, .*show simsiam"):
        accepted(Picky(plan_for("simsiam")), images, 9, lambda _: None)


def test_slices_are_what_a_network_of_slices_compares():
    images, said = prepared()[:3], []
    assert compared(plan_for("barlow", batch=16), images, 1, said.append).batch == 3
    assert "3 at a time, not 16" in said.pop()
    flat = plan_for("barlow", batch=16, dimensions=2, crop=(8, 8), slice_axis=0)
    assert compared(flat, images, 1, said.append) is flat
    assert not said
