"""``medssl jobs engines``: the clusters that jobs can be sent to."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING, Annotated

import typer

from napari_medssl.cli.jobs_work import path_pairs
from napari_medssl.cli.project_words import say
from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from napari_medssl.jobs.engine_settings import RaySettings, SlurmSettings

engines_app = typer.Typer(
    no_args_is_help=True, help="Clusters that jobs can be sent to: list, add, remove, test."
)

_Name = Annotated[str, typer.Argument(help="What you call it.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@engines_app.command("list")
def list_engines(json: _Json = False) -> None:
    """List the engines; 'here' is this machine."""
    from napari_medssl.jobs.engine_settings import EngineBook

    engines = EngineBook().engines()
    if json:
        rows = {name: one.model_dump(mode="json") for name, one in sorted(engines.items())}
        print(json_text.dumps(rows, ensure_ascii=False))
        return
    print("here         this machine")
    for name, one in sorted(engines.items()):
        print(f"{name:12} {_in_words(one)}")


@engines_app.command("add")
def add_engine(
    name: _Name,
    ray: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Ray cluster: http://127.0.0.1:8265.")
    ] = None,
    slurm: Annotated[
        bool, typer.Option("--slurm", help="A Slurm cluster whose commands work here.")
    ] = False,
    gpus: Annotated[int | None, typer.Option(help="GPUs a job; none unless given.")] = None,
    cpus: Annotated[
        int | None, typer.Option(help="Processor cores a job; one unless given.")
    ] = None,
    python: Annotated[
        str | None, typer.Option(help="The Python there that has napari-medssl.")
    ] = None,
    packed: Annotated[
        bool, typer.Option("--packed", help="Ray: images travel with the job; no shared folder.")
    ] = False,
    path: Annotated[
        list[str] | None,
        typer.Option(metavar="FROM=TO", help="Ray: where a folder of this machine is there."),
    ] = None,
    token_file: Annotated[str | None, typer.Option(help="Ray: file with the token.")] = None,
    partition: Annotated[str | None, typer.Option(help="Slurm: where jobs run.")] = None,
    account: Annotated[str | None, typer.Option(help="Slurm: whose hours are used.")] = None,
    hours: Annotated[
        float | None, typer.Option(help="Slurm: time of a job, 24 unless given; then it goes on.")
    ] = None,
    memory_gb: Annotated[float | None, typer.Option(help="Slurm: memory of a job.")] = None,
) -> None:
    """Name a cluster; its name then goes to --engine of 'medssl finetune' and others."""
    from napari_medssl.jobs.engine_settings import EngineBook, settings_from

    if (ray is None) != slurm:
        raise UsageError("neither --ray nor --slurm, or both", expected="one of them")
    only_ray: dict[str, object] = {
        "address": ray,
        "packed": packed or None,
        "token_file": token_file,
    }
    only_ray["paths"] = path_pairs(path) or None
    only_slurm: dict[str, object] = {"partition": partition, "account": account}
    only_slurm |= {"hours": hours, "memory_gb": memory_gb}
    own, other = (only_slurm, only_ray) if slurm else (only_ray, only_slurm)
    stray = [key for key, value in other.items() if value is not None]
    if stray:
        option = stray[0].rstrip("s") if stray[0] == "paths" else stray[0]
        raise UsageError(f"--{option.replace('_', '-')} for a cluster of the other kind")
    settings = settings_from(
        "slurm" if slurm else "ray", gpus=gpus, cpus=cpus, python=python, **own
    )
    EngineBook().add(name, settings)
    print(f"'{name}' is named. See whether it answers: medssl jobs engines test {name}")


@engines_app.command("remove")
def remove_engine(name: _Name) -> None:
    """Forget a cluster; jobs that run there go on, but are not looked after any more."""
    from napari_medssl.jobs.engine_settings import EngineBook

    EngineBook().remove(name)
    print(f"'{name}' is forgotten.")


@engines_app.command("test")
def ask_engine(name: _Name, json: _Json = False) -> None:
    """Ask a cluster whether it is there, and takes our jobs."""
    from napari_medssl.jobs.engines import Engines

    words = "This machine." if name == "here" else Engines().cluster(name).check()
    say({"engine": name, "words": words}, words, as_json=json)


def _in_words(one: RaySettings | SlurmSettings) -> str:
    gets = f"{one.gpus} GPU{'s' if one.gpus > 1 else ''}" if one.gpus else "no GPU"
    gets += f" and {one.cpus} core{'s' if one.cpus > 1 else ''} a job"
    if one.kind == "ray":
        return f"Ray at {one.address}, {gets}{', images packed' if one.packed else ''}"
    where = f", partition {one.partition}" if one.partition else ""
    return f"Slurm{where}, {gets}, {one.hours:g} h at once"
