"""Teaching a network for whole volumes from folders: the job is made, started and followed."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from napari_medssl.jobs.workplace import Workplace

_ENOUGH_PATIENTS, _PART = 10, 1 / 6


@dataclass(frozen=True)
class VolumeWishes:
    """What a person says of how a network shall learn.

    Parameters
    ----------
    network : str or None
        Key of a `NetworkCard`; chosen where None.
    init : str
        ``"scratch"``, or a trained model by name or file.
    minutes : float or None
        How long it may learn.
    steps : int or None
        How often weights change, instead.
    seed : int
        Of the random draws.
    held_out_part : float or None
        Part of the patients to judge by; None leaves it to their number.
    device : str
        As `pick_device` takes it.
    threads : int or None
        Of the processor; all where None.
    engine : str
        Name of the engine that runs the job.
    processes : int or None
        How many learn together; as many as there are GPUs for a job where None.
    protocol : str
        Key of `PROTOCOLS`.

    Raises
    ------
    UsageError
        If one of them cannot be.
    """

    network: str | None = None
    init: str = "scratch"
    minutes: float | None = 10.0
    steps: int | None = None
    seed: int = 0
    held_out_part: float | None = None
    device: str = "auto"
    threads: int | None = None
    engine: str = "here"
    processes: int | None = None
    protocol: str = "ours"

    def __post_init__(self) -> None:
        from napari_medssl.models.networks import network_card

        if self.network is not None:
            network_card(self.network)
        if self.minutes is not None and self.steps is not None:
            raise UsageError("both --minutes and --steps", expected="one of them")
        for what, value in (("minutes", self.minutes), ("steps", self.steps)):
            if value is not None and not value > 0:
                raise UsageError(f"{value} {what}", expected="more than 0")
        for what, count in (("threads", self.threads), ("processes", self.processes)):
            if count is not None and count < 1:
                raise UsageError(f"{count} {what}", expected="1 or more")

    def workplace(self) -> Workplace:
        """Return where the job is computed."""
        from napari_medssl.cli.engine_choice import choose_workplace

        return choose_workplace(
            self.engine, self.device, threads=self.threads, processes=self.processes
        )

    def arguments(self) -> dict[str, Any]:
        """Return it as a job's arguments."""
        from napari_medssl.finetune.volumes.protocols import require_protocol
        from napari_medssl.models.trained import find_trained

        start, card = (None, None) if self.init == "scratch" else find_trained(self.init)
        network = card.network if card else self.network
        require_protocol(self.protocol, network=network, begins_with_weights=card is not None)
        return {
            "protocol": self.protocol,
            "network": self.network,
            "start": str(start.absolute()) if start else None,
            "minutes": self.minutes,
            "steps": self.steps,
            "threads": self.threads or os.cpu_count() or 1,
        }


def finetune_volumes(
    cases: tuple[Path, Path],
    held_out: tuple[Path, Path] | None,
    out: Path,
    wishes: VolumeWishes,
    folder: Path | None,
    *,
    wait: bool,
    as_json: bool,
) -> None:
    """Start the job in ``out``, and follow it to its end unless told not to wait."""
    from napari_medssl.cli.jobs import store
    from napari_medssl.cli.learn_job import KIND
    from napari_medssl.cli.learned_weights import learn_in_job
    from napari_medssl.cli.nnunet_source import arguments_of
    from napari_medssl.finetune.volumes.plan import WEIGHTS
    from napari_medssl.finetune.volumes.protocols import require_judges
    from napari_medssl.jobs import new_spec

    place = wishes.workplace()
    source = arguments_of(None, *cases, everything=True)
    arguments: dict[str, Any] = {
        **replace(wishes, threads=place.threads).arguments(),
        "title": cases[0].absolute().name,
        "source": source,
        "held_out": arguments_of(None, *held_out, everything=True) if held_out else None,
        "held_out_part": _part(cases, wishes.held_out_part),
    }
    require_judges(wishes.protocol, bool(held_out or arguments["held_out_part"]))
    spec = new_spec(
        KIND,
        arguments,
        title="Learning from masks",
        seed=wishes.seed,
        device=place.device,
        processes=place.processes,
    )
    job = store(folder).create(spec, out)
    use = f"medssl segment IMAGE --model {job.folder.name}/artifacts/{WEIGHTS} ..."
    learn_in_job(job, place.engine, job.artifacts / WEIGHTS, use, wait=wait, as_json=as_json)


def _part(cases: tuple[Path, Path], asked: float | None) -> float:
    """Return which part of the patients to hold out: none of a few."""
    from napari_medssl.cli.case_files import match_files
    from napari_medssl.finetune import patient_of

    if asked is not None:
        return asked
    patients = {patient_of(name) for name in match_files(*cases).pairs}
    return _PART if len(patients) >= _ENOUGH_PATIENTS else 0.0
