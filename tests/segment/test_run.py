from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

from napari_medssl.segment.run import RunOptions


def test_what_is_asked_is_not_changed_underway() -> None:
    options = RunOptions()
    with pytest.raises(FrozenInstanceError):
        options.overlap = 0.1  # type: ignore[misc]
    assert options == RunOptions()
    assert hash(options) == hash(RunOptions())


def test_a_panel_may_ask_for_it_without_torch() -> None:
    code = "import sys, napari_medssl.segment.run; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
