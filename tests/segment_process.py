"""A job's process as the tests start it: a run over a project's cases, by a network that is none.

What it finds depends on the image alone. Each of its four windows takes as many seconds as the
environment says, so that a test can look on, or kill it.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from segment_stand_ins import CARD, Options

from napari_medssl.jobs import LocalEngine, execute
from napari_medssl.models import trained

WINDOW_S = "WINDOW_S"
ENGINE = LocalEngine((sys.executable, str(Path(__file__))))


class Above:
    """Finds a liver where the image is above its mean, and a spleen where it is far above."""

    def run(self, volume, options, *, progress, stop):
        for done in range(4):
            time.sleep(float(os.environ.get(WINDOW_S, "0")))
            progress(done + 1, 4)
        image = volume.array
        high = image.mean() + image.std()
        labels = (image > image.mean()).astype(np.uint8) + (image > high).astype(np.uint8)
        return SimpleNamespace(labels=labels, uncertainty=None, notices=())


def use_no_network(patch=setattr, put=sys.modules.__setitem__) -> None:
    """Let it run in place of whatever model is asked for."""
    automatic = SimpleNamespace(RunOptions=Options, load_automatic=lambda name, device: Above())
    put("napari_medssl.segment.automatic", automatic)
    put("napari_medssl.segment.fitness", SimpleNamespace(fitness=lambda card, volume: []))
    patch(trained, "find_trained", lambda name: (Path("ct-organs.safetensors"), CARD))


if __name__ == "__main__":
    from napari_medssl.cli.segment_job import run_segment_job

    use_no_network()
    sys.exit(0 if execute(Path(sys.argv[1]), lambda kind: run_segment_job) else 1)
