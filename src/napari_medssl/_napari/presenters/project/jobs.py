"""The jobs of one kind that belong to the open project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.project.segment_task import place_of

if TYPE_CHECKING:
    from napari_medssl._napari.presenters.automatic.canvas import OpenProject
    from napari_medssl._napari.presenters.jobs.watch import JobWatch, Seen
    from napari_medssl.project import Project


class ProjectJobs:
    """Picks them from what was seen last.

    Parameters
    ----------
    watch : JobWatch
        Sees all jobs.
    kinds : collection of str
        Which kinds; each tells its project's folder under ``"project"``.
    """

    def __init__(self, watch: JobWatch, *kinds: str) -> None:
        self._watch, self._kinds = watch, kinds
        self._place: tuple[Project | None, str] = (None, "")

    def of(self, there: OpenProject | None) -> tuple[Seen, ...]:
        """Return those of a project, the newest first."""
        if there is None:
            return ()
        if self._place[0] is not there.project:  # a network share may be slow to ask
            self._place = (there.project, place_of(there.project))
        return tuple(seen for seen in self._watch.jobs if self._is_ours(seen))

    def at_work(self, there: OpenProject | None) -> Seen | None:
        """Return the one that runs or waits; the oldest of several."""
        return next((seen for seen in reversed(self.of(there)) if not seen.status.is_over), None)

    def newest(self, there: OpenProject | None) -> Seen | None:
        """Return the newest."""
        return next(iter(self.of(there)), None)

    def _is_ours(self, seen: Seen) -> bool:
        spec = seen.job.spec
        return spec.kind in self._kinds and spec.arguments.get("project") == self._place[1]
