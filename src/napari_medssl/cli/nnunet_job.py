"""The job behind ``medssl nnunet run``: export, train, choose, segment the cases without a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.errors import MedSSLError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_medssl.finetune.nnunet.model import NnunetCard
    from napari_medssl.finetune.nnunet.settings import NnunetSettings
    from napari_medssl.jobs import Job, Report
    from napari_medssl.project import Project


def run_nnunet_job(job: Job, report: Report, should_stop: Callable[[], bool]) -> bool:
    """Train nnU-Net on a project's cases; see `jobs.Recipe`.

    Of the job's artifacts, ``model`` and ``masks`` are the result; ``work`` can be deleted when
    it is done.
    """
    from napari_medssl.cli.nnunet_source import export_source, open_source
    from napari_medssl.finetune.nnunet.folders import surroundings
    from napari_medssl.finetune.nnunet.recipe import run
    from napari_medssl.finetune.nnunet.reporting import TrainingStoppedError
    from napari_medssl.io import atomic_write

    given = job.spec.arguments
    settings = settings_of(job)
    work = job.artifacts / "work"
    work.mkdir(exist_ok=True)
    try:
        with surroundings(work, settings.workers):
            report.progress(0, 0, "Reading the cases")
            with open_source(given["source"], work) as project:
                training = export_source(
                    project,
                    given["source"],
                    work,
                    lambda done, of: report.progress(done, of, "Writing the cases for nnU-Net"),
                    report.warning,
                )
                model = job.artifacts / "model"
                card = run(training, settings, model, report, should_stop, atomic_write)
                _segment_rest(project, job, card, settings, report, should_stop)
    except TrainingStoppedError:
        return False
    return True


def settings_of(job: Job) -> NnunetSettings:
    """Return what a job's spec asks for; from here on this process sees only the job's GPU.

    Raises
    ------
    UsageError
        If it cannot be.
    """
    from napari_medssl.finetune.nnunet.folders import use_gpu
    from napari_medssl.finetune.nnunet.request import settings_from

    return settings_from(job.spec.arguments, use_gpu(job.spec.device), job.spec.seed)


def _segment_rest(
    project: Project,
    job: Job,
    card: NnunetCard,
    settings: NnunetSettings,
    report: Report,
    should_stop: Callable[[], bool],
) -> None:
    """Segment the cases that had no mask, unless they are there already."""
    from napari_medssl.cli.nnunet_masks import save_found, segment_with
    from napari_medssl.cli.nnunet_source import cases_without_mask
    from napari_medssl.finetune.nnunet.prediction import NnunetPredictor
    from napari_medssl.finetune.nnunet.reporting import TrainingStoppedError

    cases = cases_without_mask(job.artifacts / "work")
    left = [case for case in cases if not _mask(job, case, card).exists()]
    if not left:
        return
    (job.artifacts / "masks").mkdir(exist_ok=True)
    predictor = NnunetPredictor(job.artifacts / "model", card, settings.device)
    for done, case in enumerate(left):
        if should_stop():
            raise TrainingStoppedError
        report.progress(done, len(left), "Segmenting the cases without a mask")
        try:
            volume = project.read_image(case)
            found = segment_with(predictor, card, volume)
            save_found(found, volume, _mask(job, case, card), card)
        except MedSSLError as error:
            report.warning(f"{case} was not segmented: {error}")
    report.progress(len(left), len(left), "Done")


def _mask(job: Job, case: str, card: NnunetCard) -> Path:
    return job.artifacts / "masks" / f"{case}{card.suffix}"
