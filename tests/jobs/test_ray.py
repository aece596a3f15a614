"""Ray's HTTP, answered by a small server of ours: well, badly, or not at all."""

from __future__ import annotations

import json
import socket
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tiny_jobs import tiny_job

from napari_medssl.errors import NoAnswerError, UnreadableFileError, UsageError
from napari_medssl.jobs import ray
from napari_medssl.jobs.engine_settings import RaySettings
from napari_medssl.jobs.ray import RayCluster


class FakeRay(ThreadingHTTPServer):
    """Answers as Ray's head does."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.jobs: dict[str, dict[str, Any]] = {}
        self.packages: dict[str, bytes] = {}
        self.stopped: list[str] = []
        self.token, self.status, self.body = "", 200, None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    server: FakeRay

    def log_message(self, *_: object) -> None:
        pass

    def _say(self, told: object, status: int = 200) -> None:
        fake = self.server
        body = fake.body if fake.body is not None else json.dumps(told).encode()
        self.send_response(fake.status if fake.status != 200 else status)
        self.send_header("Content-Length", str(len(body)))
        if fake.status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def _handle(self) -> None:
        fake, (_, _, *path) = self.server, self.path.rstrip("/").split("/")
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if fake.token and self.headers.get("Authorization") != f"Bearer {fake.token}":
            self._say({}, 401)
        elif path == ["version"]:
            self._say({"ray_version": "2.60.0"})
        elif path[0] == "packages":
            fake.packages[path[-1]] = data
            self._say({})
        elif self.command == "POST" and path == ["jobs"]:
            request = json.loads(data)
            fake.jobs[request["submission_id"]] = {**request, "status": "PENDING"}
            self._say({"submission_id": request["submission_id"]})
        elif path == ["jobs"]:
            self._say([])
        elif path[1] not in fake.jobs:
            self._say(f"Job {path[1]} does not exist", 404)
        elif path[-1] == "stop":
            fake.stopped.append(path[1])
            self._say({"stopped": True})
        elif path[-1] == "logs":
            self._say({"logs": "printed\n"})
        else:
            self._say(fake.jobs[path[1]])

    do_GET = do_POST = do_PUT = _handle  # noqa: N815


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "none"))


@pytest.fixture
def fake() -> Iterator[FakeRay]:
    server = FakeRay()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def cluster(fake: FakeRay | str, **more: Any) -> RayCluster:
    address = fake if isinstance(fake, str) else fake.address
    return RayCluster("gpu", RaySettings(address=address, **more))


def test_a_job_is_sent_looked_at_and_ended(fake: FakeRay, tmp_path: Path) -> None:
    ours = cluster(
        fake, python="/opt/our python", gpus=2, cpus=8, paths={str(tmp_path): "/srv/share"}
    )
    job = tiny_job(tmp_path)
    handle = ours.send(job, 3)
    request = fake.jobs[handle]
    assert handle == f"medssl-{job.spec.id}-3"
    assert request["entrypoint"] == (
        "'/opt/our python' -P -m napari_medssl jobs exec --sent "
        f"--path={tmp_path}=/srv/share /srv/share/{job.spec.id}"
    )
    assert (request["entrypoint_num_gpus"], request["entrypoint_num_cpus"]) == (2, 8)
    assert "working_dir" not in request["runtime_env"]
    assert ours.look(handle).phase == "waits"
    for status, phase in (("RUNNING", "works"), ("SUCCEEDED", "over")):
        fake.jobs[handle]["status"] = status
        assert ours.look(handle).phase == phase
    fake.jobs[handle] |= {
        "status": "FAILED",
        "message": "It failed in '/home/DOE^JANE/x y'.\nmore",
    }
    assert ours.look(handle).words == "It failed in <path>."
    assert ours.printed(job, handle) == "printed\n"
    ours.end(handle)
    assert fake.stopped == [handle]


def test_a_packed_job_takes_its_files_along(fake: FakeRay, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.nii").write_text("voxels")
    job = tiny_job(tmp_path / "jobs", images=str(tmp_path / "scans"))
    handle = cluster(fake, packed=True).send(job, 1)
    name = fake.jobs[handle]["runtime_env"]["working_dir"].removeprefix("gcs://")
    with zipfile.ZipFile(BytesIO(fake.packages[name])) as parcel:
        assert "inputs/0/scans/a.nii" in parcel.namelist()
    assert fake.jobs[handle]["entrypoint"].endswith("jobs receive .")
    assert not (job.folder / "parcel.zip").exists()


def test_of_a_job_that_ray_forgot(fake: FakeRay, tmp_path: Path) -> None:
    ours = cluster(fake)
    seen = ours.look("medssl-lost")
    assert seen.phase == "over"
    assert "started anew" in seen.words
    assert ours.printed(tiny_job(tmp_path), "medssl-lost") == ""
    ours.end("medssl-lost")


def test_the_token_goes_to_ray_and_nowhere_else(fake: FakeRay, tmp_path: Path) -> None:
    fake.token = "s3cret"  # noqa: S105
    with pytest.raises(NoAnswerError, match="wants a token"):
        cluster(fake).check()
    file = tmp_path / "token"
    file.write_text("wrong\n")
    ours = cluster(fake, token_file=str(file))
    with pytest.raises(NoAnswerError, match="refused the token"):
        ours.check()
    file.write_text("s3cret\n")
    assert ours.check() == "Ray 2.60.0 answers."
    job = tiny_job(tmp_path / "jobs")
    ours.send(job, 1)
    for path in job.folder.rglob("*"):
        assert path.is_dir() or "s3cret" not in path.read_text()
    assert "s3cret" not in json.dumps(fake.jobs)
    assert "s3cret" not in repr(ours)
    file.unlink()
    with pytest.raises(UnreadableFileError, match="token for 'gpu'"):
        ours.check()


def test_the_token_where_ray_looks_for_it(
    fake: FakeRay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.token = "s3cret"  # noqa: S105
    (tmp_path / "none").write_text("s3cret")
    cluster(fake).check()
    monkeypatch.setenv("RAY_AUTH_TOKEN", "other")
    with pytest.raises(NoAnswerError, match="refused"):
        cluster(fake).check()


@pytest.mark.parametrize(
    "address", ["http://10.0.0.7:8265", "https://gpu.example", "http://127.0.0.1.example:8265"]
)
def test_another_machine_without_a_token_is_not_spoken_to(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def called(*_: object) -> None:
        raise AssertionError("spoken to")

    monkeypatch.setattr(socket, "create_connection", called)
    with pytest.raises(UsageError, match="is another machine, and there is no token"):
        cluster(address).check()


@pytest.mark.parametrize("address", ["ftp://127.0.0.1", "127.0.0.1:8265", "http://a:b@127.0.0.1"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(UsageError, match="the address of 'gpu'"):
        cluster(address).check()


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(NoAnswerError, match="'gpu' does not answer"):
        cluster(address).check()


def test_somebody_who_never_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "_TIMES", (0.2, 0.2))
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(NoAnswerError, match="does not answer"),
    ):
        cluster(f"http://127.0.0.1:{silent.getsockname()[1]}").look("x")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>hello</html>", "no answer of Ray's"),
        (404, b"<html>not found</html>", "no answer of Ray's"),
        (200, b'["a"]', "no answer of Ray's"),
        (200, b'{"status": "DANCING"}', "no answer of Ray's"),
        (200, b"\xff\xfe\x00", "no answer of Ray's"),
        (500, b"Traceback /home/DOE", "answered with an error (500)"),
        (302, b"", "answered with an error (302)"),
    ],
)
def test_garbage_is_a_sentence(fake: FakeRay, status: int, body: bytes, said: str) -> None:
    fake.status, fake.body = status, body
    fake.jobs["x"] = {}
    with pytest.raises(NoAnswerError) as caught:
        cluster(fake).look("x")
    assert said in str(caught.value)
    assert "DOE" not in str(caught.value)


def test_an_answer_without_an_end(fake: FakeRay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "_MOST_BYTES", 100_000)
    fake.body = b"x" * 1_000_000
    with pytest.raises(NoAnswerError, match="does not end"):
        cluster(fake).look("x")
