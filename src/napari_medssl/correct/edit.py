"""One change of a label map as data: which voxels, what they were, what they became."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import GeometryError, UnreadableFileError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Index = tuple[int, int, int]

_MAGIC = b"EDIT1"
_HEAD = np.dtype([("low", "<u4", 3), ("shape", "<u4", 3), ("before", "<u4"), ("after", "<u4")])
_MOST_BYTES = 1 << 33


@dataclass(frozen=True, eq=False)
class Edit:
    """What one step changed, small enough to keep hundreds of them; made by `Edit.between`.

    Parameters
    ----------
    low : (z, y, x)
        First voxel of the smallest box around the change.
    shape : (z, y, x)
        Size of the box.
    bits : uint8 array
        One bit a voxel of the box in C order, set where it changed (`numpy.packbits`).
    before, after : unsigned arrays
        Values of the changed voxels in C order; a single value stands for all of them.
    """

    low: Index
    shape: Index
    bits: NDArray[np.uint8]
    before: NDArray[Any]
    after: NDArray[Any]

    def __post_init__(self) -> None:
        voxels = int(np.prod(self.shape, dtype=np.int64))
        if min(self.low) < 0 or min(self.shape) < 1 or self.bits.size != -(-voxels // 8):
            raise UsageError(f"an edit of {self.shape} voxels at {self.low}")
        counts = {self.before.size, self.after.size} - {1, self.count}
        if counts or self.count == 0:
            raise UsageError(f"an edit of {self.count} voxels with {sorted(counts)} values")

    @classmethod
    def between(
        cls, before: NDArray[Any], after: NDArray[Any], low: Index = (0, 0, 0)
    ) -> Edit | None:
        """Compare a part of a label map before and after; None where nothing changed.

        Parameters
        ----------
        before, after : (z, y, x) unsigned arrays
            The same part of the label map; neither is kept.
        low : (z, y, x)
            Where in the label map the part begins.

        Raises
        ------
        GeometryError
            If the two differ in shape.
        """
        if before.shape != after.shape:
            raise GeometryError(f"{after.shape} voxels after {before.shape}", expected="the same")
        changed = before != after
        if not changed.any():
            return None
        box = _box_of(changed)
        inside = np.ascontiguousarray(changed[box])
        start = tuple(int(at + part.start) for at, part in zip(low, box, strict=True))
        return cls(
            low=(start[0], start[1], start[2]),
            shape=(inside.shape[0], inside.shape[1], inside.shape[2]),
            bits=np.packbits(inside),
            before=_one_if_equal(before[box][inside]),
            after=_one_if_equal(after[box][inside]),
        )

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """The part of the label map that the edit touches."""
        z, y, x = (slice(at, at + n) for at, n in zip(self.low, self.shape, strict=True))
        return z, y, x

    @property
    def changed(self) -> NDArray[np.bool_]:
        """The box, true where a voxel changed."""
        voxels = int(np.prod(self.shape, dtype=np.int64))
        return np.unpackbits(self.bits, count=voxels).view(bool).reshape(self.shape)

    @property
    def count(self) -> int:
        """How many voxels changed."""
        return int(np.bitwise_count(self.bits).sum(dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return int(self.bits.nbytes + self.before.nbytes + self.after.nbytes)

    def apply(self, labels: NDArray[Any]) -> None:
        """Make the change, in place.

        Raises
        ------
        GeometryError
            If the label map is too small, or its type does not hold a value.
        """
        self._write(labels, self.after)

    def revert(self, labels: NDArray[Any]) -> None:
        """Take the change back, in place; raises as `apply`."""
        self._write(labels, self.before)

    def to_bytes(self) -> bytes:
        """Pack it for the disk."""
        head = np.zeros((), _HEAD)
        head["low"], head["shape"] = self.low, self.shape
        head["before"], head["after"] = self.before.size, self.after.size
        values = [np.asarray(v, "<u4").tobytes() for v in (self.before, self.after)]
        return _MAGIC + zlib.compress(head.tobytes() + b"".join(values) + self.bits.tobytes(), 1)

    @classmethod
    def from_bytes(cls, packed: bytes) -> Edit:
        """Unpack what `to_bytes` packed.

        Raises
        ------
        UnreadableFileError
            If the bytes are damaged.
        """
        if not packed.startswith(_MAGIC):
            raise UnreadableFileError("a step of the history is not one of ours")
        try:
            raw = zlib.decompressobj().decompress(packed[len(_MAGIC) :], _MOST_BYTES)
            head = np.frombuffer(raw, _HEAD, 1)[0]
            at, parts = _HEAD.itemsize, []
            for size in (int(head["before"]), int(head["after"])):
                parts.append(smallest(np.frombuffer(raw, "<u4", size, at)))
                at += 4 * size
            low, shape = (tuple(int(n) for n in head[key]) for key in ("low", "shape"))
            bits = np.frombuffer(raw, np.uint8, offset=at)
            return cls(low, shape, bits, *parts)  # type: ignore[arg-type]
        except (ValueError, zlib.error, UsageError) as error:
            raise UnreadableFileError("a step of the history is damaged") from error

    def _write(self, labels: NDArray[Any], values: NDArray[Any]) -> None:
        if any(
            at + n > size for at, n, size in zip(self.low, self.shape, labels.shape, strict=True)
        ):
            raise GeometryError(f"an edit up to {self.shape} at {self.low} of {labels.shape}")
        if int(values.max()) > np.iinfo(labels.dtype).max:
            raise GeometryError(f"the label {int(values.max())} in a map of {labels.dtype}")
        labels[self.box][self.changed] = values


def smallest(values: NDArray[Any]) -> NDArray[Any]:
    """Return unsigned values in the smallest type that holds them."""
    highest = int(values.max(initial=0))
    kind = next(k for k in (np.uint8, np.uint16, np.uint32) if highest <= np.iinfo(k).max)
    return values.astype(kind)


def _box_of(changed: NDArray[np.bool_]) -> tuple[slice, ...]:
    """The smallest box around what changed; one axis after the other, on what is left."""
    box = []
    for axis in range(changed.ndim):
        others = tuple(a for a in range(changed.ndim) if a != axis)
        hit = np.flatnonzero(changed.any(axis=others))
        box.append(slice(int(hit[0]), int(hit[-1]) + 1))
    return tuple(box)


def _one_if_equal(values: NDArray[Any]) -> NDArray[Any]:
    return smallest(values[:1] if (values == values[0]).all() else values)
