"""Is an encoder worth beginning with? What two plain classifiers read off it, as it is.

The encoder learns nothing here. Voxels of a few labelled images are told apart by their nearest
neighbours and by a linear layer on its maps; patients whose voxels are judged were never learned
from; and the same network with random weights is asked the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_medssl.errors import UsageError
from napari_medssl.models.draws import draws
from napari_medssl.models.trained_weights import load_start, network_for, read_trained
from napari_medssl.pretrain.watching.voxel_features import Sight, Spots, features_at, spots_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.pretrain.watching.voxel_features import Drawn

_MOST_FOLDS, _RANDOM_NETWORKS = 5, 3
_NEIGHBOURS, _TEMPERATURE, _AT_ONCE = 20, 0.1, 1000
_ROUNDS, _DECAY, _LITTLE = 60, 1e-3, 1e-6


@dataclass(frozen=True)
class Read:
    """How well one classifier tells voxels apart.

    Parameters
    ----------
    classifier : str
        ``"nearest neighbours"`` or ``"linear"``.
    score : float
        Mean over classes, the background too, of the part of their voxels that is named right:
        guessing gives 1 over the number of classes.
    by_class : mapping of int to float
        The same by label value.
    of_random : tuple of float
        Scores of the same network with random weights, each time others.
    """

    classifier: str
    score: float
    by_class: Mapping[int, float]
    of_random: tuple[float, ...]


def probe_encoder(
    weights: Path,
    card: TrainedCard,
    examples: Sequence[Drawn],
    *,
    device: str,
    seed: int = 0,
    told: Callable[[int, int], None] = lambda *_: None,
) -> list[Read]:
    """Measure what can be read off an encoder as it is.

    Parameters
    ----------
    weights : Path
        A checkpoint of ours.
    card : TrainedCard
        Its card.
    examples : sequence of Drawn
        Labelled images; those that cannot be read must be gone already.
    device : str
        As `pick_device` returned it.
    seed : int
        Decides which voxels, which patients together, and the random weights.
    told : callable
        Is told how many images of how many are done.

    Raises
    ------
    UsageError
        If the images are of one patient, or one class is all there is.
    WeightsError
        If the checkpoint does not fit its network.
    """
    asked = Questions.about(examples, Sight.of_card(card), seed, told)
    learned, *others = (
        asked.answers(network.to(device).eval()) for network in _networks(weights, card, seed)
    )
    return [
        Read(name, mean_right(found), found, tuple(mean_right(other[name]) for other in others))
        for name, found in learned.items()
    ]


@dataclass(frozen=True, eq=False)
class Questions:
    """Voxels whose class is known, and who may be learned from to name which.

    Parameters
    ----------
    spots : tuple of Spots
        Crops, with the voxels that lie in them.
    folds : tuple of int
        Of each crop: its voxels are named by what was learned from other folds.
    """

    spots: tuple[Spots, ...]
    folds: tuple[int, ...]

    @classmethod
    def about(
        cls,
        examples: Sequence[Drawn],
        sight: Sight,
        seed: int,
        told: Callable[[int, int], None] = lambda *_: None,
    ) -> Questions:
        """Read labelled images; see `probe_encoder` for what may be wrong with them."""
        found = list[tuple[Spots, int]]()
        folds = _folds([one.patient for one in examples], seed)
        for done, (example, fold) in enumerate(zip(examples, folds, strict=True), 1):
            found += [(spots, fold) for spots in spots_of(example, sight, seed)]
            told(done, len(examples))
        asked = cls(tuple(spots for spots, _ in found), tuple(fold for _, fold in found))
        if len(set(asked.values.tolist())) < 2:
            raise UsageError("voxels of one class alone", expected="masks with a background")
        return asked

    @property
    def values(self) -> Tensor:
        """Label value of each voxel, (n,) int64."""
        return torch.cat([one.values for one in self.spots])

    def answers(self, network: SegmentationNetwork) -> dict[str, dict[int, float]]:
        """Return by classifier and class the part of voxels that is named right.

        Parameters
        ----------
        network : SegmentationNetwork
            In evaluation mode, on its device.
        """
        features = torch.cat([features_at(network, one) for one in self.spots])
        counts = torch.tensor([len(one.values) for one in self.spots])
        return _read(features, self.values, torch.tensor(self.folds).repeat_interleave(counts))


def _networks(weights: Path, card: TrainedCard, seed: int) -> Iterator[SegmentationNetwork]:
    """Yield the network of a checkpoint, and then some with random weights."""
    torch.manual_seed(int(draws(seed, "random weights").integers(2**31)))  # of what did not learn
    learned = network_for(card)
    load_start(learned, read_trained(weights, card), card.parts)
    yield learned
    for number in range(_RANDOM_NETWORKS):
        torch.manual_seed(int(draws(seed, "random weights", number).integers(2**31)))
        yield network_for(card)


def _folds(patients: Sequence[str], seed: int) -> list[int]:
    """Return for each image in which fold it is judged; a patient is in one of them."""
    everyone = sorted(set(patients))
    if len(everyone) < 2:
        raise UsageError(
            "labelled images of one patient, as far as their names tell",
            expected="two patients or more: who is judged must be new",
            do="Say with --patient how names tell patients",
        )
    order = draws(seed, "folds").permutation(len(everyone))
    fold = {everyone[n]: place % _MOST_FOLDS for place, n in enumerate(order.tolist())}
    return [fold[patient] for patient in patients]


def _read(features: Tensor, values: Tensor, folds: Tensor) -> dict[str, dict[int, float]]:
    """Return by classifier and class the part of voxels that is named right, over all folds."""
    classes, found_in = np.unique(values.numpy(), return_inverse=True)
    numbers = torch.from_numpy(found_in)
    right = {name: torch.zeros(len(values), dtype=torch.bool) for name in _CLASSIFIERS}
    for fold in sorted(set(folds.tolist())):
        judged = folds == fold
        middle, spread = features[~judged].mean(0), features[~judged].std(0) + _LITTLE
        scaled = (features - middle) / spread
        for name, classifier in _CLASSIFIERS.items():
            found = classifier(scaled[~judged], numbers[~judged], scaled[judged], len(classes))
            right[name][judged] = found == numbers[judged]
    return {
        name: {
            int(value): float(hits[numbers == number].float().mean())
            for number, value in enumerate(classes.tolist())
        }
        for name, hits in right.items()
    }


def _nearest(known: Tensor, numbers: Tensor, asked: Tensor, count: int) -> Tensor:
    """Name vectors as their nearest neighbours vote, classes weighed alike (Wu 2018, DINO)."""
    known, asked = functional.normalize(known, dim=1), functional.normalize(asked, dim=1)
    fair = 1 / torch.bincount(numbers, minlength=count).clamp(min=1).float()
    named = []
    for part in torch.split(asked, _AT_ONCE):
        near = (part @ known.T).topk(min(_NEIGHBOURS, len(known)), dim=1)
        votes = (near.values / _TEMPERATURE).exp() * fair[numbers[near.indices]]
        of = functional.one_hot(numbers[near.indices], count).float()
        named.append((votes[..., None] * of).sum(1).argmax(1))
    return torch.cat(named)


def _linear(known: Tensor, numbers: Tensor, asked: Tensor, count: int) -> Tensor:
    """Name vectors by a linear layer, found by Newton-like steps from nothing."""
    layer = nn.Linear(known.shape[1], count)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    fair = len(numbers) / torch.bincount(numbers, minlength=count).clamp(min=1) / count
    optimiser = torch.optim.LBFGS(
        layer.parameters(), max_iter=_ROUNDS, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = functional.cross_entropy(layer(known), numbers, weight=fair)
        value = value + _DECAY * layer.weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        named: Tensor = layer(asked).argmax(1)
    return named


_CLASSIFIERS = {"nearest neighbours": _nearest, "linear": _linear}


def mean_right(by_class: Mapping[int, float]) -> float:
    """Return the mean over classes of the part of their voxels that is named right."""
    return float(np.mean(list(by_class.values())))
