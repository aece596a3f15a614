"""The Pre-train panel from top to bottom: its parts, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl._napari.presenters.jobs.words import end_words
from napari_medssl._napari.presenters.learn.encoder_intake import EncoderIntake
from napari_medssl._napari.presenters.pretrain.pretraining import PretrainPresenter
from napari_medssl._napari.presenters.pretrain.result import (
    PretrainResultPresenter,
    PretrainResultView,
)
from napari_medssl._napari.presenters.pretrain.run import PretrainRunPresenter, PretrainRunView
from napari_medssl.models.networks.planned import NETWORK as NNUNETS
from napari_medssl.pretrain.request import KIND

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl._napari.presenters.activity import Activity, Work
    from napari_medssl._napari.presenters.automatic.canvas import Door
    from napari_medssl._napari.presenters.jobs.watch import JobWatch, Look
    from napari_medssl._napari.presenters.learn.learning import Bench
    from napari_medssl._napari.presenters.pretrain.pretraining import ImagesView, MethodView
    from napari_medssl.jobs.engines import Engines
    from napari_medssl.models.trained import TrainedCard


@dataclass(frozen=True)
class PretrainViews:
    """The panel's parts."""

    images: ImagesView
    method: MethodView
    run: PretrainRunView
    result: PretrainResultView


class PretrainingPresenter:
    """From images to an encoder that learning from masks begins with.

    Parameters
    ----------
    views : PretrainViews
        The panel's parts.
    work : Work
        The thread that reads.
    activity : Activity
        For what the user asks for, in another thread.
    watch : JobWatch
        Sees the jobs; whoever made it asks it to look.
    bench : Bench
        What starts jobs.
    engines : Engines
        Those beyond this machine.
    door : Door
        The open project.
    notify : callable
        Tells a sentence, and whether it is about a failure, wherever the user is.
    """

    def __init__(
        self,
        views: PretrainViews,
        work: Work,
        activity: Activity,
        watch: JobWatch,
        bench: Bench,
        engines: Engines,
        door: Door,
        notify: Callable[[str, bool], None],
    ) -> None:
        self.images = PretrainPresenter(
            views.images, views.method, work, activity, watch, bench, engines, door
        )
        self.run = PretrainRunPresenter(views.run, watch, work, activity, bench.engine)
        self.result = PretrainResultPresenter(views.result, watch, work, activity)
        self._intake = EncoderIntake(watch, activity, self._arrived)
        self._activity, self._notify = activity, notify
        self._deafen = watch.listen(self._hear)

    def show(self) -> None:
        """Show what can be done with the images; to be called about once a second."""
        self.images.show()
        self.run.show()

    def close(self) -> None:
        """Listen no more; jobs go on."""
        for part in (self.images, self.run, self.result, self._intake):
            part.close()
        self._deafen()

    def _arrived(self, card: TrainedCard) -> None:
        """React to an encoder that learning may begin with from now on."""
        how = "takes it only if you choose it" if card.trouble else "begins with it where it fits"
        words = f"learning from masks {how}"
        if card.network == NNUNETS:
            words = "choose its file as the Encoder of a run of nnU-Net"
        self._activity.say(f"'{card.title}' is ready: {words}.")
        self.result.look()

    def _hear(self, look: Look) -> None:
        for seen in look.changed:
            if seen.job.spec.kind == KIND and seen.has_ended:
                failed = seen.status.state in ("failed", "interrupted")
                self._notify(end_words(seen), failed)
