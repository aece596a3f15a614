"""Models of a project: they come, are decided on, and stay."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest
from case_studies import CASE, project_of

from napari_medssl.errors import MedSSLError, ReadOnlyError, UsageError
from napari_medssl.project import Project, open_project
from napari_medssl.project.ledger import may_judge
from napari_medssl.project.versions import (
    ModelVersion,
    accept,
    add_candidate,
    current,
    find_version,
    keep,
    reject,
    roll_back,
    taught_cases,
    versions,
)

BETTER = {"verdict": {"kind": "better", "words": "Better."}}
NO_BETTER = {"verdict": {"kind": "not better", "words": "Not better."}}


@dataclass(frozen=True)
class Card:
    sha256: str
    parent: str = ""
    title: str = "Liver"
    trained_on: tuple[str, ...] = ()
    source: str = "project elsewhere"


def candidate(
    project: Project, folder: Path, content: bytes, parent: str = "", figures=BETTER, taught=None
) -> ModelVersion:
    weights = folder / "model.safetensors"
    weights.write_bytes(content)
    weights.with_suffix(".json").write_text("{}")
    card = Card(hashlib.sha256(content).hexdigest(), parent)
    in_use = current(project)
    figures = {"old_sha256": in_use.sha256 if in_use else "", **figures}
    return add_candidate(project, weights, card, taught or {CASE: "mark"}, figures)


def states(project: Project) -> list[str]:
    return [one.state for one in versions(project)]


def test_a_model_is_copied_accepted_replaced_and_taken_back(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        assert current(project) is None
        first = candidate(project, tmp_path, b"first")
        assert first.path.read_bytes() == b"first"
        assert first.path.name == f"{first.short}.safetensors"
        assert first.path.with_suffix(".json").is_file()
        assert candidate(project, tmp_path, b"first") == first, "twice is once"
        assert accept(project, first).state == "current"
        second = accept(project, candidate(project, tmp_path, b"second", first.sha256))
        assert states(project) == ["former", "current"]
        third = candidate(project, tmp_path, b"third", second.sha256)
        assert reject(project, third).state == "rejected"
        assert keep(project, find_version(project, third.short)).state == "kept"
        roll_back(project, find_version(project, first.short))
        assert states(project) == ["current", "former", "kept"]
        assert taught_cases(project, first) == {1}
    with open_project(tmp_path / "project", read_only=True) as project:
        assert getattr(current(project), "sha256", "") == first.sha256
        with pytest.raises(ReadOnlyError):
            candidate(project, tmp_path, b"fourth")
        with pytest.raises(ReadOnlyError):
            reject(project, find_version(project, third.short))


def test_what_is_not_better_is_accepted_only_on_purpose(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        worse = candidate(project, tmp_path, b"worse", figures=NO_BETTER)
        with pytest.raises(UsageError, match="not found to be better"):
            accept(project, worse)
        assert states(project) == ["candidate"]
        assert accept(project, worse, anyway=True).state == "current"


def test_what_was_better_than_a_model_before_is_no_better_than_the_one_in_use(tmp_path) -> None:
    with project_of(tmp_path) as project:
        one, other = (candidate(project, tmp_path, content) for content in (b"one", b"other"))
        accept(project, one)
        with pytest.raises(UsageError, match="compared with another one"):
            accept(project, other)
        assert accept(project, other, anyway=True).state == "current"


def test_decisions_that_cannot_be_made_are_told(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        one = accept(project, candidate(project, tmp_path, b"one"))
        for decide in (accept, reject, keep, roll_back):
            with pytest.raises(UsageError, match="which is current"):
                decide(project, one)
        with pytest.raises(UsageError, match="no model 'ffff'"):
            find_version(project, "ffff")
        with pytest.raises(UsageError, match="no model ''"):
            find_version(project, "")


def test_a_file_that_is_not_its_cards_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        weights = tmp_path / "model.safetensors"
        weights.write_bytes(b"altered")
        weights.with_suffix(".json").write_text("{}")
        for path in (weights, tmp_path / "nowhere.safetensors"):
            with pytest.raises(MedSSLError, match=r"read back|missing"):
                add_candidate(project, path, Card("0" * 64), {}, BETTER)
        assert versions(project) == ()
        assert list((project.folder / "models").iterdir()) == []


def test_who_trained_an_ancestor_may_not_judge_even_after_a_purge(tmp_path: Path) -> None:
    with project_of(tmp_path, images=2) as project:
        first = candidate(project, tmp_path, b"first", taught={CASE: "a"})
        second = candidate(project, tmp_path, b"second", first.sha256, taught={"case-002": "b"})
        third = Card("not taken in yet", second.sha256)
        marks = {CASE: "a", "case-002": "b", "case-003": "a", "case-004": "c"}
        judges = {case: may_judge(project, third, case, marks) for case in marks}
        assert judges == {CASE: False, "case-002": False, "case-003": False, "case-004": True}
        assert may_judge(project, Card(first.sha256), "case-002", marks), "a parent, not a child"
        project.purge(CASE)
        assert not may_judge(project, third, "case-003", marks)


def test_one_model_at_most_is_in_use(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        for content in (b"one", b"two"):
            candidate(project, tmp_path, content)
        project.close()
        file = tmp_path / "project" / "project.sqlite"
        with pytest.raises(sqlite3.IntegrityError):
            sqlite3.connect(file).execute("UPDATE model SET state = 'current'")
