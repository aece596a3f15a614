"""Masks from outside, put to the cases of a project."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from case_studies import CASE, SHAPE, project_of

from napari_medssl.errors import SaveError, UsageError
from napari_medssl.io import LabelInfo, write_labels
from napari_medssl.project import mask_proposals
from napari_medssl.project.mask_proposals import propose_masks
from napari_medssl.project.proposals import pending, read_proposal

OTHER = "case-002"
LIVER = LabelInfo(3, "Liver", (230, 90, 40))


def found_in(project, folder, *cases):
    """Write a mask for each case, as a run outside would have left them."""
    folder.mkdir(exist_ok=True)
    masks = {}
    for case in cases:
        volume = project.read_image(case)
        mask = np.zeros(SHAPE, np.uint8)
        mask[1, 2:4, 2:4] = 3
        masks[case] = write_labels(mask, volume, folder / f"{case}.nii.gz", labels=[LIVER])
    return SimpleNamespace(
        masks=masks, model="net", title="A net", weights_sha256="c0ffee", settings={"folds": [0]}
    )


def test_masks_wait_as_proposals_and_no_label_changes(tmp_path):
    with project_of(tmp_path, images=2) as project:
        found = found_in(project, tmp_path / "masks", CASE, OTHER)
        told = []
        report = propose_masks(project, found, lambda *far: told.append(far))
        assert (report.done, dict(report.left_out)) == ((CASE, OTHER), {})
        assert told == [(0, 2), (1, 2)]
        proposal = read_proposal(project, OTHER)
        assert np.count_nonzero(proposal.labels == 3) == 4
        assert [(c.value, c.name, c.colour) for c in proposal.classes] == [
            (3, "Liver", (230, 90, 40))
        ]
        assert (proposal.model, proposal.title, proposal.weights_sha256) == (
            "net",
            "A net",
            "c0ffee",
        )
        assert proposal.settings == {"folds": [0]}
        assert not project.read_state(OTHER).labels.any()


def test_done_cases_and_strange_masks_are_left_alone(tmp_path):
    with project_of(tmp_path, images=2) as project:
        found = found_in(project, tmp_path / "masks", CASE, OTHER)
        project.set_status(CASE, "done")
        found.masks["case-099"] = found.masks[CASE]
        assert propose_masks(project, found).done == (OTHER,)
        assert [one.case for one in pending(project)] == [OTHER]
        found.masks[OTHER].write_bytes(b"not a mask")
        report = propose_masks(project, found)
        assert report.done == ()
        assert OTHER in report.left_out
        project.set_status(OTHER, "done")
        with pytest.raises(UsageError, match="none of which is of a case that is not done"):
            propose_masks(project, found)


def test_a_full_disk_ends_it(tmp_path, monkeypatch):
    def full(*_):
        raise SaveError("the disk is full") from OSError()

    with project_of(tmp_path) as project:
        found = found_in(project, tmp_path / "masks", CASE)
        monkeypatch.setattr(mask_proposals, "save_proposal", full)
        with pytest.raises(SaveError):
            propose_masks(project, found)
