"""Files of MONAI's Swin UNETR: encoders pre-trained in four ways, and whole networks.

Public 3-D files come from MONAI up to 1.4 or from code with the same merging; see
`LegacyPatchMerging`. Of a file trained elsewhere nothing tells with which release it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.models.layouts.foreign import (
    OF_PRE_TRAINING,
    Foreign,
    numbers_after,
    prefix_of,
    unwrapped,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

_ANCHOR = "layers1.0.blocks.0.attn.relative_position_bias_table"
_OUT = "out.conv.conv.weight"
_STAGES = 4
_DAE = "encoder.layers1.0.0."
_ENCODER = ("patch_embed.", *(f"layers{stage + 1}" for stage in range(_STAGES)))
_BTCV_OUTPUTS = 14
_BTCV = (
    "spleen", "right kidney", "left kidney", "gallbladder", "oesophagus", "liver", "stomach",
    "aorta", "inferior vena cava", "portal and splenic veins", "pancreas", "right adrenal gland",
    "left adrenal gland",
)  # fmt: skip
_BTCV_NOTE = (
    "Taken for the published BTCV network, as it has 14 outputs and lies under 'state_dict'. "
    "If it is another, name its classes with --classes."
)
_OLD_NOTE = "If it was trained with MONAI 1.4 or older, add it with --legacy-merging."


def recognise(content: Mapping[str, Any]) -> Foreign | None:
    """Recognise a whole Swin UNETR, or the encoder of one."""
    found = unwrapped(content)
    if found is None:
        return None
    under, tensors = found
    if any(name.startswith(_DAE) for name in tensors):
        tensors = {_without_the_doubled_level(name): t for name, t in tensors.items()}
        return _encoder(tensors, "encoder.", "dae", legacy=True)
    prefix = prefix_of(tensors, _ANCHOR)
    if prefix is None:
        return None
    if prefix == "swinViT." and _OUT in tensors:
        return _whole(tensors, published=under == "state_dict")
    if prefix == "backbone.model.":
        return _encoder(tensors, prefix, "simsiam", legacy=False)
    if prefix == "" and any(".mlp.fc1." in name for name in tensors):
        return _encoder(tensors, prefix, "swinvit", legacy=True)
    return _encoder(tensors, prefix, "swin_encoder_own", legacy=False)


def _encoder(
    tensors: Mapping[str, Tensor], prefix: str, layout: str, *, legacy: bool
) -> Foreign | None:
    facts = _facts(tensors, prefix, legacy=legacy)
    if facts is None:
        return None
    if layout == "swin_encoder_own":
        facts["arguments"]["depths"] = _depths(tensors, prefix)
    known = layout != "swin_encoder_own" or prefix in ("", "swinViT.", "swin_vit.")
    ours, unused = {}, {}
    for name, tensor in tensors.items():
        bare = name.removeprefix(prefix)
        if not known:  # under a strange prefix none of the names will fit, and be counted
            ours[name] = tensor
        elif name.startswith(prefix) and bare.startswith(_ENCODER):
            ours["swinViT." + _linear(bare)] = tensor
        else:
            unused[name] = OF_PRE_TRAINING
    note = _OLD_NOTE if layout == "swin_encoder_own" and facts["dimensions"] == 3 else ""
    return Foreign(layout, holds="encoder", tensors=ours, unused=unused, note=note, **facts)


def _whole(tensors: Mapping[str, Tensor], *, published: bool) -> Foreign | None:
    outputs = len(tensors[_OUT])
    embedding = tensors.get("swinViT.patch_embed.proj.weight")
    btcv = published and outputs == _BTCV_OUTPUTS
    btcv = btcv and embedding is not None and embedding.shape[1:2] == (1,) and embedding.ndim == 5
    facts = _facts(tensors, "swinViT.", legacy=btcv)
    if facts is None:
        return None
    if not btcv:
        facts["arguments"]["depths"] = _depths(tensors, "swinViT.")
    return Foreign(
        "swin_unetr_btcv" if btcv else "swin_unetr_own",
        holds="network",
        tensors={_linear(name): tensor for name, tensor in tensors.items()},
        outputs=outputs,
        class_names=_BTCV if btcv else (),
        note=_BTCV_NOTE if btcv else _OLD_NOTE if facts["dimensions"] == 3 else "",
        **facts,
    )


def _linear(name: str) -> str:
    """Return a name with the perceptron's layers called as in MONAI."""
    return name.replace(".mlp.fc", ".mlp.linear")


def _without_the_doubled_level(name: str) -> str:
    """Return ``encoder.layers1.0.0.x`` of a disruptive autoencoder as ``encoder.layers1.0.x``."""
    stem, middle, rest = name.partition(".0.0.")
    doubled = middle and stem.startswith("encoder.layers") and stem.count(".") == 1
    return f"{stem}.0.{rest}" if doubled else name


def _facts(tensors: Mapping[str, Tensor], prefix: str, *, legacy: bool) -> dict[str, Any] | None:
    """Read off the tensors what the network is built with; None if it is no Swin UNETR."""
    embedding = tensors.get(f"{prefix}patch_embed.proj.weight")
    if embedding is None or embedding.ndim not in (4, 5):
        return None
    dimensions = embedding.ndim - 2
    tables = [
        tensors.get(f"{prefix}layers{s + 1}.0.blocks.0.attn.relative_position_bias_table")
        for s in range(_STAGES)
    ]
    return {
        "network": "swin_unetr",
        "dimensions": dimensions,
        "in_channels": embedding.shape[1],
        "arguments": {
            "feature_size": embedding.shape[0],
            "heads": [1 if table is None else table.shape[-1] for table in tables],
            "qkv_bias": f"{prefix}layers1.0.blocks.0.attn.qkv.bias" in tensors,
            "patch_norm": f"{prefix}patch_embed.norm.weight" in tensors,
            "legacy_merging": legacy and dimensions == 3,
        },
    }


def _depths(tensors: Mapping[str, Tensor], prefix: str) -> list[int]:
    """Count each stage's blocks; published files all have two."""
    starts = (f"{prefix}layers{stage + 1}.0.blocks." for stage in range(_STAGES))
    return [max(1, numbers_after(tensors, start)) for start in starts]
