"""``medssl segment``: masks of whole volumes by a trained network."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from napari_medssl.errors import MedSSLError, StoppedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl.cli.segment_files import SegmentFiles
    from napari_medssl.cli.segment_report import Finished
    from napari_medssl.io import LabelInfo
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.segment.automatic import AutomaticSegmenter, RunOptions

_STOPPED = 130


def segment(
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help="Images, or folders of them.")
    ],
    model: Annotated[str, typer.Option(help="A trained model, by its name or its .safetensors.")],
    out: Annotated[
        Path,
        typer.Option(help="Mask to write: .nii, .nii.gz, .nrrd, .mha, .dcm, .png; or a folder."),
    ],
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    overlap: Annotated[
        float, typer.Option(help="Part of a window shared with the next, 0 to below 1.")
    ] = 0.5,
    flips: Annotated[
        bool, typer.Option("--flips", help="Average with the mirror image, where sides allow it.")
    ] = False,
    keep_largest: Annotated[
        str | None,
        typer.Option(metavar="all|1,2", help="Keep only the largest part of these labels."),
    ] = None,
    min_ml: Annotated[float, typer.Option(help="Remove parts smaller than this, in ml.")] = 0,
    probability: Annotated[
        Path | None, typer.Option(help="Also write probabilities, a file for each label.")
    ] = None,
    uncertainty: Annotated[
        Path | None, typer.Option(help="Also write where the model is unsure, 0 to 1.")
    ] = None,
    volume: Annotated[int, typer.Option(help="Which volume of a 4-D image, from 0.")] = 0,
    series: Annotated[int | None, typer.Option(help="Which series of a folder.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Outline everything a trained model knows, on the image's own grid.

    With several images OUT is a folder, and each mask is called as its image; --probability and
    --uncertainty are folders then too. Ctrl-C ends it: masks that were finished stay.
    """
    from napari_medssl.cli.segment_files import SegmentFiles, images_of, require_all_free

    card = _card(model)
    images = [image for place in images for image in images_of(place)]
    several = len(images) > 1 or out.is_dir() or not out.suffix
    jobs = [
        SegmentFiles.of(image, out, probability, uncertainty, several=several) for image in images
    ]
    require_all_free(jobs, card, force=force)
    from napari_medssl.segment.automatic import RunOptions, load_automatic

    options = RunOptions(
        overlap=overlap,
        flips=flips,
        keep_largest=_labels_to_keep(keep_largest),
        min_mm3=min_ml * 1000,
        probability=probability is not None,
        uncertainty=uncertainty is not None,
    )
    segmenter = load_automatic(model, device)
    batch = _Batch(segmenter, options, volume, series)
    stopped = batch.run(jobs)
    from napari_medssl.cli.segment_report import report

    report(segmenter.card, segmenter.device, batch.finished, batch.failed, as_json=json)
    if stopped:
        print(
            f"medssl: stopped; {len(batch.finished)} of {len(jobs)} masks are saved.",
            file=sys.stderr,
        )
        raise typer.Exit(_STOPPED)
    if batch.failed:
        raise typer.Exit(1)


def _card(model: str) -> TrainedCard:
    """Find the model, and say what a name is that stands for something else."""
    from napari_medssl.models import model_cards
    from napari_medssl.models.networks import network_cards
    from napari_medssl.models.trained import find_trained

    try:
        _, card = find_trained(model)
    except UsageError:
        if model in network_cards():
            raise UsageError(
                f"'{model}', a network whose weights nobody has trained here yet",
                expected="a trained model",
                do="Add trained weights with 'medssl models add FILE', or train it with "
                "'medssl finetune'",
            ) from None
        if model in model_cards():
            raise UsageError(
                f"'{model}', which outlines what a point or a box marks",
                expected="a model trained to outline by itself",
                do="Use 'medssl prompt' with it, or 'medssl models list' to see others",
            ) from None
        raise
    return card


def _labels_to_keep(text: str | None) -> tuple[int, ...] | Literal["all"]:
    if text is None:
        return ()
    if text == "all":
        return "all"
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() for part in parts):
        raise UsageError(f"--keep-largest {text}", expected="'all', or label values as 1,2")
    return tuple(int(part) for part in parts)


class _Batch:
    """Runs the model on one image after the other."""

    def __init__(
        self, segmenter: AutomaticSegmenter, options: RunOptions, volume: int, series: int | None
    ) -> None:
        self._segmenter, self._options = segmenter, options
        self._volume, self._series = volume, series
        self.finished: list[Finished] = []
        self.failed: dict[str, str] = {}

    def run(self, jobs: list[SegmentFiles]) -> bool:
        """Run all, and return whether it was stopped."""
        from napari_medssl.cli.stopping import stop_on_interrupt

        with ExitStack() as stack:
            bar = stack.enter_context(_Bar())
            stop = stack.enter_context(stop_on_interrupt("Stopping after this window ..."))
            for number, job in enumerate(jobs, 1):
                bar.begin(job.image.name if len(jobs) == 1 else f"{number} of {len(jobs)}")
                try:
                    self.finished.append(self._one(job, bar.show, stop))
                except (StoppedError, KeyboardInterrupt):
                    return True
                except MedSSLError as error:
                    if len(jobs) == 1:
                        raise
                    self.failed[job.image.name] = str(error)
                if stop() and number < len(jobs):
                    return True
        return False

    def _one(
        self, job: SegmentFiles, progress: Callable[[int, int], None], stop: Callable[[], bool]
    ) -> Finished:
        import numpy as np

        from napari_medssl.cli.segment_report import Finished
        from napari_medssl.io import read_volume, write_labels, write_volume
        from napari_medssl.segment.fitness import fitness

        card = self._segmenter.card
        scan = read_volume(job.image, volume=self._volume, series=self._series)
        misfits = fitness(card, scan)
        result = self._segmenter.run(scan, self._options, progress=progress, stop=stop)
        for target in job.targets(card):
            target.parent.mkdir(parents=True, exist_ok=True)
        if result.probability is not None:
            for likely, file in zip(result.probability[1:], job.probabilities(card), strict=True):
                write_volume(scan.with_values(likely.astype(np.float32)), file)
        if result.uncertainty is not None and job.uncertainty is not None:
            write_volume(scan.with_values(result.uncertainty.astype(np.float32)), job.uncertainty)
        write_labels(
            result.labels,
            scan,
            job.mask,
            labels=_label_infos(card),
            provenance={"models": [_told(card, self._options, result.patch)]},
        )
        return Finished.of(job.image, job.mask, scan, result, card, misfits)


def _label_infos(card: TrainedCard) -> list[LabelInfo]:
    from napari_medssl.io.label_table import LabelInfo, unnamed_label

    named = [
        LabelInfo(c.value, c.name, c.colour or unnamed_label(c.value).colour) for c in card.classes
    ]
    return sorted(named, key=lambda info: info.value)


def _told(card: TrainedCard, options: RunOptions, patch: tuple[int, ...]) -> dict[str, Any]:
    """Return where the labels come from, for the file beside the mask."""
    return {
        "labels": [c.value for c in card.classes],
        "model": card.name,
        "title": card.title,
        "weights_sha256": card.sha256,
        "window": list(patch),
        "overlap": options.overlap,
        "flips": options.flips,
        "keep_largest": options.keep_largest,
        "min_mm3": options.min_mm3,
    }


class _Bar:
    """Windows done, and the time left, on the error stream."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

        columns = ("{task.description}", BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        console = Console(stderr=True)
        self._bar = Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        )
        self._task = self._bar.add_task("", total=None)

    def begin(self, words: str) -> None:
        """Start again for another image."""
        self._bar.reset(self._task, total=None, description=words)

    def show(self, done: int, of: int) -> None:
        """Show how many of how many windows are done."""
        self._bar.update(self._task, completed=done, total=of)

    def __enter__(self) -> _Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
