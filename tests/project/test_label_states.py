from __future__ import annotations

from pathlib import Path

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.io.label_table import Code, LabelInfo, unnamed_label
from napari_medssl.project import LabelState, create_project, open_project

LIVER = LabelInfo(7, "Leber, rechts \u4e2d", (1, 2, 255), Code("10200004", "SCT", "Liver"))


def test_the_label_table_is_kept_in_order(tmp_path: Path) -> None:
    states = (
        LabelState(unnamed_label(1), visible=False, locked=True),
        LabelState(LIVER, visible=True, locked=False),
        LabelState(unnamed_label(4_294_967_295)),
    )
    with create_project(tmp_path / "project") as project:
        assert project.labels() == ()
        project.set_labels([states[2], states[0], LIVER])
        assert project.labels() == states
        with pytest.raises(UsageError, match="the label 7 twice"):
            project.set_labels([LIVER, states[1]])
    with open_project(tmp_path / "project") as project:
        assert project.labels() == states
        project.set_labels([])
        assert project.labels() == ()
