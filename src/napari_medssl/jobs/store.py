"""All jobs of a user on this machine, found again by whoever looks."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from napari_medssl.errors import MedSSLError, SaveError, UsageError
from napari_medssl.jobs.files import get_json, not_saved, put_json
from napari_medssl.jobs.job import Job
from napari_medssl.jobs.spec import SPEC, write_spec

if TYPE_CHECKING:
    from napari_medssl.jobs.spec import JobSpec

_ELSEWHERE = ".elsewhere"


def jobs_folder() -> Path:
    """Return where jobs are kept unless another folder is named."""
    return Path(platformdirs.user_data_dir("napari-medssl", appauthor=False)) / "jobs"


@dataclass(frozen=True)
class JobStore:
    """A folder of jobs.

    Parameters
    ----------
    root : Path
        Holds a folder a job; of a job that was put elsewhere, a file that says where.
    """

    root: Path

    def create(self, spec: JobSpec, at: Path | None = None) -> Job:
        """Make a job's folder; nothing is started.

        Parameters
        ----------
        spec : JobSpec
            What it is to do.
        at : Path, optional
            Where its folder shall be: a new or an empty one. In the store unless given.

        Raises
        ------
        UsageError
            If something is there already.
        SaveError
            If it cannot be written.
        """
        folder = self.root / spec.id if at is None else at.absolute()
        if (folder / SPEC).exists():
            raise UsageError(
                f"there is a job in '{folder.name}' already",
                do="Resume it with 'medssl jobs resume', or choose another folder",
            )
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"'{folder.name}' holds other files", expected="a new folder")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            (folder / "artifacts").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise not_saved(error, folder) from error
        write_spec(spec, folder)
        if at is not None:
            put_json(self.root / f"{spec.id}{_ELSEWHERE}", {"folder": str(folder)})
        return Job.at(folder)

    def jobs(self) -> list[Job]:
        """Return all jobs, the newest first; folders that cannot be read are left out."""
        jobs = (self.at(entry) for entry in self.entries())
        found = {job.spec.id: job for job in jobs if job is not None}
        return sorted(found.values(), key=lambda job: (job.spec.created, job.spec.id), reverse=True)

    def entries(self) -> list[Path]:
        """Return what is in the store: folders of jobs, and files that tell where others are."""
        return list(self.root.iterdir()) if self.root.is_dir() else []

    def at(self, entry: Path) -> Job | None:
        """Return the job of an entry; None where there is none, or not yet."""
        try:
            return Job.at(self._folder_of(entry))
        except (MedSSLError, KeyError):
            return None

    def is_inside(self, job: Job) -> bool:
        """Tell whether a job's folder lies in the store, and is not only listed there."""
        return job.folder.parent == self.root.absolute()

    def remove(self, job: Job) -> None:
        """Forget a job that is over, with its folder where that lies in the store.

        Raises
        ------
        UsageError
            If it is not over.
        SaveError
            If it cannot be removed.
        """
        status = job.status()
        if not status.is_over:
            raise UsageError(f"the job '{job.spec.id}' is {status.state}", do="Stop it first")
        elsewhere = self.root / f"{job.spec.id}{_ELSEWHERE}"
        try:
            if self.is_inside(job):
                (job.folder / SPEC).unlink(missing_ok=True)  # from here on it is no job
                shutil.rmtree(job.folder)
            elsewhere.unlink(missing_ok=True)
        except OSError as error:
            raise SaveError(
                f"'{job.folder.name}' could not be removed", do="Close what has it open"
            ) from error

    def find(self, name: str) -> Job:
        """Find a job by its id, the beginning of its id, or its folder.

        Raises
        ------
        UsageError
            If there is none, or more than one.
        """
        if (Path(name) / SPEC).is_file():
            return Job.at(Path(name).absolute())
        jobs = [job for job in self.jobs() if name and job.spec.id.startswith(name)]
        jobs = [job for job in jobs if job.spec.id == name] or jobs
        if len(jobs) == 1:
            return jobs[0]
        came = f"{len(jobs)} jobs begin with '{name}'" if jobs else f"there is no job '{name}'"
        raise UsageError(came, expected="a job's id or folder", do="See 'medssl jobs list'")

    def _folder_of(self, path: Path) -> Path:
        if path.suffix == _ELSEWHERE:
            return Path(str(get_json(path)["folder"]))
        return path
