"""From prompts on a slice to its mask: encode once, prompt often."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from napari_medssl.errors import OutOfMemoryError
from napari_medssl.segment.candidates import Earlier
from napari_medssl.segment.embeddings import embedding_key
from napari_medssl.segment.outline import outline
from napari_medssl.segment.slices import picture_of, prompts_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from napari_medssl.models.promptable import Embedding, PromptEngine
    from napari_medssl.segment.embeddings import EmbeddingCache
    from napari_medssl.segment.prompts import Plane, Prompts
    from napari_medssl.segment.slices import SlicePicture
    from napari_medssl.volume import Volume, Window


@dataclass(frozen=True, eq=False)
class SliceResult:
    """The outline of one thing on one slice.

    Parameters
    ----------
    plane : Plane
        The slice.
    mask : (rows, columns) bool array
        Of the slice's own voxels: ``plane.view(array)`` has the same shape.
    score : float
        How much overlap (IoU, 0..1) with the truth the network expects of it.
    encode_seconds, predict_seconds : float
        Time to embed the slice (next to nothing if it was kept) and to answer the prompts.
    from_cache : bool
        Whether the embedding was kept from before.
    engine : str
        Name of the network's card.
    window : Window
        The grey values it was shown.
    weights_hash : str
        The sha256 of its weights.
    points_hash : str
        That of weights beside them for points, if a point was a prompt; else empty.
    readings : int
        How many different things the points may mean; see `PointPrompt`.
    """

    plane: Plane
    mask: NDArray[np.bool_]
    score: float
    encode_seconds: float
    predict_seconds: float
    from_cache: bool
    engine: str
    window: Window
    weights_hash: str
    points_hash: str = ""
    readings: int = 1


class InteractiveSegmenter:
    """Answers prompts with one engine; embeddings are kept between them."""

    def __init__(self, engine: PromptEngine, cache: EmbeddingCache) -> None:
        self._engine = engine
        self._cache = cache
        self._earlier: tuple[str, Earlier] = ("", Earlier())

    @property
    def engine(self) -> PromptEngine:
        """The network that answers."""
        return self._engine

    def prepare(self, volume: Volume, plane: Plane, window: Window) -> Embedding:
        """Embed a slice, unless its embedding is kept: the slow step.

        Raises
        ------
        PromptError
            If the slice cannot be outlined on; see `picture_of`.
        OutOfMemoryError
            If there is no memory for it, even without the embeddings kept from before.
        """
        with _enough_memory(plane):
            return self._embed(volume, plane, window)[1]

    def segment(
        self, volume: Volume, prompts: Prompts, window: Window, *, axis: int | None = None
    ) -> SliceResult:
        """Outline what the prompts mark, on the slice they lie on.

        Parameters
        ----------
        volume : Volume
            The image.
        prompts : Prompts
            Points and boxes on one slice of it.
        window : Window
            What the network sees is what the window shows.
        axis : int, optional
            The array axis the slice stands across; see `Prompts.plane`.

        Raises
        ------
        PromptError
            If the prompts do not fit the image or one another, or nothing is found.
        OutOfMemoryError
            As `prepare`.
        """
        plane = prompts.plane(volume, axis)
        started = perf_counter()
        with _enough_memory(plane):
            key, embedding, kept = self._embed(volume, plane, window)
            encoded = perf_counter()
            earlier = self._earlier_on(key)
            found = outline(self._engine, embedding, prompts_on(plane, prompts), earlier)
        return SliceResult(
            plane=plane,
            mask=found.mask,
            score=found.score,
            encode_seconds=encoded - started,
            predict_seconds=perf_counter() - encoded,
            from_cache=kept,
            engine=self._engine.card.name,
            window=window,
            weights_hash=self._engine.weights_hash,
            points_hash=self._engine.points_hash if prompts.points else "",
            readings=found.readings,
        )

    def _earlier_on(self, key: str) -> Earlier:
        """What points gave before on the slice in hand; on another it begins anew."""
        if self._earlier[0] != key:
            self._earlier = key, Earlier()
        return self._earlier[1]

    def _embed(self, volume: Volume, plane: Plane, window: Window) -> tuple[str, Embedding, bool]:
        """Return a slice's key, its embedding, and whether that was kept."""
        picture = picture_of(volume, plane, window)
        key = embedding_key(picture, self._engine)
        embedding = self._cache.get(key)
        if embedding is not None:
            return key, embedding, True
        embedding = self._encode(picture)
        self._cache.put(key, embedding)
        return key, embedding, False

    def _encode(self, picture: SlicePicture) -> Embedding:
        try:
            return self._engine.encode(picture.image, picture.pixel_mm)
        except (MemoryError, RuntimeError) as error:
            if not _ran_out(error):
                raise
        self._cache.let_go()
        return self._engine.encode(picture.image, picture.pixel_mm)


@contextmanager
def _enough_memory(plane: Plane) -> Iterator[None]:
    """Say in a sentence that memory ran out."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _ran_out(error):
            raise
        raise OutOfMemoryError(
            f"there is no memory left to look at {plane}", do="Close other images"
        ) from error


def _ran_out(error: BaseException) -> bool:
    from napari_medssl.models.memory import ran_out

    return ran_out(error)
