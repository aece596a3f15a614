"""A parser that crashes, hangs or eats memory takes only its child process with it."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

import numpy as np
import pytest

from napari_medssl.errors import GeometryError, UnreadableFileError
from napari_medssl.io.child import run_in_child

GIB = 2**30


def squares(request: list[int]) -> np.ndarray[Any, Any]:
    return np.array(request) ** 2


def crash(_: Any) -> np.ndarray[Any, Any]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return np.zeros(1)


def hang(_: Any) -> np.ndarray[Any, Any]:
    time.sleep(60)
    return np.zeros(1)


def eat(_: Any) -> np.ndarray[Any, Any]:
    return np.ones(4 * GIB, np.uint8)


def refuse(_: Any) -> np.ndarray[Any, Any]:
    raise GeometryError("a grid", expected="another", do="Try again")


def _run(function: Any, request: Any = None, timeout_s: float = 60) -> np.ndarray[Any, Any]:
    return run_in_child(
        function, request, subject="'x.dcm'", timeout_s=timeout_s, memory_bytes=GIB // 4
    )


def test_the_array_comes_back() -> None:
    assert _run(squares, [1, 2, 3]).tolist() == [1, 4, 9]


def test_a_sentence_of_the_child_is_the_parents() -> None:
    with pytest.raises(GeometryError, match=r"a grid; expected another\. Try again\."):
        _run(refuse)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_crash_is_a_sentence() -> None:
    with pytest.raises(UnreadableFileError, match=r"'x\.dcm' made its decoder stop \(signal 11\)"):
        _run(crash)


def test_a_hang_is_ended() -> None:
    started = time.perf_counter()
    with pytest.raises(UnreadableFileError, match="given up"):
        _run(hang, timeout_s=2)
    assert time.perf_counter() - started < 20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces the limit")
def test_too_much_memory_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match="far more memory"):
        _run(eat)


def test_nothing_is_left_behind(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    _run(squares, [1])
    with pytest.raises(GeometryError):
        _run(refuse)
    assert list(tmp_path.iterdir()) == []
