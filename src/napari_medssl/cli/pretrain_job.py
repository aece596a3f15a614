"""The job behind ``medssl pretrain``: images in, an encoder out."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from napari_medssl.jobs import Job, Report
    from napari_medssl.pretrain.images import Source

KIND = "pretrain"

_IMAGES = "images.json"


def run_pretrain_job(job: Job, report: Report, should_stop: Callable[[], bool]) -> bool:
    """Learn from a folder of images; see `jobs.Recipe`.

    Of the job's artifacts ``encoder.safetensors`` and its card are the result.
    """
    from napari_medssl.io import atomic_write
    from napari_medssl.pretrain.pretraining import Tools, Wanted, learn_without_labels

    given = job.spec.arguments
    wanted = Wanted(
        method=given["method"],
        sources=_sources(job, report),
        title=given["title"],
        device=job.spec.device,
        threads=given["threads"],
        minutes=given["minutes"],
        steps=given["steps"],
        scale=given["scale"],
        network=given["network"],
        dimensions=given["dimensions"],
        seed=job.spec.seed,
        changes=given["changes"],
    )
    tools = Tools(atomic_write, report, partial(_show, job.artifacts), should_stop)
    return learn_without_labels(wanted, job.artifacts, tools) is not None and not should_stop()


def _sources(job: Job, report: Report) -> list[Source]:
    """Return the images of the folder, found once: a run that goes on learns from the same."""
    from napari_medssl.errors import UsageError
    from napari_medssl.io import read_volume
    from napari_medssl.jobs.files import get_json, put_json
    from napari_medssl.pretrain.images import Source
    from napari_medssl.project.images import find_images

    listed = job.artifacts / _IMAGES
    if not listed.is_file():
        finds = find_images(Path(job.spec.arguments["images"]), None)
        for number, (_, why) in enumerate(finds.broken, 1):
            report.warning(f"File {number} of those that cannot be opened: {why}")
        rows = [[str(found.path), found.series] for found in finds.images]
        put_json(listed, {"images": rows})
    rows = get_json(listed)["images"]
    if not rows:
        raise UsageError("a folder without images", expected="images that 'medssl info' can read")
    return [
        Source(f"image-{number:05d}", partial(read_volume, Path(path), volume=0, series=series))
        for number, (path, series) in enumerate(rows, 1)
    ]


def _show(folder: Path, step: int, pictures: Mapping[str, NDArray[Any]]) -> None:
    """Write ``preview-000100.png``."""
    from napari_medssl.io.picture_row import write_picture_row

    if pictures:
        write_picture_row(folder / f"preview-{step:06d}.png", pictures)
