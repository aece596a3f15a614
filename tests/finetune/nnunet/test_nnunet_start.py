"""What learned without masks goes into nnU-Net's network tensor by tensor, or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from made_scans import Told, source
from nnunet_plans import STRIDES, nnunets_own, plan
from safetensors.torch import load_file, save_file

from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.finetune.nnunet.match import load_start, match_start
from napari_medssl.finetune.nnunet.planning import find_plan
from napari_medssl.finetune.nnunet.start import read_start
from napari_medssl.io import atomic_write
from napari_medssl.models.networks.planned import planned_network
from napari_medssl.pretrain.plan import WEIGHTS
from napari_medssl.pretrain.pretraining import Tools, Wanted, learn_without_labels

pytest.importorskip("dynamic_network_architectures")

THIN = ((1, 1, 1), (1, 2, 2), (2, 2, 2))
SETTINGS: dict[str, dict[str, Any]] = {
    "simmim": {"cell": 4},
    "simsiam": {"width": 16},
    "regression": {},
}


def learned(folder: Path, method: str, given: dict[str, Any], name: str = "3d_fullres") -> Path:
    """Learn for two steps; return the file."""
    wanted = Wanted(
        method,
        [source(n) for n in range(5)],
        "made",
        "cpu",
        1,
        minutes=None,
        steps=2,
        planned=planned_network(given, name),
        changes={"batch": 2, "crop": [16] * (3 if name[0] == "3" else 2), **SETTINGS[method]},
    )
    folder.mkdir()
    assert learn_without_labels(wanted, folder, Tools(atomic_write, Told())) is not None
    return folder / WEIGHTS


@pytest.mark.parametrize(
    ("method", "name", "more"),
    [
        ("simmim", "3d_fullres", {"strides": THIN}),
        ("simmim", "2d", {}),
        ("simsiam", "3d_fullres", {}),
        ("simsiam", "3d_fullres", {"residual": True}),
    ],
)
def test_an_encoder_that_learned_goes_in_whole(
    tmp_path: Path, method: str, name: str, more: dict[str, Any]
) -> None:
    given = plan(**more)
    file = learned(tmp_path / "run", method, given, name)
    start, network = read_start(file), nnunets_own(given, name)
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    match = load_start(network, start)
    own = network.encoder.state_dict()
    assert match.matched == match.wanted == len({t.data_ptr() for t in own.values()})
    assert match.wanted == len(start.tensors) == len(load_file(file))
    for key, tensor in load_file(file).items():  # under every name that nnU-Net has for it
        for prefix in ("encoder.", "decoder.encoder."):
            assert torch.equal(network.state_dict()[prefix + key.removeprefix("encoder.")], tensor)
    stem = next(key for key in own if key.endswith(".conv.weight"))
    assert not torch.equal(before[f"encoder.{stem}"], own[stem])
    assert set(match.random) == {"decoder.stages", "decoder.transpconvs", "decoder.seg_layers"}
    rest = [k for k in before if k.startswith(tuple(match.random))]
    assert all(torch.equal(before[key], network.state_dict()[key]) for key in rest)
    assert match.words(name, start) == (
        f"{name}: {match.wanted} of {match.wanted} tensors of its encoder come from "
        f"'{WEIGHTS}' (made); by chance begin decoder.stages ({match.random['decoder.stages']}), "
        "decoder.transpconvs (4), decoder.seg_layers (4)."
    )


def test_a_decoder_that_learned_goes_in_too(tmp_path: Path) -> None:
    given = plan()
    start = read_start(learned(tmp_path / "run", "regression", given))
    network = nnunets_own(given, "3d_fullres")
    match = load_start(network, start)
    assert start.parts == "encoder and decoder"
    assert match.random == {"decoder.seg_layers": 4}, "what tells classes has not learned"
    own = network.state_dict()
    assert all(torch.equal(own[name], tensor) for name, tensor in start.tensors.items())
    assert any(name.startswith("decoder.transpconvs.") for name in start.tensors)


def test_its_card_says_what_it_learned_from(tmp_path: Path) -> None:
    facts = read_start(learned(tmp_path / "run", "simmim", plan())).facts
    assert facts["method"] == "simmim"
    assert facts["trained_on"] == [f"image-{n:05d}" for n in range(5)]
    assert "5 images without masks in 2 steps" in facts["about"]
    assert json.loads(json.dumps(facts)) == facts


def test_another_shape_is_refused_with_the_counts_and_the_first(tmp_path: Path) -> None:
    start = read_start(learned(tmp_path / "run", "simmim", plan()))
    network = nnunets_own(plan(features=(4, 6, 10)), "3d_fullres")
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    match = match_start(network, start)
    assert (match.wanted, match.matched) == (24, 16)
    with pytest.raises(WeightsError, match=r"planned encoder in 16 of 24 tensors.*6 x 3 x 3 x 3"):
        load_start(network, start)
    assert all(torch.equal(before[key], t) for key, t in network.state_dict().items())
    deeper = nnunets_own(plan(features=(4, 6), strides=STRIDES[:2]), "3d_fullres")
    with pytest.raises(WeightsError, match="16 of 16 tensors, and 8 of the file's do not belong"):
        load_start(deeper, start)


def test_an_altered_file_and_another_networks_are_refused(tmp_path: Path) -> None:
    file = learned(tmp_path / "run", "simmim", plan())
    card = file.with_suffix(".json")
    other = json.loads(card.read_text())
    card.write_text(json.dumps({**other, "network": "unet_small", "arguments": {}}))
    with pytest.raises(WeightsError, match=r"but one of 'unet_small'.*pretrain --nnunet"):
        read_start(file)
    save_file({name: t + 1 for name, t in load_file(file).items()}, file)
    with pytest.raises(WeightsError, match="is not the file its card was made for"):
        read_start(file)


def test_a_plan_is_found_where_runs_leave_it(tmp_path: Path) -> None:
    work = tmp_path / "run" / "artifacts" / "work" / "nnUNet_preprocessed" / "Dataset501_Cases"
    work.mkdir(parents=True)
    (work / "nnUNetPlans.json").write_text(json.dumps(plan()))
    assert find_plan(tmp_path / "run") == find_plan(work) == plan()
    looked = tmp_path / "plan.json"
    looked.write_text(json.dumps({"cases": 5, "plan": plan()}))
    assert find_plan(looked) == plan()
    with pytest.raises(UsageError, match="in which there is no plan of nnU-Net's"):
        find_plan(tmp_path)
