"""The models of this machine that segment by themselves; torch comes in only when one loads."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

from napari_medssl._napari.before_torch import before_torch
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.project.proposer import Segmenter
    from napari_medssl.volume import Notice, Volume

_ASK = "import sys; from napari_medssl.models.device import pick_device as p; print(p(sys.argv[1]))"


class InstalledModels:
    """Lists, loads and adds to the models that `napari_medssl.models.trained` knows."""

    def cards(self) -> dict[str, TrainedCard]:
        """Return those that can segment; encoders alone cannot."""
        from napari_medssl.models.trained import trained_cards

        return {name: card for name, card in trained_cards().items() if card.holds == "network"}

    def network_title(self, card: TrainedCard) -> str:
        """Return what the architecture of a card is called."""
        from napari_medssl.models.networks import network_card

        return network_card(card.network).title

    def add(self, path: Path) -> str:
        """Keep a copy of a model file; return its name."""
        before_torch()
        from napari_medssl.io import atomic_write
        from napari_medssl.models.adding import Wishes, add_checkpoint

        return add_checkpoint(path, Wishes(), atomic_write).name

    def load(self, name: str, device: str) -> Segmenter:
        """Load a model with its weights; seconds, and torch with it."""
        before_torch()
        from napari_medssl.segment.automatic import load_automatic

        return load_automatic(name, device)

    def device(self, wanted: str) -> str:
        """Return the name of a device of this machine, for a job.

        A child is asked: importing torch here would hold the window up for a second and more.
        """
        if wanted == "cpu":
            return wanted
        command = [sys.executable, "-P", "-c", _ASK, wanted]
        child = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if child.returncode:
            raise UsageError(
                f"the device '{wanted}', which this machine does not have, or torch cannot use",
                do="Choose the processor, or run 'medssl doctor' to see what is here",
            )
        return child.stdout.split()[-1]

    def options(self, settings: Mapping[str, Any]) -> Any:
        """Return how to run, from plain values."""
        from napari_medssl.segment.automatic import RunOptions

        return RunOptions(**settings)

    def fitness(self, card: TrainedCard, volume: Volume) -> Sequence[Notice]:
        """Tell what about an image does not suit a model."""
        from napari_medssl.segment.fitness import fitness

        return fitness(card, volume)
