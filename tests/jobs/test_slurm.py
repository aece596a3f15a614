"""Slurm's commands as small programs of ours, and submitit as far as we use it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tiny_jobs import tiny_job

from napari_medssl.errors import MedSSLError, NoAnswerError, UsageError
from napari_medssl.jobs import slurm
from napari_medssl.jobs.engine_settings import SlurmSettings
from napari_medssl.jobs.slurm import SlurmCluster
from napari_medssl.jobs.slurm_task import SlurmTask

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Slurm is not for Windows")


class Executor:
    """Keeps what it was asked for."""

    last: Any = None
    refuses = ""

    def __init__(self, folder: Path, max_num_timeout: int, python: str) -> None:
        self.folder, self.python, self.wanted = folder, python, {}
        Executor.last = self

    def update_parameters(self, **wanted: Any) -> None:
        self.wanted = wanted

    def submit(self, task: SlurmTask) -> SimpleNamespace:
        if Executor.refuses:
            raise RuntimeError(f"sbatch\nsbatch: error: {Executor.refuses}")
        self.task = task
        return SimpleNamespace(job_id="42")


class Slurm:
    """Puts commands on the path that print what a test says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def says(self, command: str, out: str = "", err: str = "", code: int = 0) -> None:
        text = f"#!/bin/sh\ncat <<'E'\n{out}\nE\ncat >&2 <<'E'\n{err}\nE\nexit {code}\n"
        self._put(command, text)

    def hangs(self, command: str) -> None:
        self._put(command, "#!/bin/sh\nexec sleep 60\n")

    def _put(self, command: str, text: str) -> None:
        path = self.folder / command
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IEXEC)


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slurm:
    found = Slurm(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(found.folder), prepend=os.pathsep)
    monkeypatch.setitem(sys.modules, "submitit", SimpleNamespace(SlurmExecutor=Executor))
    monkeypatch.setattr(Executor, "refuses", "")
    found.says("sinfo", "slurm 22.05\nmain*")
    return found


def cluster(**more: Any) -> SlurmCluster:
    return SlurmCluster("hpc", SlurmSettings(**more))


def test_a_job_is_sent(made_up: Slurm, tmp_path: Path) -> None:
    job = tiny_job(tmp_path / "jobs")
    ours = cluster(python="/opt/py", gpus=2, cpus=6, hours=0.5, memory_gb=3, partition="main")
    assert ours.send(job, 1) == "42"
    asked = Executor.last
    assert asked.wanted == {
        "job_name": "medssl",
        "time": 30,
        "cpus_per_task": 6,
        "gpus_per_node": 2,
        "partition": "main",
        "mem": "3072MB",
        "signal_delay_s": 60,
    }
    assert asked.task == SlurmTask(str(job.folder), "/opt/py")
    assert asked.folder == job.folder / "slurm"


@pytest.mark.parametrize(
    ("told", "phase"),
    [
        ("PENDING", "waits"),
        ("CONFIGURING", "waits"),
        ("RUNNING", "works"),
        ("COMPLETING", "works"),
        ("COMPLETED", "over"),
        ("OUT_OF_MEMORY", "over"),
        ("", "over"),
    ],
)
def test_states(made_up: Slurm, told: str, phase: str) -> None:
    made_up.says("squeue", told)
    assert cluster().look("42").phase == phase


def test_why_it_is_over(made_up: Slurm) -> None:
    made_up.says("squeue", "OUT_OF_MEMORY")
    assert cluster().look("42").words == "Slurm says out of memory."
    made_up.says("squeue", err="slurm_load_jobs error: Invalid job id specified", code=1)
    assert cluster().look("42").phase == "over"


def test_it_does_not_answer(made_up: Slurm, tmp_path: Path, monkeypatch: Any) -> None:
    words = "Unable to contact slurm controller (connect failure)"
    for command in ("squeue", "sinfo", "scancel"):
        made_up.says(command, err=f"{command}: error: {words}", code=1)
    for ask in (
        lambda: cluster().look("42"),
        lambda: cluster().end("42"),
        lambda: cluster().check(),
        lambda: cluster().send(tiny_job(tmp_path / "jobs"), 1),
    ):
        with pytest.raises(NoAnswerError, match="'hpc' does not answer"):
            ask()
    monkeypatch.setattr(slurm, "_TIMEOUT_S", 0.3)
    made_up.hangs("squeue")
    with pytest.raises(NoAnswerError, match="'hpc' does not answer"):
        cluster().look("42")


def test_garbage_is_no_answer(made_up: Slurm) -> None:
    made_up.says("squeue", "<html>42</html>")
    with pytest.raises(NoAnswerError, match="no answer"):
        cluster().look("42")


def test_refused_it_says_what_slurm_said(made_up: Slurm, tmp_path: Path) -> None:
    Executor.refuses = "Batch job submission failed: Invalid account"
    with pytest.raises(MedSSLError, match="did not take the job: sbatch: error: Batch"):
        cluster().send(tiny_job(tmp_path / "jobs"), 1)


def test_what_is_missing_is_told(made_up: Slurm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cluster().check() == "Slurm 22.05\nmain* answers."
    with pytest.raises(UsageError, match="there is no partition 'night'"):
        cluster(partition="night").check()
    monkeypatch.setenv("PATH", str(made_up.folder / "none"))
    with pytest.raises(UsageError, match="'squeue' is not on this machine"):
        cluster().look("42")
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(UsageError, match="submitit is not installed"):
        cluster().check()


def test_what_was_printed_beside_the_log(made_up: Slurm, tmp_path: Path) -> None:
    job = tiny_job(tmp_path / "jobs")
    assert cluster().printed(job, "42") == ""
    (job.folder / "slurm").mkdir()
    (job.folder / "slurm" / "42_0_log.err").write_text("no '/opt/secret/py' here\n")
    assert cluster().printed(job, "42") == "no <path> here\n"


def test_the_task_runs_the_job_and_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    echo = tmp_path / "python"
    echo.write_text(f"#!/bin/sh\necho $* > {tmp_path}/told\nexit 3\n")
    echo.chmod(0o755)
    task = SlurmTask(str(tmp_path / "job"), str(echo))
    assert task() == 3
    told = (tmp_path / "told").read_text().strip()
    assert told == f"-P -m napari_medssl jobs exec --sent {tmp_path}/job"
    again = SimpleNamespace(DelayedSubmission=lambda one: ("again", one))
    monkeypatch.setitem(sys.modules, "submitit.helpers", again)
    assert task.checkpoint() == ("again", task)
