from __future__ import annotations

import pytest
from made_scans import plan_for

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.planning.rehearsal import rehearse


def test_what_can_be_is_not_refused():
    asked = []

    def plan_of(survey):
        asked.append(survey.images[0].shape)
        return plan_for("barlow")

    rehearse(plan_of, None)
    assert len(asked) == 1, "once it works there is nothing more to try"


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (plan_for("barlow", crop=(7, 7, 7)), "multiple of"),
        (
            plan_for("contrastive", network="kidney_dense", crop=(16, 16, 16), arguments={}),
            "decoder of 'kidney_dense'",
        ),
    ],
)
def test_what_cannot_be_whatever_the_images_is_refused(plan, words):
    with pytest.raises(UsageError, match=words):
        rehearse(lambda _: plan, 3)


@pytest.mark.parametrize(("dimensions", "shapes"), [(2, {1}), (3, {96, 144}), (None, {1, 96, 144})])
def test_what_depends_on_the_images_is_left_to_them(dimensions, shapes):
    seen = set()

    def plan_of(survey):
        shape = survey.images[0].shape
        seen.add(shape[0])
        raise UsageError("always", expected="something else")

    with pytest.raises(UsageError, match="always"):
        rehearse(plan_of, dimensions)
    assert seen == shapes

    def by_shape(survey):
        raise UsageError(f"crops of {survey.images[0].shape}")

    rehearse(by_shape, dimensions)
