"""The choice of a model behind the panel, without a window."""

from __future__ import annotations

from pathlib import Path

import pytest
from automatic_fakes import AutomaticBench, FakeModels, bench_of, card
from panel_fakes import make_volume

from napari_medssl._napari.presenters.automatic.models import spacing_words
from napari_medssl.errors import WeightsError


def test_models_are_listed_and_the_first_is_shown_with_its_card():
    bench = bench_of()
    bench.view.show_models.assert_called_with([("ct-organs", "Organs in CT")], "ct-organs")
    shown, facts = bench.view.show_card.call_args.args
    assert shown.classes[0].name == "liver"
    facts = dict(facts)
    assert facts["For"] == "CT"
    assert facts["Voxels"] == "1 x 1 x 3 mm"
    assert facts["Network"] == "U-Net, 3-D"
    assert facts["Licence"] == "not known"


def test_no_model_is_said_and_nothing_can_be_run():
    bench = AutomaticBench(make_volume())
    bench.models.there = {}
    bench.start()
    bench.view.show_card.assert_called_with(None, [])
    assert bench.view.show_ready.call_args.kwargs["here"] is False
    bench.panel.run.run_here()
    assert "choose a model" in bench.problems[-1]


def test_what_does_not_suit_warns_before_it_runs_and_not_without_an_image():
    bench = bench_of(modality="MR")
    bench.view.show_misfits.assert_called_with(["It is MR, not CT."])
    assert bench.view.show_ready.call_args.kwargs == {
        "here": True,
        "unfit": True,
        "flips": False,
    }
    bench.canvas.volume = make_volume()
    bench.panel.image_changed()
    bench.work.answer_all()
    bench.view.show_misfits.assert_called_with([])
    assert bench.view.show_ready.call_args.kwargs["unfit"] is False


def test_what_is_only_worth_knowing_warns_too_but_is_no_reason_not_to_run():
    bench = bench_of(modality="OT")
    bench.view.show_misfits.assert_called_with(["Nobody knows what it is."])
    assert bench.view.show_ready.call_args.kwargs["unfit"] is False
    bench.run()
    assert "Nobody knows what it is." in bench.view.show_review.call_args.args[1]


def test_a_file_of_the_user_is_added_and_chosen():
    bench = bench_of()
    bench.panel.model.add(Path("somewhere") / "net.safetensors")
    bench.work.answer_all()
    assert bench.panel.model.name == "new"
    assert "was added" in bench.said[-1]


def test_an_encoder_alone_is_kept_and_said(monkeypatch):
    bench = bench_of()
    monkeypatch.setattr(FakeModels, "add", lambda self, path: "smit")
    bench.panel.model.add("smit.safetensors")
    bench.work.answer_all()
    assert "cannot segment by itself" in bench.problems[-1]


def test_a_bad_file_is_a_sentence(monkeypatch):
    bench = bench_of()

    def refuse(self, path):
        raise WeightsError("'net.pt' is damaged", do="Copy it again")

    monkeypatch.setattr(FakeModels, "add", refuse)
    bench.panel.model.add("net.pt")
    bench.work.answer_all()
    assert bench.problems == ["'net.pt' is damaged. Copy it again."]
    assert bench.panel.model.name == "ct-organs"


def test_a_model_is_loaded_once_until_another_is_wanted():
    bench = AutomaticBench(make_volume(), None, None, card(), card("other")).start()
    for _ in range(2):
        bench.run()
    bench.panel.model.choose("other")
    bench.run()
    assert bench.models.loads == [("ct-organs", "auto"), ("other", "auto")]


@pytest.mark.parametrize(
    ("given", "words"), [((5, 0.75, 0.5), "0.5 x 0.75 x 5 mm"), ((), "not known")]
)
def test_voxel_sizes_are_written_as_people_do(given, words):
    assert spacing_words(given) == words
