"""The state of a run on the disk: learned weights, the optimiser's memory, the best so far."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from napari_medssl.errors import UsageError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from napari_medssl.models.weights import AtomicWrite

_FACTS = "facts"


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    settings : str
        Hash of all that the result depends on.
    step : int
        Steps that are done.
    before : float or None
        The score, such as the mean Dice of held-out images, before the first step; None where
        nothing is scored.
    best : float or None
        The highest since.
    best_step : int
        After which step that was; the last one where nothing is scored.
    """

    settings: str
    step: int = 0
    before: float | None = None
    best: float | None = None
    best_step: int = 0

    def judged(self, score: float | None) -> Progress:
        """Return the progress after a check."""
        if score is None or self.best is None or score > self.best:
            return replace(self, best=score, best_step=self.step)
        return self


def save_state(
    path: Path,
    progress: Progress,
    learned: Mapping[str, Tensor],
    optimiser: torch.optim.Optimizer,
    best: Mapping[str, Tensor],
    write: AtomicWrite,
) -> None:
    """Write all that a run needs to go on as if it had never stopped; chance is not part of it.

    Raises
    ------
    SaveError
        If the disk is full.
    """
    tensors = {f"now/{name}": parameter.detach() for name, parameter in learned.items()}
    tensors |= {f"best/{name}": tensor for name, tensor in best.items()}
    for name, parameter in learned.items():
        for key, tensor in optimiser.state.get(parameter, {}).items():
            tensors[f"{key}/{name}"] = tensor
    whole = {name: t.cpu().clone().contiguous() for name, t in tensors.items()}
    facts = {_FACTS: json.dumps(asdict(progress))}

    def verify(part: Path) -> None:
        with safe_open(part, "pt") as file:
            if set(file.keys()) != whole.keys():
                raise WeightsError(f"'{path.name}' was not written whole")

    write(path, lambda part: save_file(whole, part, facts), verify)


def load_state(
    path: Path,
    settings: str,
    learned: Mapping[str, Tensor],
    optimiser: torch.optim.Optimizer,
) -> tuple[Progress, dict[str, Tensor]] | None:
    """Bring a run back to where its state was saved; None where there is no state.

    Returns
    -------
    progress : Progress
        How far it was.
    best : dict of str to tensor
        The best weights so far.

    Raises
    ------
    UsageError
        If the state is that of a run with other settings or images.
    WeightsError
        If the file is damaged.
    """
    if not path.is_file():
        return None
    progress, tensors = _read(path)
    if progress.settings != settings:
        raise UsageError(
            f"'{path.parent.name}' holds a run of other settings, images or weights, stopped after "
            f"{progress.step} steps",
            do="Give the same ones to go on, or choose another folder for --out",
        )
    device = next(iter(learned.values())).device
    parts: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        key, _, of = name.partition("/")
        parts.setdefault(key, {})[of] = tensor
    best = {name: tensor.to(device) for name, tensor in parts.pop("best", {}).items()}
    put_into(learned, parts.pop("now"))
    for name, parameter in learned.items():
        # AdamW counts steps on the processor, wherever its weights are
        kept = {
            k: t[name] if k == "step" else t[name].to(device) for k, t in parts.items() if name in t
        }
        if kept:
            optimiser.state[parameter] = kept
    return progress, best


def put_into(learned: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> None:
    """Give parameters the values of the same names."""
    with torch.no_grad():
        for name, parameter in learned.items():
            parameter.copy_(values[name])


def copy_of(learned: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the values of parameters, to keep."""
    return {name: parameter.detach().clone() for name, parameter in learned.items()}


def _read(path: Path) -> tuple[Progress, dict[str, Any]]:
    try:
        with safe_open(path, "pt") as file:
            progress = Progress(**json.loads((file.metadata() or {})[_FACTS]))
            return progress, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
        raise WeightsError(
            f"the saved state '{path.name}' is damaged",
            do="Remove it to begin anew, or choose another folder for --out",
        ) from error
