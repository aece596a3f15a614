"""The models of a project: what the gate says of the one looked at, and deciding on it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

from napari_medssl._napari.presenters.learn.comparison import read_comparison
from napari_medssl._napari.presenters.learn.gate_facts import gate_facts, version_row
from napari_medssl.project import versions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_medssl._napari.presenters.activity import Activity
    from napari_medssl._napari.presenters.automatic.canvas import Door, OpenProject
    from napari_medssl._napari.presenters.learn.comparison import Comparison
    from napari_medssl._napari.presenters.learn.gate_facts import GateFacts, VersionRow
    from napari_medssl._napari.presenters.learn.look import LearnLook
    from napari_medssl._napari.presenters.project.jobs import ProjectJobs
    from napari_medssl.project import Project
    from napari_medssl.project.versions import ModelVersion

Decision = Literal["use", "use anyway", "reject", "keep", "go back"]

_SAID: dict[Decision, str] = {
    "use": "It is in use from now on.",
    "use anyway": "It is in use from now on.",
    "reject": "It is not used. Its file is kept, should you change your mind.",
    "keep": "It is kept beside the one in use.",
    "go back": "It is in use again.",
}


class GateView(Protocol):
    """What is shown of the model looked at."""

    def show_gate(self, facts: GateFacts | None) -> None:
        """Show its verdict, figures and cases, and what can be decided; None: no model."""

    def show_comparing(self, case: str) -> None:
        """Tell which case's outlines are shown; empty for none."""


class VersionsView(Protocol):
    """The list of all models."""

    def show_versions(self, rows: Sequence[VersionRow], chosen: str) -> None:
        """List the models, the newest first, one of them chosen."""


class ComparisonCanvas(Protocol):
    """Where a judged case is looked at."""

    def show(self, case: str, comparison: Comparison) -> None:
        """Lay outlines over a case; as soon as it is open."""

    def hide(self) -> None:
        """Take the outlines away."""


class LearnedModelsPresenter:
    """Shows one model closely and all as a list; nothing is decided without the user's word.

    Parameters
    ----------
    gate, rows : GateView, VersionsView
        The panel's parts.
    canvas : ComparisonCanvas
        Where outlines are laid over a case.
    activity : Activity
        For what is slow.
    jobs : ProjectJobs
        Those that learned: their folders hold the masks of the judged cases.
    door : Door
        The open project.
    open_case : callable
        Opens a case of it, by id.
    decided : callable
        Called when a model was decided on.
    """

    def __init__(
        self,
        gate: GateView,
        rows: VersionsView,
        canvas: ComparisonCanvas,
        activity: Activity,
        jobs: ProjectJobs,
        door: Door,
        open_case: Callable[[str], None],
        decided: Callable[[], None],
    ) -> None:
        self._gate, self._rows, self._canvas = gate, rows, canvas
        self._activity, self._jobs, self._door = activity, jobs, door
        self._open_case, self._decided = open_case, decided
        self._models: tuple[ModelVersion, ...] = ()
        self._chosen = ""
        self._deciding = False

    def looked(self, there: OpenProject | None, look: LearnLook) -> None:
        """Take the models that a look found."""
        fresh = {one.sha256 for one in look.models} - {one.sha256 for one in self._models}
        self._models = look.models
        candidates = [one.sha256 for one in look.models if one.state == "candidate"]
        newest = candidates[-1] if candidates else ""
        if newest in fresh or self._version is None:
            in_use = look.in_use.sha256 if look.in_use is not None else ""
            last = look.models[-1].sha256 if look.models else ""
            self._chosen = newest or in_use or last
            self.hide()
        self._show(there)

    def choose(self, sha256: str) -> None:
        """Look at another model."""
        if sha256 != self._chosen:
            self._chosen = sha256
            self.hide()
            self._show(self._door())

    def decide(self, decision: Decision) -> None:
        """Do with the model looked at what the user wants."""
        there, version = self._door(), self._version
        if there is None or version is None or self._deciding:
            return
        project = there.project

        def decide() -> None:
            try:
                _DECISIONS[decision](project, version)
            finally:
                self._deciding = False

        def done(_: None) -> None:
            self._activity.say(_SAID[decision])
            self._decided()

        self._deciding = True
        self._activity.run("Writing it down", decide, done, topic="decide")

    def compare(self, case: str) -> None:
        """Open a judged case, and lay both models' outlines over it."""
        there, version = self._door(), self._version
        if there is None or version is None:
            return
        folders = [seen.job.artifacts for seen in self._jobs.of(there)]

        def show(found: Comparison) -> None:
            self._canvas.show(case, found)
            self._gate.show_comparing(case)
            self._open_case(case)

        self._activity.run(
            "Reading both masks",
            lambda: read_comparison(folders, version.sha256, case),
            show,
            topic="compare",
        )

    def hide(self) -> None:
        """Take the outlines away."""
        self._activity.forget("compare")
        self._canvas.hide()
        self._gate.show_comparing("")

    def hidden(self) -> None:
        """React to outlines that went with their image."""
        self._gate.show_comparing("")

    @property
    def _version(self) -> ModelVersion | None:
        return next((one for one in self._models if one.sha256 == self._chosen), None)

    def _show(self, there: OpenProject | None) -> None:
        version, cases = self._version, there.cases if there is not None else ()
        self._rows.show_versions([version_row(v) for v in reversed(self._models)], self._chosen)
        facts = gate_facts(version, self._models, cases) if version is not None else None
        self._gate.show_gate(facts)


_DECISIONS: dict[Decision, Callable[[Project, ModelVersion], ModelVersion]] = {
    "use": versions.accept,
    "use anyway": partial(versions.accept, anyway=True),
    "reject": versions.reject,
    "keep": versions.keep,
    "go back": versions.roll_back,
}
