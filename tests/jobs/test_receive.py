"""A packed job comes, is worked on in a process, and goes home through what is printed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tiny_jobs import tiny_job, wait_for

from napari_medssl.jobs import Job, jobs_folder
from napari_medssl.jobs.homeward import own_words, take_in
from napari_medssl.jobs.parcel import pack

TINY = Path(__file__).with_name("tiny_job.py")
CODE = (
    "import sys; from pathlib import Path; from napari_medssl.jobs.receive import receive; "
    f"sys.exit(0 if receive(Path(sys.argv[1]), (sys.executable, {str(TINY)!r})) else 1)"
)


def parcel_of(job: Job, folder: Path) -> Path:
    pack(job.spec, folder / "parcel.zip")
    with zipfile.ZipFile(folder / "parcel.zip") as parcel:
        parcel.extractall(folder / "parcel")
    return folder / "parcel"


def start(parcel: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CODE, str(parcel)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_it_is_done_there_and_known_here(tmp_path: Path) -> None:
    (tmp_path / "scan").write_text("voxels")
    job = tiny_job(tmp_path / "jobs", steps=6, scan=str(tmp_path / "scan"))
    work = start(parcel_of(job, tmp_path))
    printed, _ = work.communicate(timeout=60)
    assert work.returncode == 0
    lines = take_in(job, printed, 0)
    assert job.status().state == "done"
    assert len((job.artifacts / "result").read_text()) == 64
    assert take_in(job, printed, lines) == lines
    assert str(tmp_path) not in own_words(printed)
    assert not (jobs_folder().with_name("received") / job.spec.id).exists()


def test_stopped_there_it_stays_and_goes_on(tmp_path: Path) -> None:
    job = tiny_job(tmp_path / "jobs", steps=400)
    parcel = parcel_of(job, tmp_path)
    work = start(parcel)
    place = jobs_folder().with_name("received") / job.spec.id
    wait_for((place / "artifacts" / "saved").exists)
    work.terminate()
    printed, _ = work.communicate(timeout=60)
    take_in(job, printed, 0)
    assert job.status().state == "cancelled"
    assert (job.artifacts / "saved").exists()
    assert place.is_dir()
    work = start(parcel)
    printed, _ = work.communicate(timeout=60)
    take_in(job, printed, 0)
    assert job.status().state == "done"
    steps = [event.facts["step"] for event in job.events()[0] if event.kind == "metric"]
    assert len(steps) == len(set(steps)) == 400  # none twice
