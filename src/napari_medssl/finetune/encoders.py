"""Pictures -> embeddings: made once where the image encoder is frozen, else anew at every step."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_medssl.errors import SaveError
from napari_medssl.models.promptable import Embedding

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from torch import Tensor

    from napari_medssl.finetune.pictures import Picture
    from napari_medssl.models.report import Report
    from napari_medssl.models.torch_engine import TorchEngine
    from napari_medssl.models.weights import AtomicWrite

_IN_MEMORY = 1 << 30  # bytes


class LearningEncoder:
    """An image encoder whose weights change.

    Parameters
    ----------
    engine : TorchEngine
        Has the encoder.
    pictures : sequence of Picture
        Asked for by their index.
    """

    def __init__(self, engine: TorchEngine, pictures: Sequence[Picture]) -> None:
        self._engine = engine
        self._pictures = pictures

    def embedding(self, index: int) -> Embedding:
        """Return the embedding of a picture as the weights are now."""
        picture = self._pictures[index]
        return self._engine.encode(picture.rgb, picture.pixel_mm)

    def features(self, indices: Sequence[int]) -> Tensor:
        """Return what the encoder makes of some pictures, (b, c, rows, columns), to learn from."""
        some = [self._pictures[index] for index in indices]
        laid = torch.cat([self._engine.lay_in(p.rgb, p.pixel_mm) for p in some])
        made: Tensor = self._engine.network.image_encoder(laid)
        return made

    def prepare(self, report: Report, stop: Callable[[], bool]) -> None:
        """Do nothing: there is nothing that could be made beforehand."""

    def close(self) -> None:
        """Do nothing: there is nothing to remove."""


class FrozenEncoder:
    """An image encoder whose weights stay: each picture is embedded once.

    Embeddings are kept in memory while they fit, and else on the disk, where a run that goes on
    finds them again.

    Parameters
    ----------
    engine : TorchEngine
        Has the encoder.
    pictures : sequence of Picture
        Asked for by their index.
    folder : Path
        For those that do not fit into memory.
    write : callable
        ``io.atomic_write``: this package may not import it.
    memory : int
        Bytes of memory to use.
    """

    def __init__(
        self,
        engine: TorchEngine,
        pictures: Sequence[Picture],
        folder: Path,
        write: AtomicWrite,
        memory: int = _IN_MEMORY,
    ) -> None:
        self._engine = engine
        self._pictures = pictures
        self._folder = folder
        self._write = write
        self._room = memory
        self._held: dict[int, Embedding] = {}

    def embedding(self, index: int) -> Embedding:
        """Return the embedding of a picture.

        Raises
        ------
        SaveError
            If the disk is full.
        """
        if index in self._held:
            return self._held[index]
        embedding = self._from_disk(index)
        if embedding is None:
            picture = self._pictures[index]
            embedding = self._engine.encode(picture.rgb, picture.pixel_mm)
            self._keep(index, embedding)
        return embedding

    def features(self, indices: Sequence[int]) -> Tensor:
        """Return the embeddings of some pictures, (b, c, rows, columns), on the device."""
        some = np.stack([self.embedding(index).features for index in indices])
        return torch.from_numpy(some).to(self._engine.device)

    def prepare(self, report: Report, stop: Callable[[], bool]) -> None:
        """Embed all pictures: the slow step, told of as it goes."""
        for index in range(len(self._pictures)):
            if stop():
                return
            self.embedding(index)
            report.progress(index + 1, len(self._pictures), "Embedding pictures")

    def close(self) -> None:
        """Remove what is on the disk."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _keep(self, index: int, embedding: Embedding) -> None:
        size = embedding.features.nbytes
        if size <= self._room:
            self._room -= size
            self._held[index] = embedding
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write(
                self._file(index), lambda part: np.save(part, embedding.features), lambda _: None
            )
        except (SaveError, OSError) as error:
            came = error.came if isinstance(error, SaveError) else "the folder cannot be made"
            raise SaveError(
                f"the embeddings of {len(self._pictures)} pictures of {size / 1e6:.1f} MB each did "
                f"not fit: {came}",
                do="Make room, choose another folder for --out, or give fewer images",
            ) from error

    def _from_disk(self, index: int) -> Embedding | None:
        if not self._folder.is_dir():
            return None
        try:
            features = np.load(self._file(index))
        except (OSError, ValueError, EOFError):
            return None
        picture = self._pictures[index]
        inside = self._engine.square.inside(picture.size, picture.pixel_mm)
        return Embedding(features, picture.size, inside, self._engine.weights_hash)

    def _file(self, index: int) -> Path:
        picture = self._pictures[index]
        digest = hashlib.sha256(f"{self._engine.weights_hash} {picture.pixel_mm}".encode())
        digest.update(picture.rgb.tobytes())
        return self._folder / f"{digest.hexdigest()[:32]}.npy"
