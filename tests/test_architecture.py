"""The house keeps its own rules: who may import whom, how long a file is, what is not there."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[1] / "src" / "napari_medssl"
ROOMS = {path.name for path in SRC.iterdir() if path.is_dir()} - {"resources", "__pycache__"}

#: room -> rooms it may import. Everyone may import errors.
MAY_IMPORT = {
    "volume": set(),
    "io": {"volume"},
    "correct": {"volume"},
    "evaluate": {"volume"},
    "models": {"volume"},
    "segment": {"models", "volume"},
    "finetune": {"models", "volume"},
    "pretrain": {"models", "volume"},
    "jobs": set(),
    "project": {"correct", "io", "volume"},
    "cli": {
        "segment",
        "finetune",
        "pretrain",
        "jobs",
        "models",
        "project",
        "correct",
        "evaluate",
        "io",
        "volume",
    },
    "_napari": {
        "segment",
        "finetune",
        "pretrain",
        "jobs",
        "models",
        "project",
        "correct",
        "io",
        "volume",
    },
}
TORCH_FREE = {"volume", "io", "correct", "evaluate", "project", "jobs"}
WINDOW_LIBRARIES = {"napari", "qtpy", "magicgui", "superqt", "PySide6", "vispy"}
TORCH = {"torch", "monai", "torchvision", "timm"}
HEAVY = TORCH | WINDOW_LIBRARIES

each_room = pytest.mark.parametrize("room", sorted(ROOMS))


def _files(room: str | None = None) -> list[Path]:
    """All files, or those of a room."""
    return sorted((SRC / room if room else SRC).rglob("*.py"))


@cache
def _tree(path: Path) -> ast.AST:
    return ast.parse(path.read_text("utf-8"))


@cache
def _imports(path: Path) -> set[str]:
    """Dotted names a file imports; type-checking blocks are left out."""
    names: set[str] = set()

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING":
                continue
            if isinstance(child, ast.Import):
                names.update(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module:
                names.add(child.module)
                names.update(f"{child.module}.{alias.name}" for alias in child.names)
            visit(child)

    visit(_tree(path))
    return names


def _rooms_imported(path: Path) -> set[str]:
    return {
        parts[1]
        for parts in (name.split(".") for name in _imports(path))
        if parts[0] == "napari_medssl" and len(parts) > 1 and parts[1] in ROOMS
    }


def test_every_room_is_in_the_table() -> None:
    assert set(MAY_IMPORT) == ROOMS


@each_room
def test_imports_go_down_only(room: str) -> None:
    for path in _files(room):
        upward = _rooms_imported(path) - MAY_IMPORT[room] - {room}
        assert not upward, f"{path.relative_to(SRC)} may not import {sorted(upward)}"


@each_room
def test_torch_and_qt_stay_in_their_rooms(room: str) -> None:
    for path in _files(room):
        forbidden = set(TORCH) if room in TORCH_FREE else set()
        if room not in {"_napari", "cli"} or path.parent.name == "presenters":
            forbidden |= WINDOW_LIBRARIES
        found = forbidden & {name.split(".")[0] for name in _imports(path)}
        assert not found, f"{path.relative_to(SRC)} may not import {sorted(found)}"


def test_files_are_one_idea() -> None:
    for path in _files():
        lines = path.read_text("utf-8").count("\n")
        assert lines <= 400, f"{path.name} has {lines} lines; split it"
        assert path.stem not in {"utils", "helpers", "common", "misc"}


def _loaded_by(*modules: str, of: set[str]) -> str:
    """What of some packages is there once modules are imported in a new process."""
    code = f"import sys, {', '.join(modules)}; print(*sorted({of!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_import_is_light() -> None:
    modules = ("napari_medssl", "napari_medssl.cli", "napari_medssl._napari.reader")
    assert _loaded_by(*modules, of=HEAVY) == ""


@pytest.mark.slow
def test_manifest_modules_are_light() -> None:
    import yaml

    manifest = yaml.safe_load((SRC / "napari.yaml").read_text("utf-8"))
    commands = manifest["contributions"]["commands"]
    modules = sorted({command["python_name"].split(":")[0] for command in commands})
    assert all(module.startswith("napari_medssl._napari") for module in modules)
    assert _loaded_by(*modules, of=TORCH) == ""


def test_files_are_written_atomically_only() -> None:
    """Only io.atomic opens files for writing; everything else goes through it."""
    allowed = {"atomic.py"}
    writers = {"write_text", "write_bytes"}
    for path in _files():
        if path.name in allowed:
            continue
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Attribute):
                assert node.attr not in writers, f"{path.name} writes a file; use atomic_write"
