"""Cases, labels and edits of one project: the state on disk, where nothing is ever lost."""

from napari_medssl.project.cases import STATUSES, Case, Grid, Status
from napari_medssl.project.intake import AddReport
from napari_medssl.project.label_states import LabelState
from napari_medssl.project.opening import create_project, open_project
from napari_medssl.project.project import Project
from napari_medssl.project.recovery import Unfinished
from napari_medssl.project.state import CaseState

__all__ = [
    "STATUSES",
    "AddReport",
    "Case",
    "CaseState",
    "Grid",
    "LabelState",
    "Project",
    "Status",
    "Unfinished",
    "create_project",
    "open_project",
]
