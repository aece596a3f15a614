"""Handing finished encoders on: what learned without masks is offered to what learns from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.io import atomic_write
from napari_medssl.pretrain.offered import is_new, offer_encoder
from napari_medssl.pretrain.request import KIND

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.jobs.watch import JobWatch, Look
    from napari_medssl.jobs import Job
    from napari_medssl.models.trained import TrainedCard


class EncoderIntake:
    """Offers each finished job's encoder once, also of one that ended while napari was closed.

    Parameters
    ----------
    watch : JobWatch
        Tells what has changed.
    activity : Activity
        For what is slow.
    arrived : callable
        Called with the card of an encoder that was not offered before.
    """

    def __init__(
        self, watch: JobWatch, activity: Activity, arrived: Callable[[TrainedCard], None]
    ) -> None:
        self._activity, self._arrived = activity, arrived
        self._tried: set[str] = set()  # ids of jobs
        self.close = watch.listen(self._hear)

    def _hear(self, look: Look) -> None:
        for seen in look.changed:
            spec, is_done = seen.job.spec, seen.status.state == "done"
            if spec.kind == KIND and not is_done:
                self._tried.discard(spec.id)  # it goes on, and may come to better weights
            elif spec.kind == KIND and spec.id not in self._tried:
                self._tried.add(spec.id)
                self._offer(seen.job)

    def _offer(self, job: Job) -> None:
        def offer() -> TrainedCard | None:
            there = is_new(job.artifacts)
            return offer_encoder(job.artifacts, atomic_write) if there else None

        def took(card: TrainedCard | None) -> None:
            if card is not None:
                self._arrived(card)

        self._activity.run(
            "Keeping what was learned without masks",
            offer,
            took,
            topic=f"offer {job.spec.id}",
            asked=False,
        )
