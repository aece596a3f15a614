"""What came of learning without masks: the newest encoder, and whether learning begins with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from napari_medssl._napari.presenters.pretrain.words import encoder_facts
from napari_medssl.errors import MedSSLError
from napari_medssl.io import atomic_write
from napari_medssl.models.trained import card_path, read_card
from napari_medssl.pretrain.offered import is_offered, offer_encoder, withdraw_encoder
from napari_medssl.pretrain.plan import WEIGHTS
from napari_medssl.pretrain.request import KIND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.jobs.watch import JobWatch, Look
    from napari_medssl._napari.presenters.pretrain.words import EncoderFacts
    from napari_medssl.jobs import Job


class PretrainResultView(Protocol):
    """The newest encoder."""

    def show_encoder(self, facts: EncoderFacts | None) -> None:
        """Show what it is; None: there is none yet."""


class PretrainResultPresenter:
    """Shows the newest job's encoder, of one that ended or was stopped, and offers it or not.

    Parameters
    ----------
    view : PretrainResultView
        Where it is shown.
    watch : JobWatch
        Tells what has changed.
    work : Work
        The thread that reads.
    activity : Activity
        For what the user asks for.
    """

    def __init__(
        self, view: PretrainResultView, watch: JobWatch, work: Work, activity: Activity
    ) -> None:
        self._view, self._watch, self._work, self._activity = view, watch, work, activity
        self._job: Job | None = None
        self.close = watch.listen(self._hear)

    def look(self) -> None:
        """Look again: whether it is offered may have changed."""
        jobs = [
            seen.job
            for seen in self._watch.jobs
            if seen.job.spec.kind == KIND and seen.status.is_over
        ]

        def took(found: tuple[Job, EncoderFacts] | None) -> None:
            self._job, facts = found if found is not None else (None, None)
            self._view.show_encoder(facts)

        self._work.run(lambda: _newest(jobs), took, self._activity.fail)

    def offer(self, offered: bool) -> None:
        """Let learning from masks begin with it where it fits, or let it not."""
        job = self._job
        if job is None:
            return

        def do() -> None:
            if offered:
                offer_encoder(job.artifacts, atomic_write)
            else:
                withdraw_encoder(job.artifacts)

        def done(_: None) -> None:
            now = "begins with it where it fits" if offered else "no longer begins with it"
            self._activity.say(f"Learning from masks {now}.")
            self.look()

        self._activity.run("Writing it down", do, done, topic="offer")

    def _hear(self, look: Look) -> None:
        ours = (seen for seen in look.changed if seen.job.spec.kind == KIND)
        if look.gone or any(seen.before != seen.status.state for seen in ours):
            self.look()


def _newest(jobs: Sequence[Job]) -> tuple[Job, EncoderFacts] | None:
    """Return the first of some jobs that left an encoder; in a thread."""
    for job in jobs:
        weights = job.artifacts / WEIGHTS
        if not (weights.is_file() and card_path(weights).is_file()):
            continue
        try:
            card = read_card(weights)
        except MedSSLError:
            continue
        offered = is_offered(job.artifacts)
        return job, encoder_facts(card, job.artifacts, WEIGHTS, offered=offered)
    return None
