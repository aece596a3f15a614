"""How members are put together; the networks themselves run in tests/cli/test_nnunet_command.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_medssl.finetune.nnunet.model import Member, NnunetCard
from napari_medssl.finetune.nnunet.prediction import NnunetPredictor


class FakeMember:
    """Says what it is told to, and keeps what it was given."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.earlier: Any = None
        self.label_manager = self

    def predict_single_npy_array(
        self,
        image: Any,
        properties: Any,
        earlier: Any = None,
        save_or_return_probabilities: bool = False,
    ) -> Any:
        self.earlier = earlier
        foreground = np.full(image.shape[1:], self.share)
        found = (foreground > 0.5).astype(np.uint8)
        both = np.stack([1 - foreground, foreground])
        return (found, both) if save_or_return_probabilities else found

    def convert_probabilities_to_segmentation(self, probabilities: Any) -> Any:
        return probabilities.argmax(0)


def predictor(*members: tuple[str, float], before: float | None = None) -> Any:
    made = NnunetPredictor.__new__(NnunetPredictor)
    told = tuple(Member(name, name, ("fold_0",)) for name, _ in members)
    made._card = NnunetCard(("CT",), ".nii.gz", (), told)
    made._members = [FakeMember(share) for _, share in members]
    made._before = None if before is None else FakeMember(before)
    return made


IMAGE = np.zeros((1, 2, 3, 4), np.float32)


def test_an_ensemble_is_the_mean_of_its_members() -> None:
    assert predictor(("2d", 0.4), ("3d_fullres", 0.7))._labels(IMAGE, {}).all()
    assert not predictor(("2d", 0.4), ("3d_fullres", 0.55))._labels(IMAGE, {}).any()


def test_only_a_cascade_is_given_what_was_found_before() -> None:
    made = predictor(("3d_lowres", 0.6), ("3d_cascade_fullres", 0.6), before=0.9)
    made._labels(IMAGE, {})
    low, cascade = made._members
    assert low.earlier is None
    assert cascade.earlier.shape == IMAGE.shape
    assert cascade.earlier.dtype == np.int16  # nnU-Net writes -1 into it
    assert (cascade.earlier == 1).all()
