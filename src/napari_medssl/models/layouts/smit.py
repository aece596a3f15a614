"""Files of SMIT: the encoder of the first release, the newer student, a whole fine-tuned network.

All of them come from code with the scrambled un-partition, which is why they are run with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.models.layouts.foreign import (
    OF_PRE_TRAINING,
    Foreign,
    numbers_after,
    prefix_of,
    tensors_of,
    unwrapped,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

_ANCHOR = "layers.0.blocks.0.attn.relative_position_bias_table"
_STAGES = 4
_ENCODER = ("patch_embed.", "layers.", *(f"norm{stage}." for stage in range(_STAGES)))
_KNOWN_PREFIXES = ("", "transformer.", "backbone.transformer.")
_NOTE = "Runs with the scrambled window order of the code that such weights are trained with."


def recognise_student(content: Mapping[str, Any]) -> Foreign | None:
    """Recognise the newer file, {'student': ..., 'teacher': ...}; the student alone is kept."""
    if "student" not in content or "teacher" not in content:
        return None
    tensors = tensors_of(content["student"])
    return _encoder(tensors, "smit_student") if tensors else None


def recognise(content: Mapping[str, Any]) -> Foreign | None:
    """Recognise the encoder of the first release, or a whole network fine-tuned from it."""
    found = unwrapped(content)
    if found is None:
        return None
    _, tensors = found
    if "out.conv.conv.weight" in tensors and f"transformer.{_ANCHOR}" in tensors:
        return _whole(tensors)
    return _encoder(tensors, "smit_v1")


def _encoder(tensors: Mapping[str, Tensor], layout: str) -> Foreign | None:
    prefix = prefix_of(tensors, _ANCHOR)
    facts = None if prefix is None else _facts(tensors, prefix)
    if prefix is None or facts is None:
        return None
    known = prefix in _KNOWN_PREFIXES
    ours, unused = {}, {}
    for name, tensor in tensors.items():
        bare = name.removeprefix(prefix)
        if not known:  # under a strange prefix none of the names will fit, and be counted
            ours[name] = tensor
        elif name.startswith(prefix) and bare.startswith(_ENCODER):
            ours["transformer." + bare] = tensor
        else:
            unused[name] = OF_PRE_TRAINING
    return Foreign(layout, holds="encoder", tensors=ours, unused=unused, note=_NOTE, **facts)


def _whole(tensors: Mapping[str, Tensor]) -> Foreign | None:
    facts = _facts(tensors, "transformer.")
    if facts is None:
        return None
    batch = any(name.endswith("running_mean") for name in tensors)
    facts["arguments"]["norm"] = "batch" if batch else "instance"
    unused = {name: OF_PRE_TRAINING for name in tensors if name == "transformer.mask_token"}
    return Foreign(
        "smit_whole",
        holds="network",
        tensors={name: tensor for name, tensor in tensors.items() if name not in unused},
        outputs=len(tensors["out.conv.conv.weight"]),
        unused=unused,
        note=_NOTE,
        **facts,
    )


def _facts(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Any] | None:
    """Read off the tensors what the network is built with; None if it is no SMIT."""
    embedding = tensors.get(f"{prefix}patch_embed.proj.weight")
    tables = [
        tensors.get(f"{prefix}layers.{stage}.blocks.0.attn.relative_position_bias_table")
        for stage in range(_STAGES)
    ]
    if embedding is None or embedding.ndim != 5:
        return None
    newer = numbers_after(tensors, f"{prefix}layers.2.blocks.") > 4
    return {
        "network": "smit_12" if newer else "smit",
        "dimensions": 3,
        "in_channels": embedding.shape[1],
        "arguments": {
            "feature_size": embedding.shape[0],
            "depths": [2, 2, 12 if newer else 4, 2],
            "heads": [1 if table is None else table.shape[-1] for table in tables],
            "qkv_bias": f"{prefix}layers.0.blocks.0.attn.qkv.bias" in tensors,
            "legacy_unpartition": True,
        },
    }
