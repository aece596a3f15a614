"""Who learns and who judges."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from case_studies import CASE, project_of

from napari_medssl.errors import ReadOnlyError
from napari_medssl.project import open_project
from napari_medssl.project.ledger import (
    assign_roles,
    may_judge,
    origin_of,
    patient_marks,
    roles,
)


@dataclass(frozen=True)
class Card:
    sha256: str = "new"
    parent: str = ""
    trained_on: tuple[str, ...] = ()
    source: str = ""


def counts(project) -> Counter[str]:
    return Counter(roles(project).values())


@pytest.mark.parametrize(
    ("patients", "expected"),
    [
        (1, {"training": 1}),
        (2, {"training": 2}),
        (3, {"training": 2, "test": 1}),
        (6, {"training": 4, "test": 2}),
        (9, {"training": 6, "test": 3}),
        (10, {"training": 6, "validation": 1, "test": 3}),
        (40, {"training": 24, "validation": 4, "test": 12}),
    ],
)
def test_roles_come_in_the_parts_that_are_meant(tmp_path: Path, patients, expected) -> None:
    with project_of(tmp_path) as project:
        given = assign_roles(project, [f"p{n}" for n in range(patients)])
        assert Counter(given.values()) == expected
        assert roles(project) == given


def test_one_after_the_other_comes_to_the_same_parts_and_nobody_changes(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        before: dict[str, str] = {}
        for n in range(30):
            now = assign_roles(project, [f"p{n}"])
            assert before.items() <= now.items()
            before = dict(now)
        parts = Counter(before.values())
        assert parts["test"] in (8, 9, 10)
        assert parts["validation"] in (2, 3, 4)
        assert assign_roles(project, ["p7", "p8"]) == before
    with open_project(tmp_path / "project", read_only=True) as project:
        assert roles(project) == before
        with pytest.raises(ReadOnlyError):
            assign_roles(project, ["p31"])


def test_marks_do_not_tell_who_it_is_and_differ_between_projects(tmp_path: Path) -> None:
    patients = {CASE: "name Meier", "case-002": "name Meier", "case-003": "name Huber"}
    with project_of(tmp_path / "a") as one, project_of(tmp_path / "b") as other:
        marks = patient_marks(one, patients)
        assert marks[CASE] == marks["case-002"] != marks["case-003"]
        assert not any("Meier" in mark for mark in marks.values())
        assert marks != patient_marks(other, patients)
        assert origin_of(one) != origin_of(other)


def test_purging_a_case_keeps_the_role_of_its_patient(tmp_path: Path) -> None:
    with project_of(tmp_path, images=2) as project:
        marks = patient_marks(project, {CASE: "a", "case-002": "b"})
        given = assign_roles(project, marks.values())
        project.purge("case-002")
        assert roles(project) == given


def test_nobody_judges_what_learned_from_him_whatever_the_roles_say(tmp_path: Path) -> None:
    marks = {CASE: "a", "case-002": "a", "case-003": "b"}
    with project_of(tmp_path) as project:
        own = Card(trained_on=(CASE,), source=origin_of(project))
        assert not may_judge(project, own, CASE, marks)
        assert not may_judge(project, own, "case-002", marks), "another case of the same patient"
        assert may_judge(project, own, "case-003", marks)
        unknown = Card(trained_on=(CASE,), source="somebody")
        assert not may_judge(project, unknown, CASE, marks), "where it learned is not known"
        other = Card(trained_on=(CASE,), source="project 0123")
        assert may_judge(project, other, CASE, marks)
        public = Card(trained_on=("1,000 scans of the abdomen",))
        assert may_judge(project, public, CASE, marks)
