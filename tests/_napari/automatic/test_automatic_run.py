"""Running a model behind the panel on the image in hand: stopped, and how long it takes."""

from __future__ import annotations

import numpy as np
import pytest
from automatic_fakes import AutomaticBench, bench_of, card
from panel_fakes import make_volume

from napari_medssl._napari.presenters.automatic.run import RunSettings, progress_words, time_left
from napari_medssl.errors import GeometryError
from napari_medssl.io import write_volume
from napari_medssl.project import create_project
from napari_medssl.project.proposals import read_proposal


@pytest.fixture
def project(tmp_path):
    """A project of one case."""
    folder = tmp_path / "scans"
    folder.mkdir()
    write_volume(make_volume(), folder / "scan.nii.gz")
    with create_project(tmp_path / "study") as made:
        made.add(folder)
        yield made


def test_a_run_shows_how_far_it_is_and_changes_no_voxel():
    bench = bench_of()
    bench.panel.run.run_here()
    assert bench.panel.run.running
    bench.view.show_running.assert_called_with("Getting ready", 0, 0)
    bench.runner.answer_all()
    assert bench.view.show_running.call_count >= 2
    assert not bench.panel.run.running
    assert bench.canvas.labels is None
    assert "accept what is right" in bench.said[-1]
    assert bench.models.loads == [("ct-organs", "auto")]


def test_settings_become_options_and_flips_only_where_the_card_allows():
    bench = bench_of()
    bench.panel.run.settings = RunSettings(0.25, True, True, 1.5, True, "cpu")
    bench.run()
    (asked,) = bench.models.segmenter.asked
    assert (asked.overlap, asked.flips, asked.keep_largest) == (0.25, False, "all")
    assert (asked.min_mm3, asked.uncertainty) == (1500, True)
    assert RunSettings(flips=True).plain(card(mirrored=True))["flips"] is True


def test_a_stop_leaves_everything_as_it_was():
    bench = bench_of()
    bench.models.segmenter.before_each = bench.panel.run.stop
    bench.run()
    assert bench.said[-1] == "Stopped. Nothing was changed."
    bench.view.show_review.assert_not_called()
    bench.models.segmenter.before_each = lambda: None
    bench.run()
    bench.view.show_review.assert_called()


def test_a_failure_is_a_sentence_and_the_panel_goes_on():
    bench = bench_of()

    def too_small():
        raise GeometryError("an image of 2 slices", expected="8 or more")

    bench.models.segmenter.before_each = too_small
    bench.run()
    assert bench.problems[-1] == "an image of 2 slices; expected 8 or more."
    assert bench.view.show_ready.call_args.kwargs["here"] is True


def test_one_run_at_a_time():
    bench = bench_of()
    bench.panel.run.run_here()
    bench.panel.run.run_here()
    assert len(bench.runner.jobs) == 1


def test_closing_the_panel_stops_the_run():
    bench = bench_of()
    bench.panel.run.run_here()
    bench.panel.close()
    bench.runner.answer_all()
    assert len(bench.models.segmenter.asked) == 0


def test_a_result_for_an_image_that_was_left_waits_for_it():
    bench = bench_of()
    first, other = bench.canvas.volume, make_volume()
    bench.panel.run.run_here()
    bench.canvas.volume = other
    bench.panel.image_changed()
    bench.work.answer_all()
    bench.runner.answer_all()
    assert "waits for its image" in bench.said[-1]
    bench.view.show_review.assert_not_called()
    bench.canvas.volume = first
    bench.panel.image_changed()
    bench.view.show_review.assert_called()


def test_a_run_on_the_case_in_hand_is_kept_with_it(project):
    volume = project.read_image("case-001")
    bench = AutomaticBench(volume, "case-001", project).start()
    bench.run()
    kept = read_proposal(project, "case-001")
    assert np.array_equal(kept.labels, bench.canvas.proposal[0])
    bench.canvas.volume = None
    bench.panel.run.run_here()
    assert "Open an image" in bench.problems[-1]


def test_progress_in_words():
    assert progress_words(0, 0, 0) == "Getting ready"
    assert progress_words(1, 4, 250) == "Part 1 of 4. About 12 min left."
    assert progress_words(4, 4, 250) == "Part 4 of 4"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "About 1 s left."), (59, "About 59 s left."), (61, "About 1 min left.")],
)
def test_time_left_in_words(seconds, words):
    assert time_left(seconds) == words
    assert time_left(7200) == "About 2.0 h left."
