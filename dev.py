"""Set everything up from a fresh clone, then do one thing: demo, test, check, screenshots.

    python3 dev.py demo          set up, open the window on a real scan with a finished mask
    python3 dev.py test          set up, run every test that needs no GPU and no network
    python3 dev.py check         set up, run the linter and the type checker
    python3 dev.py screenshots   set up, make the pictures of the documentation again

Only Python and pip are needed. As root on Debian or Ubuntu, the libraries that Qt and OpenGL
want are installed through apt; on any other machine they are taken to be there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TOOLS, VENV = ROOT / ".tools", ROOT / ".venv"
APT_PACKAGES = [
    *("libdbus-1-3", "libegl1", "libfontconfig1", "libgl1", "libgl1-mesa-dri", "libglib2.0-0"),
    *("libopengl0", "libxcb-cursor0", "libxcb-icccm4", "libxcb-image0", "libxcb-keysyms1"),
    *("libxcb-randr0", "libxcb-render-util0", "libxcb-shape0", "libxcb-xinerama0", "libxcb-xkb1"),
    *("libxkbcommon-x11-0", "xauth", "xvfb"),
]
IN_PARALLEL = ["--numprocesses", "auto"]
WITHOUT_WINDOW = ["-p", "no:napari", "-p", "no:npe2", "-p", "no:pytest-qt", "--no-xvfb"]


def run(*command: str | Path, env: dict[str, str] | None = None) -> None:
    """Run a command and stop, with its exit code, if it fails."""
    print("+", *(str(part) for part in command), flush=True)
    code = subprocess.run([str(part) for part in command], cwd=ROOT, env=env).returncode
    if code:
        sys.exit(code)


def install_system_libraries() -> None:
    """Install what Qt and OpenGL need, where apt and the right to use it are at hand."""
    if not (sys.platform == "linux" and shutil.which("apt-get") and os.geteuid() == 0):
        return
    done = TOOLS / "apt-done"  # a renamed package answers to its old name in apt, not in dpkg
    if done.exists():
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "-qq", env=quiet)
    run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *APT_PACKAGES, env=quiet)
    TOOLS.mkdir(exist_ok=True)
    done.touch()


def uv() -> Path:
    """Find uv, or bring it with pip into a folder of its own (no virtual environment needed)."""
    on_path = shutil.which("uv")
    if on_path:
        return Path(on_path)
    name = "uv.exe" if os.name == "nt" else "uv"
    if not list(TOOLS.glob(f"*/{name}")):
        run(sys.executable, "-m", "pip", "install", "--quiet", "--target", TOOLS, "uv")
    return next(TOOLS.glob(f"*/{name}"))


def python() -> Path:
    """Return the project's own Python, with everything installed."""
    inside = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not inside.exists():
        run(uv(), "venv", "--quiet", "--python", ">=3.11", VENV)
    install = [uv(), "pip", "install", "--quiet", "--python", inside]
    run(*install, "--constraint", "constraints.txt", "--group", "dev", "--editable", ".[all]")
    return inside


def on_a_screen(*, virtual: bool) -> list[str]:
    """Prefix for a command that opens a window: nothing, or a virtual screen."""
    has_screen = sys.platform != "linux" or os.environ.get("DISPLAY")
    if has_screen and not virtual:
        return []
    if shutil.which("xvfb-run"):
        return ["xvfb-run", "-a", "-s", "-screen 0 1280x1024x24"]
    if has_screen:
        return []
    sys.exit("There is no screen and no xvfb-run. Install the packages xvfb and xauth.")


def demo(arguments: list[str]) -> None:
    """Open the window; where there is no screen, on a virtual one, and save what it showed."""
    command = [python(), "-m", "napari_medssl", "demo"]
    if "--headless" in arguments:
        run(*command, *arguments)
    elif on_a_screen(virtual=False):
        picture = "demo-output/window.png"
        run(*on_a_screen(virtual=False), *command, "--screenshot", picture, *arguments)
    else:
        run(*command, *arguments)


def test(arguments: list[str]) -> None:
    """Run the tests without a window first, which also proves that the core is free of one."""
    pytest = [python(), "-m", "pytest"]
    # a thread each, as processes share the processors; and what Python compiles is kept, as the
    # tests start some hundred processes that import PyTorch
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(TOOLS / "pycache")}
    env = {**os.environ, "OMP_NUM_THREADS": "1", **compiled}
    for marks, shared_out in (("not slow", "worksteal"), ("slow", "loadfile")):
        core = [*pytest, *WITHOUT_WINDOW, *IN_PARALLEL, "--dist", shared_out]
        run(*core, "-m", f"{marks} and not gui and not gpu", *arguments, env=env)
    gui = [*pytest, *IN_PARALLEL, "--dist", "worksteal"]  # each on a virtual screen of its own
    run(*gui, "-m", "gui", "tests/_napari", *arguments, env=env)


def check(_: list[str]) -> None:
    """Run the linter, the formatter and the type checker."""
    inside = python()
    run(inside, "-m", "ruff", "check")
    run(inside, "-m", "ruff", "format", "--check")
    run(inside, "-m", "mypy")


def screenshots(arguments: list[str]) -> None:
    """Make the documentation's pictures."""
    run(*on_a_screen(virtual=True), python(), "docs/screenshots.py", *arguments)


TASKS = {"demo": demo, "test": test, "check": check, "screenshots": screenshots}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in TASKS:
        sys.exit(__doc__)
    install_system_libraries()
    TASKS[sys.argv[1]](sys.argv[2:])
