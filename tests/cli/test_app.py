from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def medssl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "napari_medssl", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_bad_input_is_one_sentence_and_exit_code_one(tmp_path: Path) -> None:
    broken = tmp_path / "scan.nii"
    broken.write_bytes(b"not a scan")
    done = medssl("info", broken)
    assert done.returncode == 1
    assert done.stderr.startswith("medssl: ")
    assert "Traceback" not in done.stderr
    assert str(tmp_path) not in done.stderr


def test_wrong_usage_is_exit_code_two(tmp_path: Path) -> None:
    done = medssl("demo", "--sample", "no-such-sample")
    assert done.returncode == 2
    assert "no-such-sample" in done.stderr
    assert medssl("info").returncode == 2


@pytest.mark.parametrize("command", ["info", "convert", "prompt", "models", "demo", "doctor"])
def test_help_says_what_a_command_does(command: str) -> None:
    done = medssl(command, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 5


def test_unforeseen_errors_are_noted_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from napari_medssl.cli.app import SentenceGroup
    from napari_medssl.log import log_file

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("typer.core.TyperGroup.main", lambda *_, **__: 1 / 0)
    with pytest.raises(SystemExit) as stop:
        SentenceGroup(name="medssl").main([])
    assert stop.value.code == 1
    assert "unforeseen" in capsys.readouterr().err
    assert "ZeroDivisionError" in log_file().read_text()
