"""The house keeps its own rules: who may import whom, how long a file is, what is not there."""

from __future__ import annotations

import ast
import subprocess
import sys
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
    "jobs": set(),
    "project": {"correct", "io", "volume"},
    "cli": {
        "segment",
        "finetune",
        "jobs",
        "models",
        "project",
        "correct",
        "evaluate",
        "io",
        "volume",
    },
    "_napari": {"segment", "models", "project", "correct", "io", "volume"},
}
TORCH_FREE = {"volume", "io", "correct", "evaluate", "project", "jobs"}
WINDOW_LIBRARIES = {"napari", "qtpy", "magicgui", "superqt", "PySide6", "vispy"}
HEAVY = {"torch", "monai", "torchvision", "timm", *WINDOW_LIBRARIES}


def _files() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def _imports(path: Path, *, at_import_only: bool = False) -> set[str]:
    """Dotted names a file imports; type-checking blocks are left out."""
    names: set[str] = set()

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if at_import_only and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if isinstance(child, ast.Import):
                names.update(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module:
                names.add(child.module)
                names.update(f"{child.module}.{alias.name}" for alias in child.names)
            visit(child)

    visit(ast.parse(path.read_text("utf-8")))
    return names


def _room(path: Path) -> str:
    relative = path.relative_to(SRC)
    return relative.parts[0] if len(relative.parts) > 1 else ""


def _rooms_imported(path: Path) -> set[str]:
    return {
        parts[1]
        for parts in (name.split(".") for name in _imports(path))
        if parts[0] == "napari_medssl" and len(parts) > 1 and parts[1] in ROOMS
    }


def test_every_room_is_in_the_table() -> None:
    assert set(MAY_IMPORT) == ROOMS


@pytest.mark.parametrize("path", _files(), ids=lambda p: str(p.relative_to(SRC)))
def test_imports_go_down_only(path: Path) -> None:
    room = _room(path)
    if not room:
        return
    upward = _rooms_imported(path) - MAY_IMPORT[room] - {room}
    assert not upward, f"{path.name} may not import {sorted(upward)}"


@pytest.mark.parametrize("path", _files(), ids=lambda p: str(p.relative_to(SRC)))
def test_torch_and_qt_stay_in_their_rooms(path: Path) -> None:
    room = _room(path)
    packages = {name.split(".")[0] for name in _imports(path)}
    if room in TORCH_FREE:
        assert not packages & {"torch", "monai", "torchvision", "timm"}
    if room not in {"_napari", "cli"}:
        assert not packages & WINDOW_LIBRARIES
    if path.parent.name == "presenters":
        assert not packages & WINDOW_LIBRARIES


@pytest.mark.parametrize("path", _files(), ids=lambda p: str(p.relative_to(SRC)))
def test_files_are_one_idea(path: Path) -> None:
    lines = path.read_text("utf-8").count("\n")
    assert lines <= 400, f"{path.name} has {lines} lines; split it"
    assert path.stem not in {"utils", "helpers", "common", "misc"}


@pytest.mark.parametrize(
    "module",
    ["napari_medssl", "napari_medssl.cli", "napari_medssl._napari.reader"],
)
def test_import_is_light(module: str) -> None:
    code = f"import sys, {module}; print(' '.join({sorted(HEAVY)!r} & sys.modules.keys()))"
    code = code.replace("['", "{'").replace("']", "'}")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_manifest_modules_are_light() -> None:
    import yaml

    manifest = yaml.safe_load((SRC / "napari.yaml").read_text("utf-8"))
    commands = manifest["contributions"]["commands"]
    modules = sorted({command["python_name"].split(":")[0] for command in commands})
    assert all(module.startswith("napari_medssl._napari") for module in modules)
    heavy = sorted({"torch", "monai", "torchvision", "timm"})
    code = f"import sys, {', '.join(modules)}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_files_are_written_atomically_only() -> None:
    """Only io.atomic opens files for writing; everything else goes through it."""
    allowed = {"atomic.py"}
    writers = {"write_text", "write_bytes"}
    for path in _files():
        if path.name in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in writers, f"{path.name} writes a file; use atomic_write"
