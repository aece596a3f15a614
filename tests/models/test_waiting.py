from __future__ import annotations

import os
import subprocess
import sys

import pytest

from napari_medssl.models.waiting import wait_asleep


def test_threads_wait_asleep_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    wait_asleep()
    assert os.environ["OMP_WAIT_POLICY"] == "passive"
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    wait_asleep()
    assert os.environ["OMP_WAIT_POLICY"] == "active"


def test_the_command_line_settles_it_before_torch_is_loaded():
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    code = (
        "import os, sys\n"
        "from napari_medssl.cli import app\n"
        "assert 'torch' not in sys.modules\n"
        "try: app(['info', 'nowhere.nii'])\n"
        "except SystemExit: print(os.environ['OMP_WAIT_POLICY'])\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "passive"
