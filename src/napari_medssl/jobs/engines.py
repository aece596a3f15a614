"""All engines of a user behind one door: a job is looked after by the engine that it was given to.

A job's folder says which that is, so whoever finds the job finds its engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.jobs.cluster import ClusterEngine
from napari_medssl.jobs.engine import Engine, LocalEngine
from napari_medssl.jobs.sent import note_silence, read_sent

if TYPE_CHECKING:
    from napari_medssl.jobs.cluster import Cluster
    from napari_medssl.jobs.engine_settings import RaySettings, SlurmSettings
    from napari_medssl.jobs.job import Job, Status


class Book(Protocol):
    """Where engines are named: `EngineBook`."""

    def engines(self) -> dict[str, RaySettings | SlurmSettings]:
        """Return them by name."""


class _UsualBook:
    """The one in the user's settings, opened when it is asked."""

    def engines(self) -> dict[str, RaySettings | SlurmSettings]:
        from napari_medssl.jobs.engine_settings import EngineBook

        return EngineBook().engines()


@dataclass(frozen=True)
class Engines:
    """An engine that hands each job to its own one.

    Parameters
    ----------
    here : Engine
        Runs jobs on this machine.
    book : Book
        Names the others.
    """

    here: Engine = field(default_factory=LocalEngine)
    book: Book = field(default_factory=_UsualBook)

    def names(self) -> tuple[str, ...]:
        """Return what engines are called, this machine first."""
        return ("here", *sorted(self.book.engines()))

    def named(self, name: str) -> Engine:
        """Return an engine by its name; a job submitted to it stays with it.

        Raises
        ------
        UsageError
            If there is none of that name.
        UnreadableFileError
            If the settings are damaged.
        """
        if name == "here":
            return self.here
        return ClusterEngine(name, self.cluster(name), packed=self.is_packed(name))

    def settings(self, name: str) -> RaySettings | SlurmSettings:
        """Return what is known of an engine beyond this machine; `UsageError` of none."""
        engines = self.book.engines()
        if name not in engines:
            raise UsageError(
                f"there is no engine '{name}'",
                expected=" or ".join(f"'{one}'" for one in ("here", *sorted(engines))),
                do="Name it with 'medssl jobs engines add'",
            )
        return engines[name]

    def cluster(self, name: str) -> Cluster:
        """Return what speaks to the cluster of an engine."""
        settings = self.settings(name)
        if settings.kind == "ray":
            from napari_medssl.jobs.ray import RayCluster

            return RayCluster(name, settings)
        from napari_medssl.jobs.slurm import SlurmCluster

        return SlurmCluster(name, settings)

    def is_packed(self, name: str) -> bool:
        """Tell whether images travel with a job to an engine."""
        settings = self.settings(name)
        return settings.kind == "ray" and settings.packed

    def of(self, job: Job) -> Engine:
        """Return the engine that a job was given to; this machine where none was."""
        sent = read_sent(job.folder)
        return self.here if sent is None else self.named(sent.engine)

    def submit(self, job: Job) -> None:
        """Start a job, or go on with it, where it was given to."""
        self.of(job).submit(job)

    def status(self, job: Job) -> Status:
        """Look how a job is."""
        self.refresh(job)
        return job.status()

    def logs(self, job: Job) -> str:
        """Return what a job printed."""
        return self.of(job).logs(job)

    def stop(self, job: Job, *, patience_s: float = 15.0) -> Status:
        """Ask a job to stop and keep the best so far; end it if it does not."""
        return self.of(job).stop(job, patience_s=patience_s)

    def refresh(self, job: Job) -> None:
        """Ask the cluster of a job after it, if it has one; never raises, and takes seconds."""
        if read_sent(job.folder) is None:
            return
        try:
            engine = self.of(job)
        except MedSSLError as error:  # it is not named any more
            note_silence(job.folder, str(error))
            return
        if isinstance(engine, ClusterEngine):
            engine.refresh(job)
