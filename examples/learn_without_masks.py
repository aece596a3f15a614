"""Pre-train a small network on images that nobody labelled, and look at the card that comes out."""

from pathlib import Path

import numpy as np

from napari_medssl.io import atomic_write
from napari_medssl.jobs import Report
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.pretrain.images.prepared import Source
from napari_medssl.pretrain.pretraining import Tools, Wanted, learn_without_labels
from napari_medssl.volume import Geometry, Volume


def image(number: int) -> Volume:
    """Return a bright ball somewhere in noise."""
    random = np.random.default_rng(number)
    z, y, x = np.indices((24, 32, 32))
    a, b, c = random.integers(8, 16, 3)
    ball = (z - a) ** 2 + (y - b) ** 2 + (x - c) ** 2 < 36
    array = (100 * ball + random.normal(0, 10, ball.shape)).astype(np.float32)
    geometry = Geometry(array.shape, (1.0, 1.0, 1.0))
    return Volume.from_source_array(array, geometry, name="made", format="made", modality="MR")


def main() -> None:
    """Learn for ten steps, by Barlow twins."""
    folder = Path("looked")
    folder.mkdir(exist_ok=True)
    sources = [Source(f"image-{n}", lambda n=n: image(n)) for n in range(4)]
    wanted = Wanted("barlow", sources, "made balls", "cpu", 1, steps=10, changes={"batch": 4})
    log = EventLog(folder / EVENTS)
    card = learn_without_labels(wanted, folder, Tools(atomic_write, Report(log)))
    log.close()
    if card is not None:
        print(card.about)
        print("of the network", card.network, "it holds the", card.holds, "in", card.patch, "crops")


if __name__ == "__main__":
    main()
