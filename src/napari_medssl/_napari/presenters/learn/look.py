"""What a round of learning would learn from, begin with and be judged by, read without the window.

Reading takes a moment: the marks of patients are slow to work out on purpose. So a thread does it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_medssl.errors import MedSSLError
from napari_medssl.finetune import patient_of
from napari_medssl.finetune.starting import network_of, offered_starts, starter
from napari_medssl.finetune.volumes.protocols import OURS, offered_protocols
from napari_medssl.project.learn_plan import coming_sides, coming_start, finished_cases
from napari_medssl.project.learn_task import undrawn_labels
from napari_medssl.project.new_corrections import NewCorrections, new_corrections
from napari_medssl.project.open_ends import OpenEnds
from napari_medssl.project.versions import versions

if TYPE_CHECKING:
    from pathlib import Path

    from napari_medssl.project import Project
    from napari_medssl.project.learn_plan import Sides
    from napari_medssl.project.versions import ModelVersion

_FEW_MINUTES = 3


@dataclass(frozen=True)
class LearnWishes:
    """How the user wants it to learn.

    Parameters
    ----------
    start : str
        As `finetune.starting.choose_start` takes it.
    minutes : float
        How long.
    steps : int or None
        How often weights change, instead of a time.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    seed : int
        Of the random draws.
    threads : int or None
        Of the processor; all where None.
    cross_validate : bool
        Whether who is learned from judges too, where few others can.
    protocol : str
        How it is taught: key of ``finetune.volumes.protocols.PROTOCOLS``.
    """

    start: str = "auto"
    minutes: float = 10.0
    steps: int | None = None
    device: str = "auto"
    seed: int = 0
    threads: int | None = None
    cross_validate: bool = True
    protocol: str = OURS

    def is_short_on(self, device: str) -> bool:
        """Whether there is little to be expected of so short a time."""
        return device == "cpu" and self.steps is None and self.minutes < _FEW_MINUTES


@dataclass(frozen=True)
class LearnLook:
    """What a look at a project found.

    Parameters
    ----------
    fresh : NewCorrections
        What no model has learned yet.
    why_not : str
        Why nothing can be learned, in a sentence; empty where it can.
    sides : Sides or None
        Who would learn and judge; None where nothing is done.
    start_words : str
        What it would begin with, and why; empty where that is not known.
    undrawn : tuple of str
        Names of labels that are drawn on no case that would be learned from.
    open_ends : int
        Cases to learn from of which slices are done, but none beyond the ends of what is drawn.
    starts : tuple of (name, title)
        The models of this machine that could be begun with.
    protocols : tuple of (name, title)
        The ways to teach that suit what it would begin with.
    models : tuple of ModelVersion
        Those of the project.
    """

    fresh: NewCorrections = field(default_factory=NewCorrections)
    why_not: str = ""
    sides: Sides | None = None
    start_words: str = ""
    undrawn: tuple[str, ...] = ()
    open_ends: int = 0
    starts: tuple[tuple[str, str], ...] = ()
    protocols: tuple[tuple[str, str], ...] = ()
    models: tuple[ModelVersion, ...] = ()

    @property
    def in_use(self) -> ModelVersion | None:
        """The model in use."""
        return next((one for one in self.models if one.state == "current"), None)


class LearnReader:
    """Looks at projects, and remembers what is slow to work out; for one thread."""

    def __init__(self) -> None:
        self._marks: dict[Path, dict[str, str]] = {}
        self._open_ends = OpenEnds()

    def look(self, project: Project, start: str, device: str) -> LearnLook:
        """Look at a project.

        Parameters
        ----------
        project : Project
            May be open to be looked at only.
        start : str
            As in `LearnWishes`.
        device : str
            One that is there; empty where that is not known yet.
        """
        models = versions(project)
        starts = tuple(offered_starts().items())
        known = self._marks.setdefault(project.folder, {})
        try:
            done = finished_cases(project)
        except MedSSLError as error:
            return LearnLook(why_not=str(error), starts=starts, models=models)
        fresh, why_not, words = new_corrections(project), project.why_read_only, ""
        protocols: tuple[tuple[str, str], ...] = ()
        sides = coming_sides(project, done, patient_of, known)
        try:
            if device:
                coming = coming_start(project, done, starter(start, device))
                words = coming.words
                protocols = tuple(offered_protocols(network_of(coming.path)).items())
        except MedSSLError as error:
            why_not = why_not or str(error)
        taught = [case for case in done if case.id in sides.training]
        undrawn = undrawn_labels(project, taught)
        open_ends = self._open_ends.count(project, taught)
        return LearnLook(
            fresh, why_not, sides, words, undrawn, open_ends, starts, protocols, models
        )
