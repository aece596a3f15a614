"""Learn, without labels, which of the masks around a click was probably meant.

    python benchmarks/learn_plausibility.py DATA --work FOLDER --out FILE [--things 6] [--threads 1]

DATA holds the test images, a folder a collection; those of ``distil_points.py`` are learned from,
never breast images. The network outlines what random boxes hold, as for ``medssl models distil``.
Each such thing is clicked, half the time on its deepest pixel and else at least half as deep;
boxes are tried around the click as in the window; and small networks learn from what `signs` tells
of each mask which Dice it has with the thing. Printed is, for a fifth of the pictures that are kept
aside, the Dice of the mask that is chosen so, of the one that the network itself expects most of,
and of the best. FILE is what the program ships in its resources. FOLDER keeps what was found, and
the same command goes on.
"""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003 - typer reads it from the annotations
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
import typer
from distil_points import images_to_learn

from napari_medssl.cli.finetune_sam import Told
from napari_medssl.cli.teacher_masks import Teaching, taught_pictures
from napari_medssl.finetune.batches import on_decoded_grid
from napari_medssl.finetune.encoders import FrozenEncoder
from napari_medssl.finetune.prompts import next_point, point_inside
from napari_medssl.finetune.sam import EMBEDDINGS
from napari_medssl.io import atomic_write
from napari_medssl.models.draws import draws
from napari_medssl.models.load import load_engine
from napari_medssl.models.promptable import DECODED_SIDE
from napari_medssl.segment.candidates import Seen, boxes_around, settle
from napari_medssl.segment.plausibility import SIGNS, Plausibility

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_medssl.finetune.pictures import Thing
    from napari_medssl.models.promptable import Decoded, Embedding

_NETWORKS, _HIDDEN, _EPOCHS, _BATCH, _RATE, _DECAY = 10, 32, 60, 256, 1e-3, 0.05
#: of the masks around a click so many are also boxed again
_SETTLED = 8
#: a thing that no mask around the click comes near to teaches nothing about choosing
_LEAST = 0.75
_ASIDE = 5

#: what is told of each mask around a click, (n, signs), and its Dice with what was clicked, (n,)
Example = tuple["NDArray[np.float32]", "NDArray[np.float32]"]


def examples(
    engine: Any, embedding: Embedding, thing: Thing, random: np.random.Generator
) -> Example | None:
    """Click into a thing and try boxes as the window does; None where no mask holds the click."""
    point = point_inside(thing, random)
    if random.random() < 0.5:
        (column, row), _ = next_point(np.zeros_like(thing.mask), thing.mask)
        point = np.array([thing.corner[1] + column + 0.5, thing.corner[0] + row + 0.5], np.float32)
    inside = np.ones(1, bool)
    seen = Seen(engine, embedding, point[None], inside)
    first = engine.decode_boxes(embedding, boxes_around(embedding, point[None], inside))
    masks = seen.grid.masks(first.logits)
    voters = masks[seen.hold(masks)]
    if not len(voters):
        return None
    some = random.permutation(len(masks))[:_SETTLED]
    told = [_told(seen, decoded, voters, thing)
            for decoded in (first, settle(seen, first.logits[some]))]  # fmt: skip
    return np.concatenate([signs for signs, _ in told]), np.concatenate([dice for _, dice in told])


def _told(seen: Seen, decoded: Decoded, voters: NDArray[np.bool_], thing: Thing) -> Example:
    masks = seen.grid.masks(decoded.logits)
    holding = seen.hold(masks)
    laid = on_decoded_grid(thing, DECODED_SIDE, seen.grid.scale_xy)
    truth = seen.grid.within(laid[None].astype(np.float32))[0] > 0
    sizes = masks.sum(axis=(1, 2)) + truth.sum()
    dice = 2 * (masks & truth).sum(axis=(1, 2)) / np.maximum(sizes, 1)
    return seen.signs(decoded, voters)[holding], dice[holding].astype(np.float32)


def learn(things: Sequence[Example], seed: int) -> Plausibility:
    """Fit small networks, each on as many things drawn with replacement: one alone depends on few.

    Breiman 1996 ("Bagging predictors").
    """
    signs = np.concatenate([signs for signs, _ in things])
    mean, spread = signs.mean(axis=0), signs.std(axis=0)
    random = draws(seed, "bags")
    nets = []
    for number in range(_NETWORKS):
        bag = [things[k] for k in random.integers(len(things), size=len(things))]
        x = torch.from_numpy((np.concatenate([signs for signs, _ in bag]) - mean) / spread)
        y = torch.from_numpy(np.concatenate([dice for _, dice in bag]))
        nets.append(_fitted(x, y, seed + number))
    hidden, out = [net[0] for net in nets], [net[2] for net in nets]

    def stacked(tensors: Sequence[torch.Tensor]) -> NDArray[np.float32]:
        return torch.stack(list(tensors)).detach().numpy()

    return Plausibility(
        mean,
        spread,
        stacked([layer.weight.T for layer in hidden]),
        stacked([layer.bias for layer in hidden]),
        stacked([layer.weight[0] for layer in out]),
        stacked([layer.bias[0] for layer in out]),
    )


def _fitted(x: torch.Tensor, y: torch.Tensor, seed: int) -> Any:
    torch.manual_seed(seed)
    net = torch.nn.Sequential(
        torch.nn.Linear(len(SIGNS), _HIDDEN), torch.nn.ReLU(), torch.nn.Linear(_HIDDEN, 1)
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=_DECAY)
    steps = _EPOCHS * (len(x) // _BATCH + 1)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        some = torch.randint(len(x), (_BATCH,))
        loss = (net(x[some])[:, 0] - y[some]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        falling.step()
    return net


def found(data: Path, work: Path, things: int, seed: int) -> list[list[Example]]:
    """Return the examples of each thing, a list a picture."""
    engine: Any = load_engine()
    told = Told(quiet=False)
    with told:
        pictures = taught_pictures(engine, images_to_learn(data), Teaching(seed=seed), work, told)
        encoder = FrozenEncoder(engine, pictures, work / EMBEDDINGS, atomic_write, memory=0)
        rows = []
        for number, picture in enumerate(pictures):
            random = draws(seed, "plausibility", number)
            some = random.permutation(len(picture.things))[:things]
            embedding = encoder.embedding(number)
            each = [examples(engine, embedding, picture.things[k], random) for k in some]
            rows.append([one for one in each if one is not None and one[1].max() > _LEAST])
            told.progress(number + 1, len(pictures), "Clicking")
    return rows


def main(
    data: Annotated[Path, typer.Argument(help="Folder of the collections.")],
    work: Annotated[Path, typer.Option(help="Keeps what the network found.")],
    out: Annotated[Path, typer.Option(help="For resources/plausibility.json.")],
    things: Annotated[int, typer.Option(help="Of each picture that are clicked, at most.")] = 6,
    seed: Annotated[int, typer.Option(help="Of all draws.")] = 0,
    threads: Annotated[int, typer.Option(help="Of the processor; 0: all.")] = 0,
) -> None:
    """Print how well it chooses, and write the file."""
    if threads:
        torch.set_num_threads(threads)
    work.mkdir(parents=True, exist_ok=True)
    rows = found(data, work, things, seed)
    aside = [one for picture in rows[::_ASIDE] for one in picture]
    others = [one for n, picture in enumerate(rows) if n % _ASIDE for one in picture]
    plausible = learn(others, seed)
    for name, rank in {
        "chosen": lambda signs, _: plausible(signs),
        "by its score": lambda signs, _: signs[:, 0],
        "the best": lambda _, dice: dice,
    }.items():
        dices = [dice[int(np.argmax(rank(signs, dice)))] for signs, dice in aside]
        print(f"{name:14} Dice {np.mean(dices):.3f} with {len(dices)} things kept aside")
    everything = [one for picture in rows for one in picture]
    plausible = learn(everything, seed)
    names = ("mean", "spread", "inwards", "inner", "outwards", "outer")
    weights = {name: np.round(getattr(plausible, name).astype(float), 4).tolist() for name in names}
    card = {
        "about": "What is told of a mask around a click -> its expected Dice with what was meant.",
        "learned_from": f"{len(everything)} things that LiteMedSAM found in random boxes on "
        f"{len(rows)} pictures of distil_points.py's images; no label was looked at.",
        "made_by": "python benchmarks/learn_plausibility.py DATA --work FOLDER --out FILE"
        f" --things {things} --seed {seed}",
        "licence": "BSD-3-Clause, as the program; the teacher, LiteMedSAM, is Apache-2.0",
        "signs": list(SIGNS),
    }
    out.write_text(json.dumps({**card, "weights": weights}) + "\n", "utf-8")


if __name__ == "__main__":
    typer.run(main)
