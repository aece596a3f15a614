"""Small images and projects of them for the tests of this folder, and of the command line."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from napari_medssl.correct import Edit, Step
from napari_medssl.correct.proposal import Proposal, ProposedClass
from napari_medssl.io import write_volume
from napari_medssl.project import Project, create_project
from napari_medssl.volume import Geometry, Volume

CASE = "case-001"
SHAPE = (6, 8, 10)
BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "crash_safety.py"


def write_image(path: Path, seed: int = 0) -> Path:
    """Write an image of noise; another seed is another image."""
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.random.default_rng(seed).integers(0, 1000, SHAPE).astype(np.int16)
    grid = Geometry(SHAPE, (3.0, 1.0, 1.0))
    write_volume(Volume.from_source_array(array, grid, name=path.name, format="made"), path)
    return path


def project_of(folder: Path, images: int = 1) -> Project:
    """Make a project beside its images."""
    for seed in range(images):
        write_image(folder / "images" / f"scan{seed}.nii", seed)
    project = create_project(folder / "project", name="Study")
    project.add(folder / "images")
    return project


def proposal(shape: tuple[int, int, int] = SHAPE, **rest: Any) -> Proposal:
    """Return what a model might propose."""
    labels = np.zeros(shape, np.uint8)
    labels[1:3, 2:4, 2:5] = 1
    labels[3, 5:, 5:] = 2
    classes = (ProposedClass(1, "liver", (1, 2, 3)), ProposedClass(2, "spleen"))
    rest = {"settings": {"overlap": 0.5}, "notices": ("It is a CT.",), "made": "2026", **rest}
    return Proposal(labels, classes, "ct", "CT net", "c0ffee", **rest)


def brush(
    labels: np.ndarray[Any, Any], value: int, low: tuple[int, int, int], words: str = "Brush"
) -> Step:
    """Paint a small square, in place, and return it as a step."""
    z, y, x = low
    box = (slice(z, z + 1), slice(y, y + 3), slice(x, x + 3))
    before = labels[box].copy()
    labels[box] = value
    edit = Edit.between(before, labels[box], low)
    assert edit is not None
    return Step(words, edit)


def told_of(*outlines: dict[str, Any]) -> Step:
    """Return a step of kept outlines that changes no voxel."""
    return Step("Keep outline", outlines=outlines)


def paint(project: Project, *values: int, case: str = CASE) -> list[Step]:
    """Paint a square of each value, each at another place, and keep it."""
    labels = project.load(case).labels.astype(np.uint16)
    steps = []
    for n, value in enumerate(values):
        steps.append(brush(labels, value, (n % SHAPE[0], n % 5, n % 7), f"Brush {value}"))
        project.record(case, "do", steps[-1])
    return steps


def in_a_child(work: Callable[[], str], *, without_rights: bool = False) -> str:
    """Return what ``work`` returns in a process of its own, of a user who may write nowhere."""
    pipe, tell_end = os.pipe()
    child = os.fork()
    if child:
        os.close(tell_end)
        with os.fdopen(pipe, encoding="utf-8") as told:
            text = told.read()
        os.waitpid(child, 0)
        return text
    try:
        if without_rights and os.geteuid() == 0:
            os.setuid(65534)
        answer = work()
    except BaseException:  # noqa: BLE001 - the parent's tests must not go on in the child
        answer = traceback.format_exc()
    os.write(tell_end, answer.encode())
    os._exit(0)


def crash_script() -> ModuleType:
    """Return benchmarks/crash_safety.py as a module."""
    spec = spec_from_file_location("crash_safety", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    sys.modules["crash_safety"] = script
    spec.loader.exec_module(script)
    return script
