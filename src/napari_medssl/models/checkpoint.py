"""Reading a weights file: its tensors, which network they belong to, and whether all of them fit.

A file is foreign until proven otherwise: nothing but tensors is ever unpickled from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn

_WRAPPERS = ("model", "state_dict")
_LITE_STEM = "image_encoder.patch_embed.seq.0.c.weight"
_VIT_STEM = "image_encoder.patch_embed.proj.weight"
_VIT_BY_WIDTH = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a ``.pth``, ``.pt`` or ``.safetensors`` file, by name.

    Tensors may lie flat or under ``model`` or ``state_dict``; ``module.`` before every name, left
    by training on several GPUs, is taken off.

    Raises
    ------
    WeightsError
        If the file cannot be read, or holds anything but tensors by name.
    """
    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            found: Any = load_file(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise _unreadable(path) from error
    for wrapper in _WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
    if not isinstance(found, dict) or not found:
        raise _unreadable(path)
    if not all(isinstance(n, str) and isinstance(t, torch.Tensor) for n, t in found.items()):
        raise _unreadable(path)
    prefix = "module." if all(name.startswith("module.") for name in found) else ""
    return {name.removeprefix(prefix): tensor for name, tensor in found.items()}


def network_of(tensors: Mapping[str, Tensor]) -> str | None:
    """Tell from the tensors themselves which network they belong to; None for none of ours."""
    if _LITE_STEM in tensors:
        return "litemedsam"
    stem = tensors.get(_VIT_STEM)
    return None if stem is None else _VIT_BY_WIDTH.get(stem.shape[0])


def load_into(network: nn.Module, tensors: Mapping[str, Tensor], path: Path, title: str) -> None:
    """Put tensors into a network if every single one fits, and refuse them all if not.

    Raises
    ------
    WeightsError
        With the counts of tensors that match, are missing or do not belong; or if a number is not
        finite.
    """
    wanted = network.state_dict()
    matching = [n for n, t in wanted.items() if n in tensors and tensors[n].shape == t.shape]
    missing, strange = len(wanted) - len(matching), len(tensors) - len(matching)
    if missing or strange:
        raise WeightsError(
            f"'{path.name}' fits {title} in {len(matching)} of {len(wanted)} tensors: "
            f"{missing} are missing or of another shape, and {strange} of the file's do not belong",
            expected="a file in which every tensor fits",
            do="Choose the file that was made for this network",
        )
    if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
        raise WeightsError(
            f"'{path.name}' holds numbers that are not finite", do="Fetch or copy the file again"
        )
    network.load_state_dict(dict(tensors))


def _unreadable(path: Path) -> WeightsError:
    return WeightsError(
        f"'{path.name}' cannot be read as weights",
        expected="a .pth, .pt or .safetensors file that holds tensors by name and nothing else",
        do="Fetch or copy the file again, or choose another",
    )
