"""nnU-Net's checkpoints, read without running anything that a file may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

_NEEDED = {"network_weights", "init_args", "trainer_name"}


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint: tensors, plain data, and numpy's numbers.

    Parameters
    ----------
    path : Path
        ``checkpoint_final.pth``, or another one of nnU-Net 2.

    Raises
    ------
    WeightsError
        If it is damaged, is none of nnU-Net's, or holds anything that would have to be run.
    """
    import numpy as np
    import torch
    from numpy._core import multiarray

    numbers = [np.float32, np.float64, np.int64, np.float16, np.int32]
    # what numpy's own numbers and arrays are unpickled with; none of it runs what is not numpy's
    allowed: list[Any] = [
        np.dtype,
        np.ndarray,
        multiarray.scalar,
        multiarray._reconstruct,
        *(type(np.dtype(number)) for number in numbers),
    ]
    try:
        with torch.serialization.safe_globals(allowed):
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise WeightsError(
            f"'{path.name}' in '{path.parent.name}' cannot be read as a checkpoint of nnU-Net",
            expected="tensors and plain data, and nothing that would have to be run",
            do="Copy the file again, or train anew",
        ) from error
    if not isinstance(found, dict) or not set(found) >= _NEEDED:
        raise WeightsError(
            f"'{path.name}' holds no weights of nnU-Net 2", expected="one of its checkpoints"
        )
    return found
