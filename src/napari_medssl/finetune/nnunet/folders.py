"""Where nnU-Net keeps its things, and the surroundings it is imported in."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from napari_medssl.errors import MedSSLError
from napari_medssl.finetune.nnunet.workers import pools_of_threads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: the name under which nnU-Net keeps its default plans and trainer
PLANS, TRAINER = "nnUNetPlans", "nnUNetTrainer"
#: processes that prepare windows while a network is trained
LOADERS = "nnUNet_n_proc_DA"

_COMPILE = "nnUNet_compile"
_KEPT = ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results")
_WORKER_DIED = ("6 feet under", "no longer alive", "worker died", "workers died")


def require_nnunet() -> None:
    """Refuse to begin where nnU-Net is not installed.

    Raises
    ------
    MedSSLError
        With the command that installs it.
    """
    if find_spec("nnunetv2") is None:
        raise MedSSLError(
            "nnU-Net is not installed", do="Run 'pip install napari-medssl[nnunet]', and try again"
        )


@dataclass(frozen=True)
class NnunetFolders:
    """The three folders that nnU-Net knows, below one of ours.

    Parameters
    ----------
    work : Path
        Our folder.
    dataset : str
        nnU-Net's name of the training set, such as ``Dataset501_Liver``.
    """

    work: Path
    dataset: str

    @property
    def raw(self) -> Path:
        """Where the training set's images and masks are."""
        return self.work / "nnUNet_raw" / self.dataset

    @property
    def preprocessed(self) -> Path:
        """Where the plan and the prepared images are."""
        return self.work / "nnUNet_preprocessed" / self.dataset

    def trained(self, configuration: str) -> Path:
        """Return where a configuration's weights and validation are, in nnU-Net's own layout."""
        own = f"{TRAINER}__{PLANS}__{configuration}"
        return self.work / "nnUNet_results" / self.dataset / own


@contextmanager
def surroundings(work: Path, workers: int) -> Iterator[None]:
    """Set what nnU-Net reads from the environment when it is imported, and how it works.

    To be entered once in a process, before anything of nnunetv2 is imported.

    Parameters
    ----------
    work : Path
        Holds, or will hold, nnU-Net's three folders.
    workers : int
        Threads that prepare and save; in training, processes that load windows, 0 for none.

    Raises
    ------
    MedSSLError
        If it is not installed, or one of its processes died.
    """
    require_nnunet()
    for name in _KEPT:
        (work / name).mkdir(parents=True, exist_ok=True)
    wanted = {
        **{name: str(work / name) for name in _KEPT},
        "nnUNet_def_n_proc": str(max(1, workers)),
        LOADERS: str(max(1, workers - 1)),  # and one more for the validation
        _COMPILE: os.environ.get(_COMPILE, "f"),  # wants a C compiler, and minutes
        "nnUNet_wandb_enabled": "0",  # nothing is sent anywhere
    }
    with _environment(wanted), warnings.catch_warnings(), pools_of_threads():
        warnings.simplefilter("ignore")  # those of nnU-Net and what it imports are not ours to mend
        try:
            yield
        except RuntimeError as error:
            if not any(words in str(error) for words in _WORKER_DIED):
                raise
            raise MedSSLError(
                "a process that nnU-Net had started ended, most likely as the memory did not "
                "suffice",
                do="Close other programs, or use '--workers 0', and resume the job",
            ) from error


@contextmanager
def _environment(wanted: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def use_gpu(device: str) -> str:
    """Let this process see only the GPU that is wanted; once, and before torch is imported.

    Parameters
    ----------
    device : str
        ``"cuda:N"`` counts the GPUs that this process could see so far.

    Returns
    -------
    str
        The kind of device: ``"cpu"``, ``"cuda"`` or ``"mps"``.
    """
    kind, _, number = device.partition(":")
    if kind == "cuda" and number:
        seen = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        names = seen.split(",") if seen else []
        os.environ["CUDA_VISIBLE_DEVICES"] = names[int(number)] if names else number
    return kind
