from __future__ import annotations

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from napari_medssl.errors import MedSSLError, WeightsError
from napari_medssl.io import atomic_write
from napari_medssl.models import ModelCard, model_card, model_cards, weights
from napari_medssl.models.load import load_engine
from napari_medssl.models.weights import (
    add_weights,
    fetch_weights,
    find_weights,
    installed_weights,
    own_weights,
    weights_folder,
)


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small file that the card of SAM ViT-B, for the length of a test, takes for its weights."""
    path = tmp_path / "somebody's copy.bin"
    tensors = {"image_encoder.patch_embed.proj.weight": torch.zeros(768, 1)}
    torch.save(tensors, path)
    data = path.read_bytes()
    card = replace(
        model_card("sam_vit_b"), sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)
    )
    cards = {**model_cards(), "sam_vit_b": card}
    monkeypatch.setattr(weights, "model_cards", lambda: cards)
    return path


def card() -> ModelCard:
    return weights.model_cards()["sam_vit_b"]


def test_added_weights_are_known_by_content_and_found_again(published: Path) -> None:
    assert find_weights(card()) is None
    assert add_weights(published, atomic_write).name == "sam_vit_b"
    kept = find_weights(card())
    assert kept == weights_folder() / "sam_vit_b_01ec64.pth"
    assert kept is not None
    assert kept.read_bytes() == published.read_bytes()
    assert installed_weights(card()) == (kept, card().sha256)


def test_the_carried_weights_need_no_adding() -> None:
    path = find_weights(model_card("litemedsam"))
    assert path is not None
    assert add_weights(path, atomic_write).name == "litemedsam"
    assert not weights_folder().exists()


def test_a_damaged_copy_is_refused(published: Path) -> None:
    data = bytearray(published.read_bytes())
    spot = data.index(bytes(512))
    data[spot + 100] ^= 1
    published.write_bytes(data)
    with pytest.raises(WeightsError, match="damaged copy of SAM ViT-B"):
        add_weights(published, atomic_write)
    with pytest.raises(WeightsError, match="The copy is damaged"):
        own_weights(published, card())
    assert find_weights(card()) is None


def test_weights_of_ones_own_are_named_each_time(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    torch.save({"image_encoder.patch_embed.proj.weight": torch.ones(768, 1)}, path)
    with pytest.raises(WeightsError, match="--model medsam or sam_vit_b --weights FILE"):
        add_weights(path, atomic_write)
    assert own_weights(path, card())[0] == path


def test_a_stranger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "unet.pth"
    torch.save({"encoder.weight": torch.ones(3)}, path)
    with pytest.raises(WeightsError, match=r"'unet\.pth' belongs to none of the networks"):
        add_weights(path, atomic_write)
    with pytest.raises(WeightsError, match="cannot be read"):
        add_weights(tmp_path / "missing.pth", atomic_write)


def test_a_copy_that_breaks_off_leaves_nothing(published: Path) -> None:
    def failing(path: Path, write: Any, verify: Any) -> None:
        atomic_write(path, lambda part: part.write_bytes(b"half"), verify)

    with pytest.raises(MedSSLError):
        add_weights(published, failing)
    assert list(weights_folder().iterdir()) == []


def test_altered_weights_are_never_loaded(published: Path) -> None:
    add_weights(published, atomic_write)
    kept = find_weights(card())
    assert kept is not None
    kept.write_bytes(kept.read_bytes() + b"x")
    with pytest.raises(WeightsError, match="have been altered"):
        installed_weights(card())


def test_missing_weights_say_how_to_get_them() -> None:
    with pytest.raises(WeightsError, match="medssl models fetch sam_vit_h"):
        load_engine("sam_vit_h", device="cpu")


@pytest.fixture
def server(published: Path) -> Iterator[str]:
    """The published file, on this machine's own loopback."""
    handler = functools.partial(_Quiet, directory=str(published.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as here:
        thread = threading.Thread(target=here.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{here.server_port}/somebody's%20copy.bin"
        here.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class _Counter:
    total = 0
    seen = 0

    def update(self, more_bytes: int) -> None:
        self.seen += more_bytes

    def reset(self) -> None:
        self.seen = 0

    def close(self) -> None:
        self.closed = True


def test_fetched_weights_are_checked_and_shown(published: Path, server: str) -> None:
    progress = _Counter()
    kept = fetch_weights(replace(card(), url=server), progress)
    assert kept.read_bytes() == published.read_bytes()
    assert find_weights(card()) == kept
    assert progress.seen == progress.total == card().bytes


def test_another_file_is_never_kept(server: str) -> None:
    other = replace(card(), url=server, sha256="0" * 64)
    with pytest.raises(WeightsError, match="its sha256 differs"):
        fetch_weights(other)
    assert list(weights_folder().iterdir()) == []


def test_no_network_is_one_sentence() -> None:
    nowhere = replace(card(), url="http://127.0.0.1:9/weights.pth")
    with pytest.raises(WeightsError, match="could not be fetched") as caught:
        fetch_weights(nowhere)
    assert "127.0.0.1" not in str(caught.value)
    assert list(weights_folder().iterdir()) == []


def test_a_full_disk_is_said_beforehand() -> None:
    with pytest.raises(WeightsError, match="MB are free"):
        fetch_weights(replace(card(), bytes=10**18))
