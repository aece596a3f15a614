"""What a run of learning is asked for, and what it is lent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.finetune.volumes.examples import Example
    from napari_medssl.finetune.volumes.judging import Look
    from napari_medssl.finetune.volumes.plan import VolumePlan
    from napari_medssl.finetune.volumes.prepared import Prepared
    from napari_medssl.models.report import Report
    from napari_medssl.models.trained import OutputClass
    from napari_medssl.models.weights import AtomicWrite


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is to be learned, and on what.

    Parameters
    ----------
    training, held_out : sequences of Example
        To learn from, and to choose the best weights by.
    labels : mapping of int to OutputClass
        Names and colours by label value.
    title : str
        Of the network that comes out.
    device : str
        As `pick_device` returned it.
    threads : int
        Of the processor.
    minutes : float or None
        How long learning may take; None where `steps` says it.
    steps : int or None
        How often weights change, instead of a time.
    seed : int
        Decides every random draw.
    network : str or None
        Key of a `NetworkCard`; chosen where None.
    start : Path or None
        Weights of ours to begin with; None begins with random ones.
    protocol : str
        Key of `PROTOCOLS`.
    """

    training: Sequence[Example]
    held_out: Sequence[Example]
    labels: Mapping[int, OutputClass]
    title: str
    device: str
    threads: int
    minutes: float | None = 10.0
    steps: int | None = None
    seed: int = 0
    network: str | None = None
    start: Path | None = None
    protocol: str = "ours"


@dataclass(frozen=True, eq=False)
class Tools:
    """What a run is lent: this package may import neither files, nor windows, nor metrics.

    Parameters
    ----------
    write : callable
        ``io.atomic_write``.
    look_with : callable
        A plan and a device -> what finds classes in a prepared image.
    show : callable
        Step, case, and what was found: for pictures of how it learns.
    report : Report
        Is told of everything.
    stop : callable
        True ends the run and keeps the best so far.
    """

    write: AtomicWrite
    look_with: Callable[[VolumePlan, str], Look]
    report: Report
    show: Callable[[int, Prepared, NDArray[Any]], None] = lambda *_: None
    stop: Callable[[], bool] = lambda: False
