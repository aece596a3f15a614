"""What waits on the disk for the case in hand and for others, while more may come."""

from __future__ import annotations

import pytest
from automatic_fakes import AutomaticBench, card
from panel_fakes import make_volume

from napari_medssl._napari.presenters.project.offers import others_words
from napari_medssl.io import write_volume
from napari_medssl.project import create_project
from napari_medssl.project.proposals import read_proposal, save_proposal
from napari_medssl.project.proposer import ModelProposer


@pytest.fixture
def project(tmp_path):
    """A project of one case."""
    scan = write_volume(make_volume(), tmp_path / "scan.nii.gz")
    with create_project(tmp_path / "study") as made:
        made.add(scan)
        yield made


def bring(bench, project, volume, sha256="f00d") -> None:
    """Bring a proposal of another model, as a job would."""
    models = bench.models
    made = ModelProposer(models.segmenter, card(sha256=sha256), models.options({}), models.fitness)
    save_proposal(project, "case-001", made.propose(volume))


def test_others_in_words():
    assert others_words(["a", "b"]) == "Proposals wait for 2 other cases: a, b."
    assert others_words("abcde") == "Proposals wait for 5 other cases: a, b, c and 2 more."


def test_a_newer_proposal_is_not_thrown_away_with_the_one_that_was_looked_at(project):
    volume = project.read_image("case-001")
    bench = AutomaticBench(volume, "case-001", project).start()
    bench.run()
    shown = bench.panel.review._shown
    bring(bench, project, volume)
    assert shown.weights_sha256 == "c0ffee"
    bench.panel.review.discard()
    bench.work.answer_all()
    bench.panel.review.offers.open()
    bench.work.answer_all()
    assert bench.panel.review._shown.weights_sha256 == "f00d"


def test_accepting_what_was_looked_at_leaves_a_newer_one_whole(project):
    volume = project.read_image("case-001")
    bench = AutomaticBench(volume, "case-001", project).start()
    bench.run()
    bring(bench, project, volume)
    bench.panel.review.accept([1])
    bench.work.answer_all()
    kept = read_proposal(project, "case-001")
    assert kept.weights_sha256 == "f00d"
    assert len(kept.classes) == 2
    assert (bench.canvas.labels == 1).any()
