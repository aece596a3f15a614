"""What a run of nnU-Net is asked for; free of torch, so that a window can ask too."""

from __future__ import annotations

from dataclasses import dataclass

from napari_medssl.errors import UsageError
from napari_medssl.finetune.nnunet.configurations import FOLDS, TITLES

LEAST_CASES = len(FOLDS)


@dataclass(frozen=True)
class NnunetSettings:
    """What to train, and how long.

    Parameters
    ----------
    configurations : tuple of str
        Names; all that the plan makes where empty.
    folds : tuple of int
        Of nnU-Net's five.
    epochs, iterations : int
        Of each training; steps an epoch. nnU-Net's own are 1,000 and 250.
    memory_gb : float
        GPU memory that the planned windows shall fit into; nnU-Net's own is 8.
    workers : int
        Processes that load windows beside the training, and threads that prepare and save; 0 does
        all in one process.
    device : str
        ``"cpu"``, ``"cuda"`` or ``"mps"``: nnU-Net takes the first GPU that it sees, so
        `folders.use_gpu` comes before.
    encoder : str
        Path of weights that the encoder begins with; by chance where empty.
    seed : int
        Of the random draws.

    Raises
    ------
    UsageError
        If one of them cannot be.
    """

    configurations: tuple[str, ...] = ()
    folds: tuple[int, ...] = FOLDS
    epochs: int = 1000
    iterations: int = 250
    memory_gb: float = 8.0
    workers: int = 2
    device: str = "cpu"
    encoder: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if unknown := [name for name in self.configurations if name not in TITLES]:
            raise UsageError(f"the configuration '{unknown[0]}'", expected=", ".join(TITLES))
        if not self.folds or not set(self.folds) <= set(FOLDS):
            raise UsageError(f"the folds {list(self.folds)}", expected="some of 0, 1, 2, 3, 4")
        for what, value, least in (
            ("epochs", self.epochs, 1),
            ("iterations", self.iterations, 1),
            ("workers", self.workers, 0),
        ):
            if value < least:
                raise UsageError(f"{value} {what}", expected=f"{least} or more")
        if not self.memory_gb > 0:
            raise UsageError(f"{self.memory_gb:g} GB of memory", expected="more than 0")

    @property
    def validation_iterations(self) -> int:
        """Steps an epoch on which it is measured: a fifth, as nnU-Net's own 50 of 250."""
        return max(1, self.iterations // 5)


def parse_configurations(text: str) -> tuple[str, ...]:
    """Read ``auto`` or names with commas between.

    Raises
    ------
    UsageError
        If a name is unknown.
    """
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    return () if names == ("auto",) else NnunetSettings(configurations=names).configurations


def parse_folds(text: str) -> tuple[int, ...]:
    """Read ``all`` or numbers with commas between.

    Raises
    ------
    UsageError
        If there is none, or one that nnU-Net does not have.
    """
    if text.strip() == "all":
        return FOLDS
    try:
        folds = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError as error:
        raise UsageError(f"the folds '{text}'", expected="all, or numbers such as 0,1") from error
    return NnunetSettings(folds=folds).folds
