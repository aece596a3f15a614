"""Every layout: recognised from its tensors, matched whole, the same numbers out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import foreign_files as files
import pytest
import torch

from napari_medssl.errors import WeightsError
from napari_medssl.models import litemedsam, mobilesam, sam
from napari_medssl.models.layouts import layout_cards
from napari_medssl.models.layouts.match import load_foreign, match, match_promptable
from napari_medssl.models.layouts.recognise import read_foreign, recognise
from napari_medssl.models.networks.network import SegmentationNetwork


@dataclass(frozen=True)
class Case:
    layout: str
    network: str
    write: Any
    arguments: dict[str, Any]
    dims: int = 3
    channels: int = 1
    outputs: int = 0
    unused: int = 0


CASES = {
    "SMIT v1": Case("smit_v1", "smit", files.smit_v1, files.SMIT_V1, unused=1),
    "SMIT v1, script": Case(
        "smit_v1", "smit", files.smit_v1_of_the_script, files.SMIT_V1, unused=1
    ),
    "SMIT newer": Case("smit_student", "smit_12", files.smit_student, files.SMIT_12, unused=6),
    "SMIT whole": Case("smit_whole", "smit", files.smit_whole, files.SMIT_V1, outputs=5, unused=1),
    "model_swinvit": Case("swinvit", "swin_unetr", files.swinvit, files.SWIN, unused=3),
    "BTCV": Case("swin_unetr_btcv", "swin_unetr", files.btcv, files.SWIN, outputs=14),
    "DAE": Case("dae", "swin_unetr", files.dae, files.SWIN, unused=5),
    "SimSiam": Case("simsiam", "swin_unetr", files.simsiam, files.SWIN_NEW, dims=2, unused=2),
    "swinViT.": Case(
        "swin_encoder_own", "swin_unetr", files.own_encoder("swinViT."), files.SWIN_NEW, channels=4
    ),
    "swin_vit.": Case(
        "swin_encoder_own", "swin_unetr", files.own_encoder("module.swin_vit."), files.SWIN_NEW
    ),
    "whole, DDP": Case(
        "swin_unetr_own", "swin_unetr", files.own_whole, files.SWIN_NEW, dims=2, outputs=14
    ),
}
each = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


def original(case: Case) -> SegmentationNetwork:
    return files.network(
        case.network,
        dimensions=case.dims,
        in_channels=case.channels,
        classes=case.outputs or 2,
        **case.arguments,
    )


@each
def test_a_file_is_recognised_matched_whole_and_gives_the_same_numbers(case, tmp_path) -> None:
    made = original(case)
    path = files.saved(case.write(made), tmp_path / "some name.bin")
    found = read_foreign(path)
    assert (found.layout, found.network, found.dimensions) == (
        case.layout,
        case.network,
        case.dims,
    )
    assert (found.in_channels, found.outputs, len(found.unused)) == (
        case.channels,
        case.outputs,
        case.unused,
    )
    wanted = made.state_dict() if case.outputs else made.encoder_state()
    counts = match(wanted, found.tensors)
    assert (counts.matched, counts.missing, counts.strange) == (len(wanted), 0, 0)

    loaded = load_foreign(found, path.name)
    sides = [64 if case.outputs else 32, *[32] * (case.dims - 1)]
    image = torch.randn(1, case.channels, *sides)
    with torch.no_grad():
        ours, theirs = loaded.encode(image), made.encode(image)
        assert torch.equal(ours.deepest, theirs.deepest)
        if case.outputs:
            assert torch.equal(loaded.decode(image, ours), made.decode(image, theirs))


def test_the_legacy_flags_are_those_of_the_layout(tmp_path) -> None:
    flags = {}
    for name, case in CASES.items():
        found = recognise(case.write(original(case)))
        assert found is not None
        flags[name] = (
            found.arguments.get("legacy_merging"),
            found.arguments.get("legacy_unpartition"),
        )
    assert {name for name, (merging, _) in flags.items() if merging} == {
        "model_swinvit",
        "BTCV",
        "DAE",
    }
    assert {name for name, (_, order) in flags.items() if order} == {
        "SMIT v1",
        "SMIT v1, script",
        "SMIT newer",
        "SMIT whole",
    }


def test_the_student_is_kept_and_not_the_teacher() -> None:
    made = original(CASES["SMIT newer"])
    found = recognise(files.smit_student(made))
    assert found is not None
    assert torch.equal(
        found.tensors["transformer.norm0.weight"], made.encoder_state()["transformer.norm0.weight"]
    )


def test_btcv_names_its_organs_and_says_that_it_was_taken_for_it() -> None:
    made = original(CASES["BTCV"])
    found = recognise(files.btcv(made))
    assert found is not None
    assert found.class_names[5] == "liver"
    assert len(found.class_names) == 13
    assert "--classes" in found.note
    flat = recognise(made.state_dict())
    assert flat is not None
    assert (flat.layout, flat.class_names) == ("swin_unetr_own", ())


@pytest.mark.parametrize(
    ("content", "network", "build", "unused"),
    [
        (files.lite_medsam, "litemedsam", litemedsam.build, 0),
        (files.mobile_sam, "mobile_sam", mobilesam.build, 4),
    ],
)
def test_small_promptable_networks_match_whole(content, network, build, unused) -> None:
    found = recognise(content())
    assert found is not None
    assert (found.network, found.holds, len(found.unused)) == (network, "promptable", unused)
    assert match_promptable(found, build()).whole


@pytest.mark.parametrize("network", ["vit_b", "vit_l", "vit_h"])
def test_large_promptable_networks_match_whole(network) -> None:
    with torch.device("meta"):
        built = sam.build(network)
    found = recognise({"model": built.state_dict()})
    assert found is not None
    assert (found.network, found.holds) == (network, "promptable")
    assert match_promptable(found, built).whole
    del found.tensors["mask_decoder.iou_token.weight"]
    counts = match_promptable(found, built)
    assert (counts.missing, counts.strange) == (1, 0)


def test_an_nnunet_checkpoint_is_read_with_single_numbers_allowed(tmp_path) -> None:
    found = read_foreign(files.saved(files.nnunet(), tmp_path / "checkpoint_final.pth"))
    assert (found.layout, found.holds, found.dimensions, found.in_channels) == (
        "nnunet",
        "other",
        3,
        1,
    )
    assert found.class_names == ("anterior", "posterior")
    assert "decoder.seg_layers.0.weight" in found.tensors
    assert "3d_fullres" in found.note


def test_every_card_is_some_files_layout() -> None:
    told = {case.layout for case in CASES.values()} | {"sam", "nnunet"}
    assert told == set(layout_cards())


def spoilt(case: Case, how: str) -> Any:
    """A file of the layout with one thing wrong, and what the refusal must count."""
    made = original(case)
    parts = made.encoder_state()
    name = next(n for n in parts if n.endswith("blocks.1.attn.qkv.weight"))
    if how == "one missing":
        parts.pop(name)
    elif how == "another shape":
        parts[name] = parts[name][:, :-1]
    elif how == "one too many":
        parts[name.replace("qkv", "gate")] = parts[name]
    elif how == "whole numbers":
        parts[name] = parts[name].to(torch.int32)
    (part,) = made.encoder_parts
    cut = {n.removeprefix(part + "."): t for n, t in parts.items()}
    if how == "wrong prefix":
        return files.before("net.", cut)
    if how == "decoder's names":
        return files.before("backbone.decoder.", cut)
    return cut


@pytest.mark.parametrize("name", ["SMIT v1", "model_swinvit"])
@pytest.mark.parametrize(
    ("how", "missing", "strange"),
    [
        ("one missing", 1, 0),
        ("another shape", 1, 1),
        ("one too many", 0, 1),
        ("whole numbers", 1, 1),
        ("wrong prefix", None, None),
        ("decoder's names", None, None),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_the_counts(name, how, missing, strange) -> None:
    case = CASES[name]
    count = len(original(case).encoder_state())
    found = recognise(spoilt(case, how))
    assert found is not None
    missing = count if missing is None else missing
    strange = count if strange is None else strange
    said = (
        f"fits {count - missing} of the {count} tensors of the encoder: {missing} are missing or "
        f"of another shape, and {strange} of the file's do not belong"
    )
    with pytest.raises(WeightsError, match=said):
        load_foreign(found, "weights.pt")


@pytest.mark.parametrize("name", ["SMIT newer", "DAE", "SimSiam", "swinViT.", "SMIT whole", "BTCV"])
def test_one_tensor_missing_is_refused_in_every_layout(name) -> None:
    case = CASES[name]
    content = case.write(original(case))
    tensors = next(
        (content[key] for key in ("student", "state_dict", "model") if key in content), content
    )
    lost = next(n for n in tensors if n.endswith("blocks.1.norm2.weight"))
    del tensors[lost]
    found = recognise(content)
    assert found is not None
    with pytest.raises(WeightsError, match="1 are missing or of another shape, and 0 of the file"):
        load_foreign(found, "weights.pt")


def test_a_network_of_another_kind_is_told_so(tmp_path) -> None:
    path = files.saved({"encoder.weight": torch.zeros(3)}, tmp_path / "unet.pth")
    with pytest.raises(WeightsError, match="belongs to none of the networks"):
        read_foreign(path)
    photographs = {  # Swin for photographs: the same names on 2-D images
        "patch_embed.proj.weight": torch.zeros(96, 3, 4, 4),
        "layers.0.blocks.0.attn.relative_position_bias_table": torch.zeros(169, 3),
    }
    assert recognise(photographs) is None
    for other in ([torch.zeros(1)], {"a": 1}, {}):
        with pytest.raises(WeightsError, match="belongs to none"):
            read_foreign(files.saved(other, path))


def test_numbers_that_are_not_finite_are_refused() -> None:
    made = original(CASES["SMIT v1"])
    made.state_dict()["transformer.norm2.bias"][3] = float("inf")
    found = recognise(files.smit_v1(made))
    assert found is not None
    with pytest.raises(WeightsError, match="not finite"):
        load_foreign(found, "weights.pt")


def test_another_order_of_places_in_a_window_is_refused() -> None:
    made = original(CASES["SMIT v1"])
    made.state_dict()["transformer.layers.0.blocks.0.attn.relative_position_index"][0, 0] = 5000
    found = recognise(files.smit_v1(made))
    assert found is not None
    with pytest.raises(WeightsError, match="another order"):
        load_foreign(found, "weights.pt")


def test_a_file_that_would_fill_the_memory_is_refused_before_anything_is_built() -> None:
    huge = torch.zeros(1).expand(100_000, 1, 2, 2, 2)
    table = torch.zeros(343, 4)
    tensors = {
        "patch_embed.proj.weight": huge,
        "layers.0.blocks.0.attn.relative_position_bias_table": table,
    }
    found = recognise(tensors)
    assert found is not None
    with pytest.raises(WeightsError, match="100000 features"):
        load_foreign(found, "weights.pt")


def test_a_cut_file_is_refused(tmp_path) -> None:
    path = files.saved(files.smit_v1(original(CASES["SMIT v1"])), tmp_path / "w.pt")
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(WeightsError, match="cannot be read as weights"):
            read_foreign(path)
