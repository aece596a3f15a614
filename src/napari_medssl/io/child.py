"""Running a parser that may crash, hang or eat all memory in a process of its own.

A damaged image can bring down a decoder written in C, and with it the whole window and every
unsaved stroke. In a child it can only bring down the child: the parent gets a sentence.

The child is started as ``python -m napari_medssl.io.child FUNCTION FOLDER``; the request comes
over its standard input and the array goes back as a file in a private temporary folder.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl import errors
from napari_medssl.errors import MedSSLError, UnreadableFileError
from napari_medssl.io.gate import COPY_AGAIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_OUT_OF_MEMORY = 77  # exit code
_RESULT, _REFUSAL = "result.npy", "refusal.json"
#: what the interpreter, numpy and a codec need before they hold a single pixel
_BASE_BYTES = 2**30
_THREADS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)


def run_in_child(
    function: Callable[[Any], NDArray[Any]],
    request: Any,
    *,
    subject: str,
    timeout_s: float,
    memory_bytes: int,
) -> NDArray[Any]:
    """Return ``function(request)``, computed in a child process.

    Parameters
    ----------
    function : callable
        A function at the top level of an importable module; takes the request, returns an array.
    request : JSON-able
        What to hand to it.
    subject : str
        What is being read, for the message: a file's name in quotes.
    timeout_s : float
        Seconds after which the child is ended.
    memory_bytes : int
        What the child may use beyond an interpreter's own needs (not enforced on Windows).

    Raises
    ------
    UnreadableFileError
        If the child crashes, takes too long, runs out of memory or fails in an unforeseen way.
    MedSSLError
        Whatever `function` raised of this family.
    """
    with tempfile.TemporaryDirectory(prefix="medssl-") as folder:
        name = f"{function.__module__}:{function.__qualname__}"
        options = [name, folder, str(memory_bytes + _BASE_BYTES)]
        try:
            code = _launch(options, json.dumps(request), timeout_s)
        except subprocess.TimeoutExpired:
            raise UnreadableFileError(
                f"{subject} was still being decoded after {timeout_s:.0f} seconds and was given up",
                do=COPY_AGAIN,
            ) from None
        return _collect(Path(folder), subject, code)


def _launch(options: list[str], request: str, timeout_s: float) -> int:
    """Run the child to its end and return its exit code."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-P", "-m", __name__, *options],
        input=request.encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=timeout_s,
        env=_environment(),
        cwd=options[1],
        check=False,
    )
    return done.returncode


def _collect(folder: Path, subject: str, code: int) -> NDArray[Any]:
    refusal = folder / _REFUSAL
    if refusal.exists():
        kind, *words = json.loads(refusal.read_text("utf-8"))
        raise getattr(errors, kind)(words[0], expected=words[1], do=words[2])
    if code == _OUT_OF_MEMORY:
        raise UnreadableFileError(
            f"{subject} needs far more memory than its header declares", do=COPY_AGAIN
        )
    if code != 0:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise UnreadableFileError(f"{subject} made its decoder stop ({how})", do=COPY_AGAIN)
    array: NDArray[Any] = np.load(folder / _RESULT, allow_pickle=False)
    return array


def _environment() -> dict[str, str]:
    # one thread: each further one reserves address space that the memory limit counts
    return {
        **os.environ,
        **dict.fromkeys(_THREADS, "1"),
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }


def _limit_memory(limit: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit; the time limit still holds
        return
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the image
    except (ValueError, OSError):  # macOS refuses some limits
        return


def main(name: str, folder: str, memory: str) -> None:
    """Be the child: run the function called ``module:function`` and leave its array or refusal."""
    _limit_memory(int(memory))
    module, _, qualified = name.partition(":")
    try:
        array = getattr(importlib.import_module(module), qualified)(json.load(sys.stdin))
        np.save(Path(folder) / _RESULT, array, allow_pickle=False)
    except MedSSLError as error:
        refusal = [type(error).__name__, error.came, error.expected, error.do]
        with (Path(folder) / _REFUSAL).open("w", encoding="utf-8") as file:
            json.dump(refusal, file)
    except MemoryError:
        sys.exit(_OUT_OF_MEMORY)


if __name__ == "__main__":
    main(*sys.argv[1:])
