"""nnU-Net from end to end on a tiny training set, in this process: importing it takes longest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from nnunet_cases import make_cases
from typer.testing import CliRunner, Result

from napari_medssl.cli import app
from napari_medssl.cli.nnunet_job import run_nnunet_job
from napari_medssl.cli.nnunet_plan import run_plan_job
from napari_medssl.cli.nnunet_source import arguments_of, open_source
from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.finetune.nnunet.planning import find_plan
from napari_medssl.finetune.nnunet.request import (
    PLAN_FILE,
    PLAN_KIND,
    PLAN_TITLE,
    plan_arguments,
    read_planned,
)
from napari_medssl.jobs import Job, JobStore, Report, new_spec
from napari_medssl.jobs.events import EVENTS, EventLog
from napari_medssl.project import create_project, open_project
from napari_medssl.project.proposals import pending

pytest.importorskip("nnunetv2")
pytestmark = pytest.mark.slow

#: a run that is whole, and what each of its two parts told
Trained = tuple[Job, list[list[dict[str, Any]]]]
SETTINGS: dict[str, Any] = {
    "configurations": [],
    "folds": [0],
    "epochs": 2,
    "iterations": 1,
    "memory_gb": 8.0,
    "workers": 0,
    "encoder": "",
}


def medssl(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run(job: Job, stop_after: int | None = None) -> tuple[bool, list[dict[str, Any]]]:
    """Run a job, in which ``should_stop`` says yes when it is asked for the nth time."""
    log, at = EventLog(job.folder / EVENTS), job.events()[1]
    asked = iter(range(1_000_000))
    whole = run_nnunet_job(
        job, Report(log), lambda: stop_after is not None and next(asked) >= stop_after
    )
    log.close()
    return whole, [{"kind": e.kind, **e.facts} for e in job.events(at)[0]]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_cases(tmp_path_factory.mktemp("cases"))


@pytest.fixture(scope="module", autouse=True)
def _few_samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let nnU-Net draw fewer than its 100 million voxels, with replacement, for its statistics."""
    from napari_medssl.finetune.nnunet.folders import surroundings

    with surroundings(tmp_path_factory.mktemp("import"), 0):
        from nnunetv2.experiment_planning.dataset_fingerprint import fingerprint_extractor

    own = fingerprint_extractor.DatasetFingerprintExtractor

    class Quick(own):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            self.num_foreground_voxels_for_intensitystats = 1e5

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint_extractor, "DatasetFingerprintExtractor", Quick)
        yield


@pytest.fixture(scope="module")
def trained(cases: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A run that was stopped in its second epoch and went on; what each part told."""
    source = arguments_of(None, *cases, everything=False)
    spec = new_spec("nnunet", {"source": source, "settings": SETTINGS}, seed=5)
    job = JobStore(tmp_path_factory.mktemp("jobs")).create(spec)
    # it asks once before all, once before each training, and at each of the two steps an epoch
    whole, first = run(job, stop_after=5)
    assert not whole
    fold = next(job.artifacts.glob("work/nnUNet_results/*/*__2d/fold_0"))
    assert (fold / "checkpoint_latest.pth").is_file()
    assert not list(fold.glob("*.part"))
    whole, second = run(job)
    assert whole
    return job, [first, second]


def steps_of(told: list[dict[str, Any]], training: str) -> list[int]:
    return [one["step"] for one in told if one.get("training") == training]


def test_a_stopped_run_goes_on_where_it_was(
    trained: Trained,
) -> None:
    _, (first, second) = trained
    assert steps_of(first, "2d, fold 0") == [1]
    assert steps_of(second, "2d, fold 0") == [2]  # the first is not done again
    assert steps_of(second, "3d_fullres, fold 0") == [1, 2]
    numbers = next(one for one in second if one.get("training"))
    assert {"train_loss", "val_loss", "pseudo_dice", "epoch_seconds"} <= set(numbers)
    share = [one for one in second if one["kind"] == "progress" and one["total"] == 4]
    assert share[0]["done"] == 1
    assert share[-1]["done"] == 4
    assert any(one["seconds_left"] is not None for one in share)


def test_the_model_tells_what_it_was_made_of(
    trained: Trained,
) -> None:
    from napari_medssl.finetune.nnunet.model import read_model

    job, _ = trained
    place, card = read_model(job.folder)
    assert place == job.artifacts / "model"
    assert card.channels == ("CT",)  # which chooses nnU-Net's normalisation of CT
    assert [(label.written, label.value) for label in card.labels] == [(1, 3), (2, 7)]
    assert set(card.dice) == {"2d", "3d_fullres", "2d + 3d_fullres", "chosen"}
    assert sorted(card.facts["trained_on"]) == [f"case-{n:03}" for n in range(1, 6)]
    assert card.facts["seed"] == 5
    plan = json.loads(next(place.glob("*/plans.json")).read_text())
    assert plan["configurations"]["2d"]["normalization_schemes"] == ["CTNormalization"]
    assert not any("patient" in path.read_text("utf-8") for path in place.rglob("*.json"))


def test_masks_are_on_the_grid_of_their_image(trained: Trained, cases: tuple[Path, Path]) -> None:
    from napari_medssl.io import read_mask, read_volume

    job, _ = trained
    (file,) = (job.artifacts / "masks").glob("*.nii.gz")
    assert file.name == "case-006.nii.gz"
    image = nib.load(cases[0] / "patient_5.nii.gz")
    mask = nib.load(file)
    assert mask.shape == image.shape
    assert np.array_equal(mask.affine, image.affine)
    found = read_mask(file, read_volume(cases[0] / "patient_5.nii.gz"))
    assert {label.value for label in found.labels} == {3, 7}
    assert set(np.unique(found.array)) <= {0, 3, 7}


def test_predicting_by_hand_finds_the_same(
    trained: Trained, cases: tuple[Path, Path], tmp_path: Path
) -> None:
    job, _ = trained
    image = cases[0] / "patient_5.nii.gz"
    arguments = ("nnunet", "predict", image, "--model", job.folder, "--device", "cpu")
    done = medssl(*arguments, "--out", tmp_path / "masks", "--json")
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)["masks"]
    again = nib.load(row["out"]).get_fdata()
    assert np.array_equal(again, nib.load(job.artifacts / "masks/case-006.nii.gz").get_fdata())
    assert row["voxels"]["Label 3"] == (again == 3).sum()
    refused = medssl(*arguments, "--out", tmp_path / "masks")
    assert refused.exit_code == 2
    assert "exists already" in refused.output
    broken = tmp_path / "broken.nii.gz"
    broken.write_bytes(b"not an image")
    done = medssl("nnunet", "predict", broken, image, *arguments[3:], "--out", tmp_path / "two")
    assert done.exit_code == 1
    assert (tmp_path / "two" / "patient_5.nii.gz").is_file()  # one bad image costs no other


def test_a_folder_of_nnunets_own_is_a_model_too(
    trained: Trained, cases: tuple[Path, Path], tmp_path: Path
) -> None:
    job, _ = trained
    own = next(job.artifacts.glob("work/nnUNet_results/*/*__2d"))
    image = cases[0] / "patient_0.nii.gz"
    done = medssl("nnunet", "predict", image, "--model", own, "--out", tmp_path, "--fast")
    assert done.exit_code == 0, done.output
    assert np.array_equal(nib.load(tmp_path / "patient_0.nii.gz").affine, nib.load(image).affine)


def test_an_encoder_goes_in_whole_or_not_at_all(
    trained: Trained, cases: tuple[Path, Path], tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    from napari_medssl.finetune.nnunet.checkpoints import read_checkpoint
    from napari_medssl.finetune.nnunet.folders import NnunetFolders
    from napari_medssl.finetune.nnunet.match import load_start, match_start
    from napari_medssl.finetune.nnunet.start import Start, read_start
    from napari_medssl.finetune.nnunet.training import planned_network, require_fitting

    job, _ = trained
    checkpoint = next(job.artifacts.glob("model/*/fold_0/checkpoint_final.pth"))
    name = checkpoint.parents[1].name
    other = "3d_fullres" if name == "2d" else "2d"
    out = tmp_path / "encoder.safetensors"
    assert medssl("nnunet", "export-encoder", checkpoint, "--out", out).exit_code == 0
    tensors = load_file(out)
    assert all(key.startswith("stages.") for key in tensors)
    folders = NnunetFolders(job.artifacts / "work", "Dataset501_Cases")
    network = planned_network(folders, name)
    own = network.encoder.state_dict()
    assert len({t.data_ptr() for t in own.values()}) == len(tensors)
    start = read_start(out)
    assert load_start(network, start).matched == len(tensors)
    trained_state = read_checkpoint(checkpoint)["network_weights"]
    state = network.state_dict()
    both = [k for k in state if k.startswith(("encoder.", "decoder.encoder."))]
    assert len(both) == 2 * len(own)  # under every name that nnU-Net has for them
    assert all(torch.equal(state[key], trained_state[key]) for key in both)
    assert require_fitting(folders, [name], start)[name].wanted == len(tensors)
    with pytest.raises(WeightsError, match=rf"of {other} in \d+ of {len(tensors)} tensors"):
        require_fitting(folders, [name, other], start)
    lost = Start("cut.safetensors", dict(list(start.tensors.items())[1:]))
    assert match_start(network, lost).matched == len(tensors) - 1
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    with pytest.raises(WeightsError, match=f"{len(tensors) - 1} of {len(tensors)} tensors"):
        load_start(network, lost)
    assert all(torch.equal(before[key], t) for key, t in network.state_dict().items())
    save_file({"conv.weight": torch.zeros(1)}, tmp_path / "strange.safetensors")
    with pytest.raises(WeightsError, match="holds no encoder"):
        read_start(tmp_path / "strange.safetensors")


def test_training_begins_with_what_was_learned_without_masks(
    trained: Trained, cases: tuple[Path, Path], tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    from napari_medssl.finetune.nnunet.checkpoints import read_checkpoint

    job, _ = trained
    learned = ("--out", tmp_path / "learned", "--folder", tmp_path / "jobs", "--no-offer")
    asked = ("--method", "simmim", "--images", cases[0], "--steps", 2, "--device", "cpu", *learned)
    tiny = ("--set", "batch=2", "--set", "cell=4", "--threads", 1)
    done = medssl("pretrain", *asked, *tiny, "--nnunet", job.folder, "--configuration", "2d")
    assert done.exit_code == 0, done.output
    assert "medssl nnunet run ... --configurations 2d --encoder learned/artifacts" in done.output
    file = tmp_path / "learned" / "artifacts" / "encoder.safetensors"
    encoder = load_file(file)
    settings = {**SETTINGS, "configurations": ["2d"], "epochs": 1, "encoder": str(file)}
    source = arguments_of(None, *cases, everything=False)
    other = JobStore(tmp_path).create(new_spec("nnunet", {"source": source, "settings": settings}))
    whole, told = run(other)
    assert whole
    (file,) = other.artifacts.glob("model/2d/fold_0/checkpoint_final.pth")
    after = read_checkpoint(file)["network_weights"]
    stem = "encoder.stages.0.0.convs.0.all_modules.0.weight"
    moved = (after[stem] - encoder[stem]).abs().max()
    assert 0 < moved < 0.2 * encoder[stem].abs().max()  # one step away from what was given
    card = json.loads((other.artifacts / "model/nnunet.json").read_text())
    assert len(card["facts"]["encoder_sha256"]) == 64
    begun = card["facts"]["begun_with"]
    assert begun["method"] == "simmim"
    assert len(begun["trained_on"]) == 6
    assert f"2d: {len(encoder)} of {len(encoder)} tensors of its encoder" in begun["taken"][0]
    note = next(one["note"] for one in told if "note" in one)
    assert note == begun["taken"][0]


def test_code_in_a_checkpoint_is_never_run(
    trained: Trained, cases: tuple[Path, Path], tmp_path: Path
) -> None:
    import pickle
    import shutil

    job, _ = trained
    shutil.copytree(job.artifacts / "model", tmp_path / "model")
    mark = tmp_path / "was-run"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (mark,))

    (file,) = list(tmp_path.glob("model/*/fold_0/checkpoint_final.pth"))[:1]
    file.unlink()
    file.write_bytes(pickle.dumps({"network_weights": {}, "init_args": Trap(), "trainer_name": ""}))
    image = cases[0] / "patient_5.nii.gz"
    done = medssl(
        "nnunet", "predict", image, "--model", tmp_path / "model", "--out", tmp_path / "o"
    )
    assert done.exit_code == 1
    assert "cannot be read as a checkpoint of nnU-Net" in done.output
    assert not mark.exists()


def test_a_plan_names_what_is_made_and_why_not_the_rest(cases: tuple[Path, Path]) -> None:
    done = medssl("nnunet", "plan", "--images", cases[0], "--labels", cases[1])
    assert done.exit_code == 0, done.output
    assert "5 cases to train with." in done.output
    assert "3d_lowres            not made. The window of 3d_fullres already sees" in done.output
    out = cases[0].parent / "plan.json"
    asked = ("nnunet", "plan", "--images", cases[0], "--labels", cases[1], "--out", out, "--json")
    made = json.loads(medssl(*asked).stdout)
    assert find_plan(out)["configurations"].keys() >= {"2d", "3d_fullres"}
    assert "exists already" in medssl(*asked).output
    assert [one["name"] for one in made["configurations"] if one["made"]] == ["2d", "3d_fullres"]


def test_a_plan_as_a_job_is_what_the_window_reads(cases: tuple[Path, Path], tmp_path: Path) -> None:
    source = arguments_of(None, *cases, everything=False)
    spec = new_spec(PLAN_KIND, plan_arguments(source, 8.0), title=PLAN_TITLE)
    job = JobStore(tmp_path).create(spec)
    log = EventLog(job.folder / EVENTS)
    assert not run_plan_job(job, Report(log), lambda: True)  # stopped before it began
    assert list(job.artifacts.iterdir()) == []
    assert run_plan_job(job, Report(log), lambda: False)
    log.close()
    assert [path.name for path in job.artifacts.iterdir()] == [PLAN_FILE]
    planned = read_planned(job.artifacts / PLAN_FILE)
    assert (planned.cases, planned.memory_gb) == (5, 8.0)
    assert [one.is_made for one in planned.configurations] == [True, True, False, False]
    assert planned.devices[-1][0] == "cpu"
    assert job.status().doing == "Done"


def test_what_a_run_found_waits_in_the_project(
    trained: Trained, cases: tuple[Path, Path], tmp_path: Path
) -> None:
    job, _ = trained
    with create_project(tmp_path / "project") as project:
        project.add(cases[0])
    done = medssl("nnunet", "propose", tmp_path / "project", "--run", job.folder, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"done": ["case-006"], "left_out": {}}
    with open_project(tmp_path / "project", read_only=True) as project:
        (waiting,) = pending(project)
    assert (waiting.case, waiting.title) == ("case-006", "nnU-Net")
    assert [one.value for one in waiting.classes] == [3, 7]
    refused = medssl("nnunet", "propose", tmp_path / "project", "--run", tmp_path)
    assert refused.exit_code == 1
    assert "there is no nnU-Net model" in refused.output


def test_few_cases_and_wrong_usage_are_sentences(cases: tuple[Path, Path], tmp_path: Path) -> None:
    images, labels = make_cases(tmp_path / "few", images=3, labels=3)
    few = medssl("nnunet", "plan", "--images", images, "--labels", labels)
    assert few.exit_code == 2
    assert "3 cases with a mask; expected 5 or more" in few.output
    for arguments, said in (
        (("plan",), "neither a project's folder nor --images with --labels"),
        (("plan", "--images", images), "expected one of the two"),
        (("plan", "--images", images, "--labels", tmp_path / "none"), "which is no folder"),
        (("plan", tmp_path), "the folder of a project"),
        (("run", "--images", images, "--labels", labels, "--out", "x", "--folds", "7"), "folds"),
        (
            ("run", "--images", images, "--labels", labels, "--out", "x", "--encoder", "none"),
            "which is no file",
        ),
        (("predict", images / "patient_0.nii.gz", "--model", images, "--out", "x"), "no nnU-Net"),
        (("export-encoder", images / "patient_0.nii.gz", "--out", "x.pth"), ".safetensors"),
    ):
        done = medssl("nnunet", *arguments)
        assert done.exit_code in (1, 2)
        assert said in done.output
    (tmp_path / "empty").mkdir()
    given = arguments_of(None, images, tmp_path / "empty", everything=False)
    with pytest.raises(UsageError, match="no image in 'images' has a label map"):
        open_source(given, tmp_path)


def test_pictures_in_colour_come_back_as_pictures(tmp_path: Path) -> None:
    from PIL import Image

    rows, columns = np.mgrid[:24, :28]
    disc = (rows - 12) ** 2 + (columns - 14) ** 2 < 49
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    for n in range(6):
        noise = np.random.default_rng(n).uniform(0, 100, (24, 28, 3))
        colour = (noise + 120 * disc[..., None]).astype(np.uint8)
        Image.fromarray(colour).save(tmp_path / "images" / f"p{n}.png")
        if n < 5:
            Image.fromarray(np.uint8(255) * disc.astype(np.uint8)).save(
                tmp_path / "labels" / f"p{n}.png"
            )
    source = arguments_of(None, tmp_path / "images", tmp_path / "labels", everything=False)
    settings = {**SETTINGS, "configurations": ["2d"], "epochs": 1}
    spec = new_spec("nnunet", {"source": source, "settings": settings})
    job = JobStore(tmp_path / "jobs").create(spec)
    assert run(job)[0]
    found = np.asarray(Image.open(job.artifacts / "masks" / "case-006.png"))
    assert found.shape == (24, 28)
    assert set(np.unique(found)) <= {0, 255}
    card = json.loads((job.artifacts / "model/nnunet.json").read_text())
    assert (card["channels"], card["suffix"]) == (["R", "G", "B"], ".png")


def test_a_run_in_a_process_of_its_own_fails_in_a_sentence(tmp_path: Path) -> None:
    images, labels = make_cases(tmp_path, images=3, labels=3)
    where = ("--out", tmp_path / "out", "--folder", tmp_path / "jobs")
    command = ("nnunet", "run", "--images", images, "--labels", labels, "--device", "cpu", *where)
    done = medssl(*command)
    assert done.exit_code == 1, done.output
    assert "The job is failed. 3 cases with a mask; expected 5 or more" in done.output
    again = medssl(*command)
    assert again.exit_code == 2
    assert "there is a job in 'out' already" in again.output
    listed = json.loads(medssl("jobs", "list", "--folder", tmp_path / "jobs", "--json").stdout)
    assert [row["state"] for row in listed] == ["failed"]
