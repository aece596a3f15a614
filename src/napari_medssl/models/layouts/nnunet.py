"""Checkpoints of nnU-Net: told what they are, and left to nnU-Net itself.

The network is whatever the plans inside say, built by nnU-Net's own library from dotted names; a
file is not trusted with that here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_medssl.models.checkpoint import plain
from napari_medssl.models.layouts.foreign import Foreign, tensors_of

_KEYS = ("network_weights", "init_args", "trainer_name")


def recognise(content: Mapping[str, Any]) -> Foreign | None:
    """Recognise ``checkpoint_*.pth`` of nnU-Net v2."""
    if not all(key in content for key in _KEYS):
        return None
    tensors = tensors_of(content["network_weights"])
    if tensors is None:
        return None
    init = content["init_args"] if isinstance(content["init_args"], Mapping) else {}
    kernels = [t for name, t in tensors.items() if t.ndim > 3 and name.startswith("encoder.")]
    names = _class_names(init.get("dataset_json"))
    return Foreign(
        "nnunet",
        network="",
        holds="other",
        tensors=tensors,
        dimensions=kernels[0].ndim - 2 if kernels else 0,
        in_channels=kernels[0].shape[1] if kernels else 0,
        outputs=len(names) + 1 if names else 0,
        class_names=names,
        note=f"Configuration {plain(init.get('configuration'))}, fold {plain(init.get('fold'))}.",
    )


def _class_names(dataset: object) -> tuple[str, ...]:
    """Return the labels above the background in order of their values; regions are left out."""
    labels = dataset.get("labels") if isinstance(dataset, Mapping) else None
    if not isinstance(labels, Mapping):
        return ()
    values = {value: str(name) for name, value in labels.items() if isinstance(value, int)}
    return tuple(values[value] for value in sorted(values) if value > 0)
