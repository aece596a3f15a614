"""The job behind ``medssl pretrain``: images in, an encoder out."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.jobs import Job, Report


def run_pretrain_job(job: Job, report: Report, should_stop: Callable[[], bool]) -> bool:
    """Learn from a folder of images, or the scans of a project; see `jobs.Recipe`.

    Of the job's artifacts ``encoder.safetensors`` and its card are the result.
    """
    from napari_medssl.cli.pretrain_images import sources_of
    from napari_medssl.cli.pretrain_probe import drawn_examples
    from napari_medssl.io import atomic_write
    from napari_medssl.models.networks.planned import PlannedNetwork
    from napari_medssl.pretrain.pretraining import Tools, Wanted, learn_without_labels

    given = job.spec.arguments
    planned = given.get("planned")
    tools = Tools(atomic_write, report, partial(_show, job.artifacts), should_stop)
    with ExitStack() as opened:
        wanted = Wanted(
            method=given["method"],
            sources=sources_of(job, report, opened),
            title=given["title"],
            device=job.spec.device,
            threads=given["threads"],
            minutes=given["minutes"],
            steps=given["steps"],
            scale=given["scale"],
            network=given["network"],
            planned=PlannedNetwork.from_row(planned) if planned else None,
            dimensions=given["dimensions"],
            seed=job.spec.seed,
            changes=given["changes"],
            drawn=drawn_examples(job, opened),
        )
        card = learn_without_labels(wanted, job.artifacts, tools)
    return card is not None and not should_stop()


def _show(folder: Path, step: int, pictures: Mapping[str, NDArray[Any]]) -> None:
    """Write ``preview-000100.png``."""
    from napari_medssl.io.picture_row import write_picture_row

    if pictures:
        write_picture_row(folder / f"preview-{step:06d}.png", pictures)
