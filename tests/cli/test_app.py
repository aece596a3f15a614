from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dicom_canaries import hits, write_canaries
from typer.testing import CliRunner, Result

from napari_medssl.cli import app
from napari_medssl.io.sidecar import sidecar_of
from napari_medssl.log import log_file


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
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) > 5


def test_unforeseen_errors_are_noted_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from napari_medssl.cli.app import SentenceGroup

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("typer.core.TyperGroup.main", lambda *_, **__: 1 / 0)
    with pytest.raises(SystemExit) as stop:
        SentenceGroup(name="medssl").main([])
    assert stop.value.code == 1
    assert "unforeseen" in capsys.readouterr().err
    assert "ZeroDivisionError" in log_file().read_text()


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """Run commands of the whole program, and put what they print into a folder."""
    printed = tmp_path / "printed"
    printed.mkdir()

    def invoke(*arguments: object, code: int = 0) -> Result:
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert done.exit_code == code, done.output
        (printed / f"{len(list(printed.iterdir()))}.txt").write_text(done.output)
        return done

    return invoke


def kept_by_us() -> list[Path]:
    """Log, caches and settings: every file in the folders of the user that belong to us."""
    homes = {os.environ[f"XDG_{kind}_HOME"] for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
    return [path for home in homes for path in Path(home).rglob("*") if path.is_file()]


@pytest.mark.slow
def test_a_whole_day_of_work_on_a_series_leaves_no_name_where_none_may_be(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    series, canaries = write_canaries(tmp_path / "in")
    mask, edited, project, out = (tmp_path / n for n in ("m.nii.gz", "e.nii.gz", "project", "out"))
    key = ("--deidentify", "--key", "a key of the tests")
    out.mkdir()
    run("info", series)
    run("convert", series, out / "scan.nii.gz")
    run("convert", series, out / "series", *key)
    run("prompt", series, "--out", mask, "--box", "3,4,1,12,14,1")
    run("edit", mask, "--image", series, "--tool", "grow", "--out", edited)
    run("report", series, edited, "--out", out / "page.pdf", "--anonymous")
    run("report", series, edited, "--out", out / "page.png", "--anonymous")
    run("movie", series, edited, "--out", out / "film.gif")
    run("project", "new", project)
    run("project", "add", project, series)
    run("project", "mask", project, "case-001", "--from", edited)
    run("project", "mark", project, "case-001", "--status", "done")
    for form in ("msd", "nnunet"):
        run("project", "export", project, "--as", form, "--out", out / form)
    for form in ("masks", "seg", "rtstruct"):
        run("project", "export", project, "--as", form, "--out", out / form, *key)
    run("project", "export", project, "--as", "msd", "--out", out / "msd", code=2)
    run("project", "check", project)
    run("info", series / "none.dcm", code=1)
    written = [path for path in out.rglob("*") if path.is_file()]
    assert len(written) == 23
    assert hits(canaries, written) == []
    assert kept_by_us(), "the embedding of a slice at least"
    assert hits(canaries, kept_by_us()) == []
    beside = [sidecar_of(mask), sidecar_of(edited)]
    assert hits(canaries, [mask, edited, *beside]) == []
    # what is printed may name the folder, and a project knows where its images lie
    printed = {canary for _, canary in hits(canaries, (tmp_path / "printed").iterdir())}
    assert printed <= {series.name.encode()}
    in_project = {canary for _, canary in hits(canaries, project.iterdir())}
    assert all(canary.startswith((b"DIR", b"FILE")) for canary in in_project)


def test_the_log_of_unforeseen_errors_holds_no_name(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series, canaries = write_canaries(tmp_path / "in")
    everything = b" ".join(canaries).decode()

    def break_off(path: Path, **_: object) -> None:
        try:
            raise KeyError(everything)
        except KeyError as error:
            error.add_note(everything)
            raise ValueError(f"{path}: {everything}") from error

    monkeypatch.setattr("napari_medssl.io.read_volume", break_off)
    for command in (
        ("info", series),
        ("convert", series, tmp_path / "a.nii"),
        ("prompt", series, "--out", tmp_path / "a.nii", "--point", "1,1,1"),
        ("edit", tmp_path / "a.nii", "--image", series, "--tool", "grow", "--out", tmp_path / "b"),
        ("report", series, tmp_path / "a.nii", "--out", tmp_path / "a.pdf"),
        ("movie", series, tmp_path / "a.nii", "--out", tmp_path / "a.gif"),
    ):
        run(*command, code=1)
    assert log_file().read_text().count("ValueError") == 6
    assert hits(canaries, kept_by_us()) == []
    assert hits(canaries, (tmp_path / "printed").iterdir()) == []
