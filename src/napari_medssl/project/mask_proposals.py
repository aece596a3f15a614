"""Masks that were made outside the project, put to its cases as proposals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from napari_medssl.correct.proposal import Proposal, ProposedClass
from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.io import read_mask
from napari_medssl.project.export_folder import is_of_the_disk
from napari_medssl.project.proposals import save_proposal
from napari_medssl.project.proposing import ProposeReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from napari_medssl.project.project import Project


class FoundMasks(Protocol):
    """Masks, and what made them."""

    @property
    def masks(self) -> Mapping[str, Path]:
        """Ids of cases, and the label map of each on its image's grid."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def title(self) -> str:
        """What it is called."""

    @property
    def weights_sha256(self) -> str:
        """Hash of its weights."""

    @property
    def settings(self) -> Mapping[str, object]:
        """What it was run with: plain values."""


def propose_masks(
    project: Project,
    found: FoundMasks,
    progress: Callable[[int, int], None] | None = None,
) -> ProposeReport:
    """Put masks to cases as proposals; cases that are done are left alone.

    Parameters
    ----------
    project : Project
        Its masks are not changed.
    found : FoundMasks
        The masks.
    progress : callable, optional
        Is told how many of how many are read.

    Raises
    ------
    UsageError
        If there is no mask, or none is of a case that is not done.
    SaveError
        If the disk is full or may not be written; finished proposals stay.
    """
    wanted = [c.id for c in project.cases() if c.id in found.masks and c.status != "done"]
    if not wanted:
        raise UsageError(
            f"{len(found.masks)} masks, none of which is of a case that is not done",
            expected="one at least",
        )
    done: list[str] = []
    left_out: dict[str, str] = {}
    for count, case in enumerate(wanted):
        if progress is not None:
            progress(count, len(wanted))
        try:
            mask = read_mask(found.masks[case], project.read_image(case))
            proposal = Proposal(
                labels=mask.array,
                classes=tuple(ProposedClass(i.value, i.name, i.colour) for i in mask.labels),
                model=found.model,
                title=found.title,
                weights_sha256=found.weights_sha256,
                settings=found.settings,
                made=datetime.now(UTC).isoformat(timespec="seconds"),
            )
            save_proposal(project, case, proposal)
        except MedSSLError as error:
            if is_of_the_disk(error):
                raise
            left_out[case] = str(error)
        else:
            done.append(case)
    return ProposeReport(tuple(done), (), left_out)
