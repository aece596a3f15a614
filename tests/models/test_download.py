"""A server that breaks off, one that cannot go on, one that sends something else."""

from __future__ import annotations

import hashlib
import http.server
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from napari_medssl.errors import WeightsError
from napari_medssl.models import model_card
from napari_medssl.models.download import download
from napari_medssl.models.weights import fetch_weights, find_weights, weights_folder

CONTENT = bytes(range(256)) * 4000


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT; each request after `breaks` of its bytes loses the connection."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = CONTENT
        self.breaks: list[int] = []
        self.ranges = True
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/weights.pth"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        self.server.asked.append(asked)
        content = self.server.content
        begin = int(match[1]) if (match := re.match(r"bytes=(\d+)-", asked)) else 0
        if begin and self.server.ranges:
            if begin >= len(content):
                self.send_response(416)
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
            content = content[begin:]
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        upto = self.server.breaks.pop(0) if self.server.breaks else len(content)
        self.wfile.write(content[:upto])

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Counter:
    total = 0
    seen = 0

    def update(self, more_bytes: int) -> None:
        self.seen += more_bytes

    def reset(self) -> None:
        self.seen = 0

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as here:
        thread = threading.Thread(target=here.serve_forever)
        thread.start()
        yield here
        here.shutdown()
        thread.join()


def card(server: Server):
    return replace(
        model_card("sam_vit_b"),
        url=server.url,
        bytes=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )


def test_a_connection_that_breaks_off_is_gone_on_with_at_once(server, tmp_path) -> None:
    server.breaks = [300_000, 100_000, 5]
    progress = Counter()
    download(server.url, tmp_path / "part", len(CONTENT), progress)
    assert (tmp_path / "part").read_bytes() == CONTENT
    begins = [int(asked.removeprefix("bytes=").removesuffix("-")) for asked in server.asked[1:]]
    assert len(begins) == 3
    assert begins == sorted(begins)
    assert 0 < begins[0] <= 300_000
    assert progress.seen == progress.total == len(CONTENT)
    assert progress.closed


def test_a_download_given_up_goes_on_when_the_command_is_run_again(server) -> None:
    server.breaks = [300_000, 0, 0]
    with pytest.raises(WeightsError, match=r"broke off after 0\.\d of 1\.0 MB.*goes on from there"):
        fetch_weights(card(server))
    assert find_weights(card(server)) is None
    (part,) = weights_folder().iterdir()
    assert part.name == f"{card(server).sha256}.part"
    begun = part.stat().st_size
    assert 0 < begun <= 300_000

    server.asked.clear()
    kept = fetch_weights(card(server))
    assert server.asked == [f"bytes={begun}-"]
    assert kept == find_weights(card(server))
    assert kept.read_bytes() == CONTENT
    assert list(weights_folder().iterdir()) == [kept]


def test_a_server_that_cannot_go_on_is_taken_from_the_start(server, tmp_path) -> None:
    server.ranges = False
    (tmp_path / "part").write_bytes(CONTENT[:1000])
    progress = Counter()
    download(server.url, tmp_path / "part", len(CONTENT), progress)
    assert (tmp_path / "part").read_bytes() == CONTENT
    assert progress.seen == len(CONTENT)


def test_a_part_that_is_not_the_files_own_is_never_kept(server) -> None:
    weights_folder().mkdir(parents=True)
    part = weights_folder() / f"{card(server).sha256}.part"
    part.write_bytes(b"x" * 1000)
    with pytest.raises(WeightsError, match="its sha256 differs"):
        fetch_weights(card(server))
    assert list(weights_folder().iterdir()) == []
    assert fetch_weights(card(server)).read_bytes() == CONTENT


def test_not_one_byte_more_is_taken_than_was_announced(server) -> None:
    server.content = CONTENT + b"more" * 100_000
    assert fetch_weights(card(server)).read_bytes() == CONTENT


def test_a_file_that_has_become_shorter_is_refused(server, tmp_path) -> None:
    server.content = CONTENT[:500]
    (tmp_path / "part").write_bytes(CONTENT[:1000])
    with pytest.raises(WeightsError, match="broke off"):
        download(server.url, tmp_path / "part", len(CONTENT))
    assert "bytes=1000-" in server.asked


def test_a_refusing_server_is_one_sentence_and_leaves_nothing(server, tmp_path: Path) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(WeightsError, match="could not be fetched") as caught:
        fetch_weights(card(server))
    assert "127.0.0.1" not in str(caught.value)
    assert list(weights_folder().iterdir()) == []
