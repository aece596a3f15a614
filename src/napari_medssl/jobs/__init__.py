"""Long work in processes of its own: told in a folder, watched, stopped, gone on with.

The room knows nothing of what a job computes: whoever starts one says which function runs it.
"""

from napari_medssl.jobs.engine import Engine, LocalEngine
from napari_medssl.jobs.events import Event
from napari_medssl.jobs.job import Job, State, Status
from napari_medssl.jobs.runner import Recipe, Report, execute
from napari_medssl.jobs.spec import JobSpec, new_spec
from napari_medssl.jobs.store import JobStore, jobs_folder

__all__ = [
    "Engine",
    "Event",
    "Job",
    "JobSpec",
    "JobStore",
    "LocalEngine",
    "Recipe",
    "Report",
    "State",
    "Status",
    "execute",
    "jobs_folder",
    "new_spec",
]
