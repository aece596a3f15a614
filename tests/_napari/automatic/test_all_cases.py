"""Running a model on all cases behind the panel: a job, started, found, followed, stopped."""

from __future__ import annotations

import pytest
from automatic_fakes import AutomaticBench, FakeModels, card
from panel_fakes import make_volume

from napari_medssl._napari.presenters.automatic.run import RunSettings
from napari_medssl.errors import MedSSLError
from napari_medssl.io import write_volume
from napari_medssl.jobs import JobStore, new_spec
from napari_medssl.project import create_project, open_project
from napari_medssl.project.proposals import save_proposal
from napari_medssl.project.proposer import ModelProposer
from napari_medssl.project.proposing import ProposeReport
from napari_medssl.project.segment_task import KIND, SegmentTask, write_report

RUNNING = "Case 2 of 2, part 1 of 4. About 30 s left."


@pytest.fixture
def project(tmp_path):
    """A project of three cases, the second of them done."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(3):
        write_volume(make_volume((6, 20, 30 + number)), folder / f"scan{number}.nii.gz")
    with create_project(tmp_path / "study") as made:
        made.add(folder)
        made.set_status("case-002", "done")
        yield made


@pytest.fixture
def bench(project):
    return AutomaticBench(None, None, project).start()


def run(bench, **rest):
    """Start the job; return it."""
    bench.panel.all_cases.run(**rest)
    bench.work.answer_all()
    return bench.engine.jobs[-1]


def finish_case(bench, project, case="case-001") -> None:
    """Bring a case's proposal, as the job's process would."""
    models = FakeModels()
    proposer = ModelProposer(models.segmenter, card(), models.options({}), models.fitness)
    save_proposal(project, case, proposer.propose(project.read_image(case)))
    bench.engine.tell("metric", step=1, case=case, seconds_a_case=2.0)


def end(bench, state="done", report=None, **rest) -> None:
    write_report(report or ProposeReport(("case-001", "case-003")), bench.engine.jobs[-1].artifacts)
    bench.engine.tell("state", state=state, **rest)
    bench.look()


def test_the_job_is_told_all_that_it_needs(bench, project):
    bench.view.show_cases.assert_called_with(2, busy=False)
    bench.panel.run.settings = RunSettings(overlap=0.25, keep_largest=True, device="cuda:1")
    job = run(bench, anyway=True)
    task = SegmentTask.of(job.spec.arguments)
    assert task.project == str(project.folder.resolve())
    assert (task.model, task.weights_sha256) == ("ct-organs", "c0ffee")
    assert (task.cases, task.anyway, task.again) == (("case-001", "case-003"), True, False)
    assert (task.options["overlap"], task.options["keep_largest"]) == (0.25, "all")
    assert (job.spec.device, job.spec.title) == ("cuda:1", "'Organs in CT' on 2 cases")
    assert "even when napari is closed" in bench.said[-1]


def test_it_is_followed_while_it_runs_and_no_second_one_is_started(bench):
    run(bench)
    bench.view.show_cases.assert_called_with(2, busy=True)
    doing = "Case 2 of 2, part 1 of 4"
    bench.engine.tell("progress", done=1.25, total=2, doing=doing, seconds_left=30)
    bench.look()
    bench.view.show_job.assert_called_with(RUNNING, 625, 1000, may_stop=True)
    bench.panel.all_cases.run()
    assert not bench.work.jobs
    assert len(bench.engine.jobs) == 1


def test_starting_takes_a_moment_in_which_it_is_not_started_twice(bench):
    bench.panel.all_cases.run()
    bench.view.show_job.assert_called_with("Starting", 0, 0, may_stop=False)
    bench.panel.all_cases.run()
    assert len(bench.work.jobs) == 1


def test_its_end_is_told_with_what_was_left_out_and_why(bench):
    run(bench)
    end(bench, report=ProposeReport(("case-001",), (), {"case-003": "It is too wide."}))
    bench.view.show_no_job.assert_called()
    bench.view.show_cases.assert_called_with(2, busy=False)
    words, left_out = bench.view.show_report.call_args.args
    assert words == bench.said[-1] == "1 case got a proposal, 1 left out."
    assert left_out == ["scan2: It is too wide."]


def test_stop_asks_and_waits_for_the_part_in_hand(bench):
    job = run(bench)
    bench.look()
    bench.panel.all_cases.stop()
    bench.view.show_job.assert_called_with("Stops after the part in hand", 0, 1000, may_stop=False)
    bench.work.answer_all()
    assert job.stop_asked
    end(bench, "cancelled", ProposeReport(("case-001",), stopped=True))
    assert bench.said[-1] == "1 case got a proposal. Stopped: run again to go on."


def test_a_stopped_job_that_is_resumed_can_be_stopped_again(bench):
    run(bench)
    bench.look()
    bench.panel.all_cases.stop()
    bench.work.answer_all()
    end(bench, "cancelled", ProposeReport(("case-001",), stopped=True))
    bench.engine.tell("state", state="running")
    bench.look()
    assert bench.view.show_job.call_args.kwargs == {"may_stop": True}


def test_closing_the_panel_leaves_the_job_and_a_new_one_finds_it(bench, project):
    job = run(bench)
    bench.panel.close()
    assert not job.stop_asked
    again = AutomaticBench(None, None, project, store=bench.store, engine=bench.engine).start()
    again.look()
    again.view.show_cases.assert_called_with(2, busy=True)
    again.engine.tell("progress", done=1.25, total=2, doing=RUNNING[:24], seconds_left=30)
    again.look()
    again.view.show_job.assert_called_with(RUNNING, 625, 1000, may_stop=True)
    end(again)
    assert again.said[-1] == "2 cases got a proposal."
    assert "2 cases got a proposal." not in bench.said, "it is closed"


def test_a_proposal_is_offered_as_soon_as_its_case_is_finished(project):
    volume = project.read_image("case-001")
    bench = AutomaticBench(volume, "case-001", project).start()
    run(bench)
    finish_case(bench, project, "case-003")
    bench.look()
    bench.view.show_offer.assert_called_with("")
    finish_case(bench, project)
    bench.look()
    bench.view.show_offer.assert_called_with("'Organs in CT' has a proposal for this case.")
    bench.panel.review.offers.open()
    bench.work.answer_all()
    assert set(bench.rows) == {"liver", "spleen"}


def test_what_came_while_napari_was_closed_is_offered(bench, project):
    run(bench)
    bench.panel.close()
    finish_case(bench, project)
    again = AutomaticBench(project.read_image("case-001"), "case-001", project).start()
    again.view.show_offer.assert_called_with("'Organs in CT' has a proposal for this case.")


def test_other_cases_that_have_one_are_named_as_they_come_and_on_opening(bench, project):
    run(bench)
    bench.look()
    bench.view.show_others.assert_called_with("")
    finish_case(bench, project, "case-003")
    bench.look()
    bench.view.show_others.assert_called_with("Proposals wait for 1 other case: scan2.")
    again = AutomaticBench(project.read_image("case-003"), "case-003", project).start()
    again.view.show_others.assert_called_with("")
    finish_case(bench, project)
    again.panel.image_changed()
    again.look()
    again.view.show_others.assert_called_with("Proposals wait for 1 other case: scan0.")
    again.project = None
    again.look()
    again.view.show_others.assert_called_with("")


def test_a_job_that_was_over_before_it_was_seen_is_told(project):
    bench = AutomaticBench(project.read_image("case-001"), "case-001", project).start()
    bench.panel.all_cases.run()
    bench.work.answer()
    finish_case(bench, project)
    end(bench)
    assert bench.said[-1] == "2 cases got a proposal."
    bench.view.show_offer.assert_called_with("'Organs in CT' has a proposal for this case.")


@pytest.mark.parametrize(("state", "words"), [("failed", "No."), ("interrupted", "Run again")])
def test_a_bad_end_is_a_sentence(bench, state, words):
    run(bench)
    end(bench, state, message="No.")
    assert words in bench.problems[-1]
    bench.view.show_report.assert_not_called()
    bench.view.show_cases.assert_called_with(2, busy=False)


def test_a_job_that_does_not_start_is_a_sentence(bench):
    bench.engine.refuses = MedSSLError("the job did not start")
    bench.panel.all_cases.run()
    bench.work.answer_all()
    assert bench.problems[-1] == "the job did not start."
    bench.view.show_no_job.assert_called()
    bench.view.show_cases.assert_called_with(2, busy=False)


def test_jobs_of_other_projects_and_kinds_are_not_ours(bench, project, tmp_path):
    other = {"project": str(tmp_path / "other")}
    mine = {"project": str(project.folder.resolve())}
    for kind, arguments in ((KIND, other), ("nnunet", mine)):
        bench.engine.submit(bench.store.create(new_spec(kind, arguments)))
    bench.look()
    bench.view.show_cases.assert_called_with(2, busy=False)
    bench.view.show_job.assert_not_called()


def test_a_read_only_project_and_none_refuse_with_a_sentence(project, tmp_path):
    store = JobStore(tmp_path / "jobs")
    with open_project(project.folder) as second:
        bench = AutomaticBench(None, None, second, store=store).start()
        bench.view.show_cases.assert_called_with(0, busy=False)
        bench.panel.all_cases.run()
        assert "open in another window" in bench.problems[-1]
    none = AutomaticBench(store=store).start()
    none.panel.all_cases.run()
    assert "Open a project" in none.problems[-1]
    assert not store.jobs()
