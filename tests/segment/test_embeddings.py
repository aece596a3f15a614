from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from bright_engine import BrightEngine

from napari_medssl.models.promptable import Embedding
from napari_medssl.segment.embeddings import EmbeddingCache, embedding_key
from napari_medssl.segment.slices import SlicePicture


def embedding(value: float = 1.0) -> Embedding:
    return Embedding(np.full((2, 8, 8), value, np.float32), (5, 7), (6, 8), "f" * 64)


def picture(value: int = 3, pixel_mm: tuple[float, float] = (1.0, 1.0)) -> SlicePicture:
    return SlicePicture(np.full((4, 6, 3), value, np.uint8), pixel_mm)


def test_a_file_gives_back_the_same_to_the_bit(tmp_path: Path) -> None:
    made = embedding(1 / 3)
    EmbeddingCache(tmp_path).put("key", made)
    found = EmbeddingCache(tmp_path).get("key")
    assert found is not None
    np.testing.assert_array_equal(found.features, made.features)
    assert (found.size, found.inside, found.weights_hash) == ((5, 7), (6, 8), "f" * 64)


def test_files_are_for_this_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "embeddings"
    EmbeddingCache(folder).put("key", embedding())
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_without_a_folder_nothing_is_written(tmp_path: Path) -> None:
    cache = EmbeddingCache(None, memory_items=1)
    cache.put("a", embedding())
    assert cache.get("a") is not None
    cache.put("b", embedding())
    assert cache.get("a") is None
    assert not list(tmp_path.iterdir())


def test_memory_lets_go_of_what_was_used_longest_ago() -> None:
    cache = EmbeddingCache(None, memory_items=2)
    cache.put("a", embedding())
    cache.put("b", embedding())
    cache.get("a")
    cache.put("c", embedding())
    assert cache.get("b") is None
    assert cache.get("a") is not None


def test_the_disk_lets_go_of_what_was_used_longest_ago(tmp_path: Path) -> None:
    EmbeddingCache(tmp_path).put("size", embedding())
    (file,) = tmp_path.iterdir()
    two = 2 * file.stat().st_size
    file.unlink()
    cache = EmbeddingCache(tmp_path, disk_bytes=two)
    for age, key in ((300, "a"), (200, "b")):
        cache.put(key, embedding())
        os.utime(tmp_path / f"{key}.embedding", (1e9 - age, 1e9 - age))
    EmbeddingCache(tmp_path).get("a")
    cache.put("c", embedding())
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["a", "c"]


@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "other"])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, harm: str) -> None:
    EmbeddingCache(tmp_path).put("key", embedding())
    (file,) = tmp_path.iterdir()
    data = bytearray(file.read_bytes())
    if harm == "flip":
        data[-5] ^= 1
    cut = {"cut": bytes(data[:200]), "flip": bytes(data), "empty": b"", "other": b"PNG" * 99}
    file.write_bytes(cut[harm])
    assert EmbeddingCache(tmp_path).get("key") is None
    EmbeddingCache(tmp_path).put("key", embedding())
    assert EmbeddingCache(tmp_path).get("key") is not None


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = EmbeddingCache(tmp_path / "file" / "embeddings")
    cache.put("key", embedding())
    assert cache.get("key") is not None


def test_the_key_is_of_all_that_matters() -> None:
    engine = BrightEngine()
    same = embedding_key(picture(), engine)
    assert embedding_key(picture(pixel_mm=(2.0, 2.0)), BrightEngine()) == same
    others = {
        embedding_key(picture(4), engine),
        embedding_key(picture(pixel_mm=(2.0, 1.0)), engine),
        embedding_key(picture(), BrightEngine(weights_hash="1" * 64)),
        embedding_key(SlicePicture(np.full((6, 4, 3), 3, np.uint8), (1.0, 1.0)), engine),
        same,
    }
    assert len(others) == 5
