"""The Learn panel behind its view: from a button to a model in use, its cases and the next one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from job_fakes import make_job, measure, tell
from learn_fakes import LearnBench, finish, learned, study

from napari_medssl._napari.presenters.learn.look import LearnWishes
from napari_medssl.finetune.volumes.plan import WEIGHTS
from napari_medssl.io.label_table import unnamed_label
from napari_medssl.project import open_project
from napari_medssl.project.learn_task import KIND, LEARNED
from napari_medssl.project.ledger import roles
from napari_medssl.project.versions import current, versions


@pytest.fixture(scope="module")
def four_done(tmp_path_factory):
    """A project of which four of six cases are done, closed, with its images beside it."""
    return study(tmp_path_factory.mktemp("made")).parent


@pytest.fixture
def project(tmp_path, four_done):
    shutil.copytree(four_done, tmp_path / "made")
    with open_project(tmp_path / "made" / "study") as opened:
        yield opened


@pytest.fixture
def bench(project, tmp_path):
    return LearnBench(project, tmp_path).look()


def test_it_says_what_it_would_learn_from_and_writes_nothing(bench, project):
    button = bench.last("show_ready")
    assert button.args == ("Learn from my corrections (4 new cases)",)
    assert button.kwargs == {"may": True, "why_not": "", "learns": False}
    sides, warning, start = bench.last("show_plan").args
    learns, judges, crossed = sides.splitlines()
    assert learns == "Learns from 3 cases of as many patients."
    assert judges == "Judged by 1 case that it never learns from."
    assert crossed.startswith("As so few judge, those learned from judge in turn")
    assert warning == ""
    assert start.startswith("It begins with random weights")
    assert roles(project) == {}, "to look decides nothing"


def test_what_was_said_is_what_is_learned(bench, project):
    sides = bench.last("show_plan").args[0]
    bench.panel.learn.begin()
    bench.acting.answer_all()
    [job] = bench.engine.submitted
    assert job.spec.kind == KIND
    assert job.spec.device == "cpu"
    assert f"Learns from {len(job.spec.arguments['training'])} cases" in sides
    assert job.spec.arguments["minutes"] == 10
    assert len(roles(project)) == 4
    assert "even when napari is closed" in bench.said


def test_only_one_learns_at_a_time(bench):
    for _ in range(2):
        bench.panel.learn.begin()
    bench.acting.answer_all()
    bench.look()
    bench.panel.learn.begin()
    bench.acting.answer_all()
    assert len(bench.engine.submitted) == 1
    assert bench.last("show_ready").kwargs["may"] is False


def test_wishes_reach_the_job(bench):
    bench.panel.choose(LearnWishes(start="scratch", steps=40, seed=7, threads=1))
    bench.panel.learn.begin()
    bench.acting.answer_all()
    [job] = bench.engine.submitted
    assert job.spec.seed == 7
    given = job.spec.arguments
    assert (given["steps"], given["minutes"], given["threads"]) == (40, None, 1)
    assert given["start_words"] == "It begins with random weights, as asked."
    assert given["cross_validate"] is True


def test_too_short_a_time_is_advised_against_on_a_processor(bench):
    assert "five minutes or more" not in bench.last("show_plan").args[1]
    bench.panel.choose(LearnWishes(minutes=1))
    assert "five minutes or more" in bench.last("show_plan").args[1]
    bench.panel.choose(LearnWishes(minutes=1, steps=500))
    assert "five minutes or more" not in bench.last("show_plan").args[1]


def test_a_label_that_nobody_drew_is_told(bench, project):
    project.set_labels([*project.labels(), unnamed_label(9)])
    bench.panel.learn.look_again()
    bench.look()
    assert "so not learned: 'Label 9'." in bench.last("show_plan").args[1]


def test_slices_without_the_ends_are_told(bench, project):
    for case in project.cases():
        if case.status == "done":
            project.set_status(case.id, "in work")
            project.mark_done(case.id, 0, 2, True)
    bench.panel.learn.look_again()
    bench.look()
    assert "Of 3 cases no slice beyond the ends" in bench.last("show_plan").args[1]


def test_cross_validation_can_be_left_out(bench):
    bench.panel.choose(LearnWishes(cross_validate=False))
    assert "cross-validation" not in bench.last("show_plan").args[0]
    bench.panel.learn.begin()
    bench.acting.answer_all()
    assert bench.engine.submitted[0].spec.arguments["cross_validate"] is False


def test_ways_to_teach_are_offered_that_suit_what_it_begins_with(bench):
    assert bench.last("show_protocols").args == ((("ours", "The whole network learns"),),)
    bench.learn()
    bench.panel.models.decide("use")
    bench.acting.answer_all()
    bench.look()
    names = [name for name, _ in bench.last("show_protocols").args[0]]
    assert names == ["ours", "decoder"]
    bench.panel.choose(LearnWishes(protocol="decoder"))
    bench.panel.learn.begin()
    bench.acting.answer_all()
    assert bench.engine.submitted[-1].spec.arguments["protocol"] == "decoder"


def test_a_way_to_teach_that_does_not_suit_begins_nothing(bench):
    bench.panel.choose(LearnWishes(start="scratch", protocol="decoder"))
    bench.panel.learn.begin()
    bench.acting.answer_all()
    assert not bench.engine.submitted
    assert "'decoder' from scratch" in bench.said


def test_nothing_done_is_said(tmp_path):
    with open_project(study(tmp_path, done=0)) as project:
        bench = LearnBench(project, tmp_path).look()
        assert "Nothing is done yet" in bench.last("show_ready").kwargs["why_not"]
        bench.project = None
        bench.look()
        assert "Open a project" in bench.last("show_ready").kwargs["why_not"]


def test_of_two_patients_there_is_no_verdict_and_that_is_said(tmp_path):
    with open_project(study(tmp_path, done=2)) as project:
        bench = LearnBench(project, tmp_path).look()
        assert "what is measured is chance as well as not" in bench.last("show_plan").args[1]
        bench.panel.choose(LearnWishes(cross_validate=False))
        assert "Only 2 patients are done, so nobody can judge" in bench.last("show_plan").args[1]
        assert bench.last("show_ready").kwargs["may"] is True


def test_a_project_to_look_at_does_not_learn(tmp_path):
    with open_project(study(tmp_path), read_only=True) as project:
        bench = LearnBench(project, tmp_path).look()
        told = bench.last("show_ready").kwargs
        assert told["may"] is False
        assert told["why_not"] == project.why_read_only


def test_a_model_that_is_not_there_to_begin_with_is_said(bench):
    bench.panel.choose(LearnWishes(start="gone"))
    bench.look()
    told = bench.last("show_ready").kwargs
    assert told["may"] is False
    assert "the trained model 'gone'" in told["why_not"]


def test_its_progress_is_shown_and_it_can_be_stopped(bench):
    bench.panel.learn.begin()
    bench.acting.answer_all()
    [job] = bench.engine.submitted
    tell(job, state="running")
    tell(job, done=1, total=4, doing="Learning", seconds_left=90)
    measure(job, 1, loss=0.5)
    measure(job, 2, loss=0.4)
    bench.look()
    facts = bench.last("show_run").args[0]
    assert (facts.sentence, facts.far) == ("Learning. About 2 min left.", 250)
    [curve] = bench.last("show_story").args[0].curves[""]
    assert list(curve.values) == [0.5, 0.4]
    bench.panel.run.stop()
    bench.look()
    assert job.stop_asked
    assert bench.last("show_run").args[0].stopping
    bench.panel.run.stop()
    bench.look()
    assert bench.engine.stopped == [job]


def test_what_was_stopped_can_go_on_or_be_judged(bench):
    bench.panel.learn.begin()
    bench.acting.answer_all()
    [job] = bench.engine.submitted
    learned(job)  # its weights are there
    (job.artifacts / "gate.json").unlink()
    tell(job, state="cancelled")
    bench.look()
    told = bench.last("show_run")
    assert told.args[0].may_resume
    assert told.kwargs == {"may_judge": True}
    bench.panel.run.judge()
    bench.acting.answer_all()
    assert (job.artifacts / LEARNED).is_file()
    assert bench.engine.submitted == [job, job]


def test_without_weights_nothing_can_be_judged(bench, project):
    bench.panel.learn.begin()
    bench.acting.answer_all()
    tell(bench.engine.submitted[0], state="cancelled")
    bench.look()
    assert bench.last("show_run").kwargs == {"may_judge": False}
    bench.panel.run.go_on()
    bench.acting.answer_all()
    assert len(bench.engine.submitted) == 2
    assert not (bench.engine.submitted[0].artifacts / WEIGHTS).exists()


def test_what_was_learned_waits_with_its_figures(bench, project):
    sha256 = bench.learn()
    [version] = versions(project)
    assert (version.sha256, version.state) == (sha256, "candidate")
    assert current(project) is None, "nothing is replaced without the user's word"
    assert bench.told == [("It learned: better than before. Decide in Learn.", False)]
    assert bench.gate.is_proposed
    assert bench.gate.difference == (0.25, 0.1, 0.4, 1)
    [line] = bench.gate.lines
    assert (line.dice.old, line.dice.new, line.dice.better) == ("0.500", "0.750", "new")
    assert line.hd95_mm.better == "new"
    assert (line.off_ml.new, line.off_ml.better) == ("-", "")
    assert bench.last("show_run").args == (None,)
    assert bench.last("show_ready").args == ("Learn from my corrections",)


def test_it_is_taken_in_once_also_after_napari_was_closed(bench, project, tmp_path):
    bench.panel.learn.begin()
    bench.acting.answer_all()
    bench.panel.close()
    learned(bench.engine.submitted[0])
    for n in range(2):
        again = LearnBench(project, tmp_path).look()
        assert len(versions(project)) == 1
        assert len(again.told) == (n == 0)


def test_it_comes_into_use_by_the_users_word_and_can_be_taken_back(bench, project):
    first = bench.learn(b"first")
    bench.panel.models.decide("use")
    bench.look()
    assert bench.states == ["current"]
    assert bench.last("show_apply").kwargs["there"] is True
    second = bench.learn(b"second", "not better")
    assert not bench.gate.is_proposed
    bench.panel.models.decide("use")
    bench.look()
    assert "not found to be better" in bench.said
    assert bench.states == ["candidate", "current"]
    bench.panel.models.decide("use anyway")
    bench.look()
    assert bench.states == ["current", "former"]
    bench.panel.models.choose(first)
    assert bench.gate.state == "former"
    bench.panel.models.decide("go back")
    bench.look()
    assert bench.states == ["former", "current"]
    assert current(project).sha256 == first != second


@pytest.mark.parametrize(("decision", "state"), [("reject", "rejected"), ("keep", "kept")])
def test_it_can_be_decided_against(bench, decision, state):
    bench.learn()
    bench.panel.models.decide(decision)
    bench.look()
    assert bench.states == [state]
    assert bench.gate.state == state


def test_a_judged_case_is_opened_with_both_outlines(bench):
    bench.learn()
    [case] = bench.gate.cases
    bench.panel.models.compare(case.id)
    bench.acting.answer_all()
    shown, comparison = bench.canvas.show.call_args.args
    assert shown == case.id
    assert bench.opened == [case.id]
    assert set(np.unique(comparison.codes[0])) == {0, 1, 2, 3}
    assert comparison.worst[0] == 4, "where only one of them has a mask"
    assert bench.last("show_comparing").args == (case.id,)
    bench.panel.models.hide()
    assert bench.last("show_comparing").args == ("",)


def test_masks_that_went_with_their_job_are_said_to_be_gone(bench):
    bench.learn()
    bench.store.remove(bench.engine.submitted[0])
    bench.look()
    bench.panel.models.compare(bench.gate.cases[0].id)
    bench.acting.answer_all()
    assert "not there any more" in bench.said
    assert not bench.opened


def test_a_job_that_failed_is_told(bench):
    bench.panel.learn.begin()
    bench.acting.answer_all()
    [job] = bench.engine.submitted
    tell(job, state="running")
    bench.look()
    tell(job, state="failed", message="The disk is full.")
    bench.look()
    assert bench.told == [("Learning from 3 cases: The disk is full.", True)]
    assert bench.last("show_run").args[0].message == "The disk is full."
    assert bench.last("show_ready").kwargs["may"] is True


def test_another_projects_job_is_none_of_ours(bench):
    make_job(bench.store, KIND, {"project": "/elsewhere"}, title="Learning")
    bench.look()
    assert bench.last("show_ready").kwargs["may"] is True
    assert bench.last("show_run").args == (None,)


def test_the_model_in_use_is_run_on_the_rest(bench):
    bench.learn()
    bench.panel.models.decide("use")
    bench.look()
    assert bench.last("show_apply").args == ("Run it on the 2 cases not done",)
    bench.panel.apply.apply()
    bench.acting.answer_all()
    job = bench.engine.submitted[-1]
    assert job.spec.kind == "segment-project"
    assert job.spec.arguments["cases"] == ["case-005", "case-006"]
    tell(job, state="running")
    tell(job, done=1, total=2, doing="Case 1 of 2")
    bench.look()
    assert bench.last("show_applying").args == ("Case 1 of 2.", 500, 1000)
    assert bench.last("show_apply").kwargs["may"] is False
    bench.panel.apply.stop()
    bench.look()
    assert job.stop_asked
    assert bench.last("show_applying").kwargs == {"may_stop": False}
    tell(job, state="cancelled")
    bench.look()
    assert "Stopped: run again to go on." in bench.said


def test_the_next_case_is_the_first_of_the_list(bench, project):
    bench.learn()
    bench.panel.models.decide("use")
    bench.look()
    rows = bench.last("show_queue").args[0]
    assert [(row.case, row.name, row.reason) for row in rows] == [
        ("case-005", "pat4", "not looked at yet"),
        ("case-006", "pat5", "not looked at yet"),
    ]
    bench.panel.queue.open_next()
    bench.panel.queue.open("case-006")
    assert bench.opened == ["case-005", "case-006"]
    bench.panel.queue.choose_order("random")
    bench.look()
    finish(project, "case-005")
    bench.look()
    assert [row.case for row in bench.last("show_queue").args[0]] == ["case-006"]
    assert bench.last("show_ready").args == ("Learn from my corrections (1 new case)",)


@pytest.mark.slow
def test_planning_brings_no_torch_into_the_window(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path;"
        "from learn_fakes import LearnBench, study;"
        "from napari_medssl.project import open_project;"
        "project = open_project(study(Path(sys.argv[1])));"
        "bench = LearnBench(project, Path(sys.argv[1])).look(); bench.learn();"
        "assert bench.gate.is_proposed; print('torch' in sys.modules, 'qtpy' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parents[1])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
