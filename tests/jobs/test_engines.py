from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tiny_jobs import ENGINE, ended, tiny_job

from napari_medssl.errors import UsageError
from napari_medssl.jobs import sent
from napari_medssl.jobs.cluster import ClusterEngine
from napari_medssl.jobs.engine_settings import RaySettings, SlurmSettings
from napari_medssl.jobs.engines import Engines
from napari_medssl.jobs.sent import Sent, read_heard, write_sent


@dataclass
class Names:
    kept: dict[str, RaySettings | SlurmSettings] = field(default_factory=dict)

    def engines(self) -> dict[str, RaySettings | SlurmSettings]:
        return self.kept


NAMES = Names({"gpu": RaySettings(packed=True), "hpc": SlurmSettings()})


def test_each_job_has_its_engine(tmp_path: Path) -> None:
    engines = Engines(ENGINE, NAMES)
    assert engines.names() == ("here", "gpu", "hpc")
    job = tiny_job(tmp_path)
    assert engines.of(job) is ENGINE
    write_sent(job.folder, Sent("gpu", "7", 1))
    gpu = engines.of(job)
    assert isinstance(gpu, ClusterEngine)
    assert (gpu.name, gpu.packed) == ("gpu", True)
    write_sent(job.folder, Sent("hpc", "7", 1))
    hpc = engines.of(job)
    assert isinstance(hpc, ClusterEngine)
    assert (hpc.name, hpc.packed) == ("hpc", False)
    assert engines.named("here") is ENGINE
    with pytest.raises(UsageError, match="there is no engine 'no'; expected 'here' or 'gpu'"):
        engines.named("no")


def test_a_job_of_this_machine_runs_as_ever(tmp_path: Path) -> None:
    engines = Engines(ENGINE, NAMES)
    job = tiny_job(tmp_path, steps=5)
    engines.submit(job)
    assert ended(job) == "done"
    assert engines.status(job).state == "done"
    assert engines.logs(job) == ""
    with pytest.raises(UsageError, match="is done already"):
        engines.stop(job)


def test_a_job_of_an_engine_that_was_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = Engines(ENGINE, Names())
    job = tiny_job(tmp_path)
    write_sent(job.folder, Sent("gpu", "7", 1))
    engines.refresh(job)
    heard = read_heard(job.folder)
    assert heard is not None
    assert "there is no engine 'gpu'" in heard.words
    monkeypatch.setattr(sent, "PATIENCE_S", -1.0)
    engines.refresh(job)
    status = engines.status(job)
    assert (status.state, "medssl jobs engines add" in status.message) == ("interrupted", True)
    with pytest.raises(UsageError, match="there is no engine 'gpu'"):
        engines.stop(job)
