"""What the review queue is made from: how sure a model is of each case, measured as it is run."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import MedSSLError, StoppedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.project import Project
    from napari_medssl.project.cases import Case
    from napari_medssl.project.proposing import Outcome
    from napari_medssl.project.scores import SecondLook
    from napari_medssl.project.segment_task import SegmentTask
    from napari_medssl.segment.automatic import AutomaticSegmenter
    from napari_medssl.segment.likeness import Features
    from napari_medssl.segment.run import RunOptions
    from napari_medssl.volume import Volume

_LEARNED = "learned-from.json"


@dataclass(frozen=True, eq=False)
class Model:
    """A network, loaded, and how it is run.

    Parameters
    ----------
    segmenter : AutomaticSegmenter
        The network.
    card : TrainedCard
        What is known of it.
    options : RunOptions
        How it is run.
    """

    segmenter: AutomaticSegmenter
    card: TrainedCard
    options: RunOptions


@dataclass(frozen=True, eq=False)
class Measures:
    """Shows each case to the model a second time, and compares.

    Parameters
    ----------
    project : Project
        Open to be looked at at least.
    task : SegmentTask
        What the job was given.
    model : Model
        Was run on the cases before.
    artifacts : Path
        The job's: what is known of the cases learned from is kept there.
    load : callable
        Loads another model, from the path of its weights.
    progress, stop : callable
        Is told how many windows of the second look are done; tells whether to end.
    """

    project: Project
    task: SegmentTask
    model: Model
    artifacts: Path
    load: Callable[[str], AutomaticSegmenter]
    progress: Callable[[int, int], None]
    stop: Callable[[], bool]

    def after(self, outcome: Outcome) -> Outcome:
        """Measure a case on which the model was run, and return what became of it then.

        Raises
        ------
        SaveError
            If the disk is full or may not be written.
        """
        from napari_medssl.project.export_folder import is_of_the_disk
        from napari_medssl.project.proposing import without_name

        if outcome.what not in ("done", "already"):
            return outcome
        began, why = time.monotonic(), ""
        try:
            self._measure(outcome.case)
        except StoppedError:
            return replace(outcome, what="stopped")
        except MedSSLError as error:
            if is_of_the_disk(error):
                raise
            why = without_name(str(error), self.project, outcome.case)
        return replace(outcome, why=why, seconds=outcome.seconds + time.monotonic() - began)

    def _measure(self, case: str) -> None:
        """Measure a case, unless that was done, and keep what came out."""
        from napari_medssl.project.scores import Scores, read_scores, save_scores
        from napari_medssl.segment.likeness import distance, features_of
        from napari_medssl.segment.self_doubt import disagreement, unsure_along_outline

        card, there = self.model.card, _names(self.model.card)
        if read_scores(self.project, case, card.sha256) is not None:
            return
        volume = self.project.read_image(case)
        labels, uncertainty = self._first(case, volume)
        other, kind = self._second(volume)
        missing = [value for value in self._always_there if not (labels == value).any()]
        scores = Scores(
            card.sha256,
            kind,
            disagreement=disagreement(labels, other, there, missing),
            unsure=unsure_along_outline(labels, uncertainty) / 100,
            distance=distance(features_of(volume, card.preparation), self._learned),
            missing=tuple(there[value] for value in missing),
        )
        save_scores(self.project, case, scores)

    def _first(self, case: str, volume: Volume) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return what the model found, and how unsure it was in percent; it may wait already."""
        from napari_medssl.correct.proposal import in_percent
        from napari_medssl.project.proposals import read_proposal

        found = read_proposal(self.project, case)
        mine = found is not None and found.weights_sha256 == self.model.card.sha256
        if found is not None and mine and found.uncertainty is not None:
            return found.labels, found.uncertainty
        options = replace(self.model.options, uncertainty=True)
        result = self.model.segmenter.run(volume, options, progress=self.progress, stop=self.stop)
        if result.uncertainty is None:
            raise UsageError("a model that does not tell how unsure it is")
        return result.labels, in_percent(result.uncertainty)

    def _second(self, volume: Volume) -> tuple[NDArray[Any], SecondLook]:
        """Return what is found in the mirror image, or else by the model before.

        Where neither is to be had, the image is moved. The mirror image goes first: an earlier
        model is the weaker one, and where it differs is mostly where it was wrong itself.
        """
        from napari_medssl.segment.second_look import second_look

        options = replace(self.model.options, uncertainty=False)
        look = second_look(self.model.card)
        if look.kind == "moved" and self._before is not None:
            result = self._before.run(volume, options, progress=self.progress, stop=self.stop)
            return result.labels, "before"
        shown = look.show(volume)
        result = self.model.segmenter.run(shown, options, progress=self.progress, stop=self.stop)
        return look.back(result.labels, volume), look.kind

    @cached_property
    def _before(self) -> AutomaticSegmenter | None:
        """The first of the earlier models that has the same labels and can be loaded."""
        from napari_medssl.models.trained import find_trained

        for path in self.task.earlier:
            try:
                if _names(find_trained(path)[1]) == _names(self.model.card):
                    return self.load(path)
            except MedSSLError:
                continue
        return None

    @cached_property
    def _taught(self) -> list[Case]:
        """The cases that the model learned from, as far as they are still there."""
        from napari_medssl.project.cases import number_of
        from napari_medssl.project.versions import taught_cases, versions

        sha256 = self.model.card.sha256
        version = next((one for one in versions(self.project) if one.sha256 == sha256), None)
        numbers = taught_cases(self.project, version) if version is not None else set()
        return [case for case in self.project.cases() if number_of(case.id) in numbers]

    @cached_property
    def _always_there(self) -> list[int]:
        """The labels that are drawn on every whole case learned from."""
        whole = [case for case in self._taught if case.status == "done"]
        values = _names(self.model.card) if whole else ()
        return [v for v in values if all(case.voxels.get(v) for case in whole)]

    @cached_property
    def _learned(self) -> list[Features]:
        """What the cases learned from are like; kept, so that they are read only once a job."""
        from napari_medssl.jobs.files import get_json, put_json

        path = self.artifacts / _LEARNED
        if not path.is_file():
            put_json(path, {"features": list(self._features(self._taught))})
        return [tuple(row) for row in get_json(path)["features"]]

    def _features(self, cases: Iterable[Case]) -> Iterable[Features]:
        from napari_medssl.segment.likeness import features_of

        for case in cases:
            try:
                volume = self.project.read_image(case.id)
            except MedSSLError:
                continue  # the others tell enough
            yield features_of(volume, self.model.card.preparation)


def _names(card: TrainedCard) -> dict[int, str]:
    return {c.value: c.name for c in card.classes}
