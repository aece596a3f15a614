"""Reading a weights file: its tensors, which network they belong to, and whether all of them fit.

A file is foreign until proven otherwise: nothing but tensors is ever unpickled from it.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn

_LITE_STEM = "image_encoder.patch_embed.seq.0.c.weight"
_VIT_STEM = "image_encoder.patch_embed.proj.weight"
_VIT_BY_WIDTH = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}
_WRAPPERS = ("model", "state_dict")
#: how much of a word out of a foreign file is shown
_SHOWN = 60


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

    found = read_content(path)
    for wrapper in _WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
    if not isinstance(found, dict) or not found:
        raise _unreadable(path)
    if not all(isinstance(n, str) and isinstance(t, torch.Tensor) for n, t in found.items()):
        raise _unreadable(path)
    prefix = "module." if all(name.startswith("module.") for name in found) else ""
    return {name.removeprefix(prefix): tensor for name, tensor in found.items()}


def read_content(path: Path, harmless: Mapping[str, Any] | None = None) -> Any:
    """Read whatever a weights file holds, running none of it.

    Parameters
    ----------
    path : Path
        ``.safetensors``, or anything that ``torch.save`` wrote.
    harmless : mapping, optional
        Classes that it may name beside tensors and plain values: dotted name -> the class.

    Raises
    ------
    WeightsError
        If the file is damaged, names anything else, or holds a tensor larger than its data.
    """
    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        _require_honest_zip(path)
        allowed = harmless or {}
        if strange := sorted(_asked_for(path) - allowed.keys()):
            raise _code(path, strange[0])
        with torch.serialization.safe_globals([(kind, name) for name, kind in allowed.items()]):
            found = torch.load(path, map_location="cpu", weights_only=True)
        _require_real(found, path)
    except WeightsError:
        raise
    except Exception as error:
        raise _unreadable(path) from error
    return found


def network_of(tensors: Mapping[str, Tensor]) -> str | None:
    """Tell from the tensors themselves which promptable network they belong to; None for none."""
    lite = tensors.get(_LITE_STEM)
    if lite is not None:  # LiteMedSAM looks at each pixel first, MobileSAM at 3 x 3
        return "mobile_sam" if lite.shape[-1:] == (3,) else "litemedsam"
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


def _asked_for(path: Path) -> set[str]:
    """Return the dotted names that a file's pickle asks for beyond tensors and plain values."""
    import torch

    if not zipfile.is_zipfile(path):  # of an older format torch itself refuses every name
        return set()
    return set(torch.serialization.get_unsafe_globals_in_checkpoint(path))


def _require_honest_zip(path: Path) -> None:
    """Refuse an archive that would unpack to more than it is: torch never compresses."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > path.stat().st_size:
            raise _unreadable(path)


def _require_real(found: Any, path: Path) -> None:
    """Refuse tensors that claim more numbers than they have; plain containers are looked into."""
    import torch

    if isinstance(found, torch.Tensor):
        real = found.untyped_storage().nbytes()
        if found.layout != torch.strided or found.numel() * found.element_size() > real:
            raise _unreadable(path)
    elif isinstance(found, dict):
        for value in found.values():
            _require_real(value, path)
    elif isinstance(found, list | tuple):
        for value in found:
            _require_real(value, path)


def plain(text: object) -> str:
    """Return a word out of a foreign file, fit to be shown: letters, digits, dots, lines."""
    return "".join(c for c in str(text)[:_SHOWN] if c.isalnum() or c in "._-")


def _code(path: Path, name: str) -> WeightsError:
    return WeightsError(
        f"'{path.name}' cannot be read as weights: it asks for '{plain(name)}', which could run "
        "code, and nothing of it was run",
        expected="a file that holds tensors by name and nothing else",
        do="Get the file from somewhere you trust, or ask its author for a .safetensors file",
    )


def _unreadable(path: Path) -> WeightsError:
    return WeightsError(
        f"'{path.name}' cannot be read as weights",
        expected="a .pth, .pt or .safetensors file that holds tensors by name and nothing else",
        do="Fetch or copy the file again, or choose another",
    )
