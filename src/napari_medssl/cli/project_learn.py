"""``medssl project learn``: teach a network the cases that are done, and measure what it gained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_medssl.cli.jobs import Folder, follow, store
from napari_medssl.cli.project import to_change
from napari_medssl.cli.project_words import say
from napari_medssl.errors import ReadOnlyError

if TYPE_CHECKING:
    from napari_medssl.cli.finetune_volumes import VolumeWishes
    from napari_medssl.jobs import Job
    from napari_medssl.jobs.workplace import Workplace
    from napari_medssl.project import Project
    from napari_medssl.project.learn_task import LearnTask
    from napari_medssl.project.versions import ModelVersion

_MINUTES, _PATIENCE_S = 10.0, 60.0
_RESEARCH = "Research use only. Not a medical device."


def learn_project(
    folder: Annotated[Path, typer.Argument(help="The project's folder.")],
    minutes: Annotated[
        float | None, typer.Option(help="How long it may learn; 10 unless --steps says it.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="How often weights change, instead of a time.")
    ] = None,
    init: Annotated[
        str,
        typer.Option(
            help="What it begins with: auto, scratch, current, or a trained model by name or file."
        ),
    ] = "auto",
    protocol: Annotated[
        str, typer.Option(help="How it is taught; those of 'medssl finetune', where they fit.")
    ] = "ours",
    seed: Annotated[int, typer.Option(help="Decides every random draw.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Of the processor; all unless given.")] = None,
    engine: Annotated[
        str, typer.Option(help="Where it learns: here, or a name of 'medssl jobs engines list'.")
    ] = "here",
    processes: Annotated[
        int | None, typer.Option(help="Learn together, a GPU each; all GPUs of a job if not given.")
    ] = None,
    cross_validate: Annotated[
        bool, typer.Option(help="Where few can judge, who is learned from judges too.")
    ] = True,
    background: Annotated[
        bool, typer.Option("--background", help="Do not wait: see 'medssl jobs'.")
    ] = False,
    jobs: Folder = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Learn from the cases that are done, and judge on patients who are never learned from.

    Each patient is on one side for ever: the ledger of the project keeps who. What was learned
    waits as a candidate, and is proposed only if it is better than the model in use; see 'medssl
    project models'. Ctrl-C keeps what was learned, and 'medssl jobs resume' goes on.
    """
    from napari_medssl.cli.encoders import offer_finished
    from napari_medssl.cli.finetune_volumes import VolumeWishes
    from napari_medssl.project.open_ends import OpenEnds, open_ends_words

    wishes = VolumeWishes(
        minutes=(minutes or _MINUTES) if steps is None else minutes,
        steps=steps,
        seed=seed,
        device=device,
        threads=threads,
        engine=engine,
        processes=processes,
    )
    place = wishes.workplace()
    offered = offer_finished(store(jobs).jobs()) if init == "auto" else []
    with to_change(folder) as project:
        here = replace(wishes, threads=place.threads)
        task = plan(
            project, init, here, place.device, cross_validate=cross_validate, protocol=protocol
        )
        open_ends = OpenEnds().count(project, map(project.case, task.training))
    job = _job(task, place, seed, jobs)
    if not json:
        heed = filter(None, [open_ends_words(open_ends)])
        print("\n".join([*offered, *_plan_lines(task), *heed]))
    place.engine.submit(job)
    if background:
        words = (
            f"The job {job.spec.id} has begun. When it is done: "
            f"medssl project models {folder} --from {job.spec.id}"
        )
        say({"id": job.spec.id, "folder": str(job.folder)}, words, as_json=json)
        return
    try:
        status = follow(job, as_json=False)
    except KeyboardInterrupt:
        status = place.engine.stop(job, patience_s=_PATIENCE_S)
    if status.state != "done":
        facts = {"id": job.spec.id, "state": status.state, "message": status.message}
        words = f"The job {job.spec.id} is {status.state}. {status.message}".rstrip()
        go_on = f"Go on: medssl jobs resume {job.spec.id}"
        say(
            facts,
            words,
            f"{go_on}; then medssl project models {folder} --from {job.spec.id}",
            as_json=json,
        )
        raise typer.Exit(1)
    _say_result(folder, job, as_json=json)


def plan(
    project: Project,
    init: str,
    wishes: VolumeWishes,
    device: str,
    *,
    cross_validate: bool = True,
    protocol: str = "ours",
) -> LearnTask:
    """Decide who learns, who judges and what it begins with; the ledger keeps the first two.

    Raises
    ------
    UsageError
        If nothing is done, there is no such model to begin with, or the protocol is not for it.
    """
    from napari_medssl.finetune import patient_of
    from napari_medssl.finetune.starting import starter
    from napari_medssl.project.learn_plan import plan_learning

    how = {**wishes.arguments(), "cross_validate": cross_validate, "protocol": protocol}
    return plan_learning(project, patient_of, starter(init, device, protocol), how)


def take_in_job(project: Project, job: Job) -> ModelVersion:
    """Take what a finished job learned into its project, as a candidate.

    Raises
    ------
    UsageError
        If it is of another kind or project, or not done.
    MedSSLError
        If something of it is missing, or the project cannot be written.
    """
    from napari_medssl.finetune.volumes.plan import WEIGHTS
    from napari_medssl.models.trained import read_card
    from napari_medssl.project.learn_task import finished_task, take_in

    task, weights = finished_task(job.spec, job.status().state), job.artifacts / WEIGHTS
    return take_in(project, task, job.artifacts, weights, read_card(weights))


def _job(task: LearnTask, place: Workplace, seed: int, jobs: Path | None) -> Job:
    from napari_medssl.jobs import new_spec
    from napari_medssl.project.learn_task import KIND

    spec = new_spec(
        KIND,
        task.arguments,
        title=task.job_title,
        seed=seed,
        device=place.device,
        processes=place.processes,
    )
    return store(jobs).create(spec)


def _plan_lines(task: LearnTask) -> list[str]:
    from napari_medssl.cli.learn_folds import is_crossed

    def counted(count: int, what: str) -> str:
        return f"{count} {what}{'' if count == 1 else 's'}"

    def people(cases: tuple[str, ...]) -> str:
        patients = len({task.marks[case] for case in cases})
        return f"{counted(len(cases), 'case')} of {counted(patients, 'patient')}"

    sides = [f"Learned from: {people(task.training)}"]
    sides += [f"choosing the weights: {people(task.validation)}"] if task.validation else []
    sides += [f"judging: {people(task.test)}"] if task.test else ["judging: nobody yet"]
    lines = [f"{'; '.join(sides)}.", task.start_words]
    if is_crossed(task, task.test):
        lines.append("As few judge, those learned from judge in turn (cross-validation).")
    return lines


def _say_result(folder: Path, job: Job, *, as_json: bool) -> None:
    """Take the candidate in, and tell what the gate says; another window may be in the way."""
    from napari_medssl.cli.version_words import label_lines, version_facts, version_lines
    from napari_medssl.project.learn_task import read_gate

    try:
        with to_change(folder) as project:
            version = take_in_job(project, job)
    except ReadOnlyError as error:
        gate: dict[str, Any] = read_gate(job.artifacts)
        how = f"Take it in later: medssl project models {folder} --from {job.spec.id}"
        lines = [gate["verdict"]["words"], *label_lines(gate["labels"]), str(error), how, _RESEARCH]
        say({"id": job.spec.id, "state": "done", "figures": gate}, *lines, as_json=as_json)
        return
    facts = {"id": job.spec.id, "state": "done", "model": version_facts(version)}
    say(facts, *version_lines(version, str(folder)), _RESEARCH, as_json=as_json)
