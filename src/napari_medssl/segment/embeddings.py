"""Embeddings kept for later prompts: the latest in memory, more of them on disk.

An embedding is found again under a hash of all it depends on: the picture itself (after the
window), its proportions and the network's weights. So a wrong one can never be found.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from napari_medssl.models.promptable import Embedding

if TYPE_CHECKING:
    from napari_medssl.models.promptable import PromptEngine
    from napari_medssl.segment.slices import SlicePicture

_SUFFIX = ".embedding"


def default_cache_folder() -> Path:
    """Return the folder for embeddings in the user's own cache."""
    return Path(platformdirs.user_cache_dir("napari-medssl", appauthor=False)) / "embeddings"


def embedding_key(picture: SlicePicture, engine: PromptEngine) -> str:
    """Hash everything that an embedding depends on."""
    height, width = picture.pixel_mm
    about = f"{picture.image.shape} {height / width:.6g} {engine.weights_hash} {engine.square}"
    about += f" {engine.card.network} {engine.card.preparation} {engine.device.partition(':')[0]}"
    digest = hashlib.sha256(about.encode())
    digest.update(picture.image.tobytes())
    return digest.hexdigest()


class EmbeddingCache:
    """The least recently used embeddings go first, from memory and from disk.

    Parameters
    ----------
    folder : Path or None
        Where files are kept, readable by this user alone; None keeps none. A folder that cannot
        be written to is done without.
    memory_items : int
        How many are held in memory (4 MB each).
    disk_bytes : int
        How much the files may take up.
    """

    def __init__(
        self, folder: Path | None, memory_items: int = 32, disk_bytes: int = 1_000_000_000
    ) -> None:
        self._folder = folder
        self._memory_items = memory_items
        self._disk_bytes = disk_bytes
        self._held: OrderedDict[str, Embedding] = OrderedDict()

    def get(self, key: str) -> Embedding | None:
        """Return an embedding, or None if it is not kept or its file is damaged."""
        embedding = self._held.get(key)
        if embedding is None and self._folder is not None:
            embedding = _read(self._file(self._folder, key))
        if embedding is not None:
            self._hold(key, embedding)
        return embedding

    def put(self, key: str, embedding: Embedding) -> None:
        """Keep an embedding."""
        self._hold(key, embedding)
        if self._folder is None:
            return
        # a cache may be full or read-only, and a file wants memory; the work goes on without it
        with suppress(OSError, MemoryError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self._file(self._folder, key), embedding)
            self._prune(self._folder)

    def let_go(self) -> None:
        """Hold nothing in memory any more; files stay."""
        self._held.clear()

    def _hold(self, key: str, embedding: Embedding) -> None:
        self._held[key] = embedding
        self._held.move_to_end(key)
        while len(self._held) > self._memory_items:
            self._held.popitem(last=False)

    def _file(self, folder: Path, key: str) -> Path:
        return folder / f"{key}{_SUFFIX}"

    def _prune(self, folder: Path) -> None:
        """Remove the files used longest ago until the rest fits."""
        files = [(path.stat(), path) for path in folder.iterdir() if path.is_file()]
        total = sum(facts.st_size for facts, _ in files)
        for facts, path in sorted(files, key=lambda found: found[0].st_mtime_ns):
            if total <= self._disk_bytes:
                return
            path.unlink(missing_ok=True)
            total -= facts.st_size


def _write(path: Path, embedding: Embedding) -> None:
    """Write beside the target and move into place, so that nobody reads half a file.

    Not ``io.atomic_write``: what is lost here is only computed again.
    """
    from safetensors.numpy import save

    digest = hashlib.sha256(embedding.features.tobytes()).hexdigest()
    facts = {
        "size": " ".join(str(n) for n in embedding.size),
        "inside": " ".join(str(n) for n in embedding.inside),
        "weights": embedding.weights_hash,
        "sha256": digest,
    }
    data = save({"features": embedding.features}, metadata=facts)
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _read(path: Path) -> Embedding | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            facts = file.metadata() or {}
            features = file.get_tensor("features")
        if hashlib.sha256(features.tobytes()).hexdigest() != facts["sha256"]:
            return None
        h, w, rows, columns = (int(n) for n in f"{facts['size']} {facts['inside']}".split())
        embedding = Embedding(features, (h, w), (rows, columns), facts["weights"])
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
    with suppress(OSError):
        os.utime(path)
    return embedding
