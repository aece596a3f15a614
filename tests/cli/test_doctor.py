from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from napari_medssl.cli import app, doctor


@pytest.fixture(autouse=True)
def _no_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window is looked at by a process of its own; that is tested with the window tests."""
    seen = doctor.Finding("Qt and OpenGL", "ok", "a fake")
    monkeypatch.setattr("napari_medssl.cli.doctor._window", lambda: seen)


def test_finds_versions_device_weights_and_folders() -> None:
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert done.exit_code == 0, done.output
    findings = {row["what"]: row for row in json.loads(done.stdout)}
    assert findings["torch"]["state"] == "ok"
    assert findings["Weights: LiteMedSAM"]["state"] == "ok"
    assert findings["Cache folder"]["state"] == "ok"
    assert "GiB" in findings["Memory"]["seen"]


def test_what_is_missing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_medssl.cli.doctor._PACKAGES", ("no-such-package",))
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 1
    assert "no-such-package" in done.output


def test_an_unwritable_folder_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert done.exit_code == 1
    rows = {row["what"]: row["state"] for row in json.loads(done.stdout)}
    assert rows["Cache folder"] == "missing"
