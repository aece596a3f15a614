"""While an encoder learns without masks: what can be read off it so far, from a few masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from napari_medssl.errors import MedSSLError
from napari_medssl.pretrain.watching.frozen_probe import Questions, mean_right
from napari_medssl.pretrain.watching.voxel_features import Sight

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.pretrain.plan import PretrainPlan
    from napari_medssl.pretrain.watching.voxel_features import Drawn

#: what the classifiers are called beside a curve
_BY = {"nearest neighbours": "nearest neighbours", "linear": "a linear layer"}
#: more images would take longer than they tell
MOST_IMAGES = 12


@dataclass(frozen=True, eq=False)
class WatchedProbe:
    """Asks a network that is learning, now and then, to tell voxels apart that somebody named.

    It teaches the network nothing, and draws no chance that the learning uses.

    Parameters
    ----------
    questions : Questions
        The voxels.
    """

    questions: Questions

    @classmethod
    def of(
        cls, examples: Sequence[Drawn], plan: PretrainPlan, warn: Callable[[str], None]
    ) -> WatchedProbe | None:
        """Read a few labelled images; those are left out that cannot be read.

        Parameters
        ----------
        examples : sequence of Drawn
            Of which `MOST_IMAGES` at most are taken.
        plan : PretrainPlan
            How images are prepared.
        warn : callable
            Is told why there is no probe, where that is so: nothing is learned from it, so it
            does not end the run.
        """
        drawn = [one for one in examples[:MOST_IMAGES] if _is_drawn_on(one, warn)]
        if not drawn:
            return None
        try:
            found = Questions.about(drawn, Sight.of_plan(plan), plan.seed)
        except MedSSLError as error:
            warn(f"What the masks tell of the encoder is not measured: {error}")
            return None
        return cls(found)

    def figures(self, network: SegmentationNetwork) -> dict[str, float]:
        """Return the part of voxels named right, by classifier, for a curve.

        Parameters
        ----------
        network : SegmentationNetwork
            On its device; it is left in the mode, training or evaluation, that it was in.
        """
        was_training = network.training
        network.eval()
        with torch.random.fork_rng(devices=[]):
            answers = self.questions.answers(network)
        network.train(was_training)
        return {f"told apart by {_BY[name]}": mean_right(found) for name, found in answers.items()}


def _is_drawn_on(one: Drawn, warn: Callable[[str], None]) -> bool:
    try:
        _, labels = one.read()
    except MedSSLError as error:
        warn(f"What the mask of '{one.id}' tells of the encoder is not measured: {error}")
        return False
    return bool(labels.any())
