"""One change of a label map as data: which voxels, what they were, what they became."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.correct.box import box_around
from napari_medssl.errors import GeometryError, SaveError, UnreadableFileError, UsageError
from napari_medssl.volume.label_types import smallest_unsigned

if TYPE_CHECKING:
    from numpy.typing import NDArray

Index = tuple[int, int, int]

_MAGIC = b"EDIT1"
_HEAD = np.dtype(
    [("low", "<u4", 3), ("shape", "<u4", 3), ("counts", "<u4", 2), ("widths", "u1", 2)]
)
_TYPES = {kind.itemsize: kind for kind in map(np.dtype, ("<u1", "<u2", "<u4"))}
_MOST_BYTES = 1 << 31


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
        voxels = math.prod(self.shape)
        if min(self.low) < 0 or min(self.shape) < 1 or self.bits.size != -(-voxels // 8):
            raise UsageError(f"an edit of {self.shape} voxels at {self.low}")
        if int(self.bits[-1]) & (0xFF >> (voxels % 8 or 8)):
            raise UsageError(f"an edit of {self.shape} voxels that changes more than these")
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
        UsageError
            If a changed value is no label, 0 to 4,294,967,295.
        """
        if before.shape != after.shape:
            raise GeometryError(f"{after.shape} voxels after {before.shape}", expected="the same")
        changed = before != after
        box = box_around(changed)
        if box is None:
            return None
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
        bits = np.unpackbits(self.bits, count=math.prod(self.shape))
        return bits.view(bool).reshape(self.shape)

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
        """Pack it for the disk.

        Raises
        ------
        SaveError
            If it is so large that `from_bytes` would refuse it.
        """
        values = [smallest_unsigned(v) for v in (self.before, self.after)]
        size = sum(v.nbytes for v in values) + self.bits.nbytes
        if size > _MOST_BYTES:
            raise SaveError(
                f"a step of {size / 1e9:.1f} GB",
                expected=f"{_MOST_BYTES / 1e9:.1f} GB or less",
                do="Change a part of the image, or one label, at a time",
            )
        head = np.zeros((), _HEAD)
        head["low"], head["shape"] = self.low, self.shape
        head["counts"] = [v.size for v in values]
        head["widths"] = [v.itemsize for v in values]
        parts = [v.astype(_TYPES[v.itemsize]).tobytes() for v in values]
        packed = head.tobytes() + zlib.compress(b"".join(parts) + self.bits.tobytes(), 1)
        return _MAGIC + zlib.crc32(packed).to_bytes(4, "little") + packed

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
        mark, rest = packed[len(_MAGIC) :][:4], packed[len(_MAGIC) + 4 :]
        try:
            if zlib.crc32(rest).to_bytes(4, "little") != mark:
                raise ValueError("some bytes are not those that were written")
            head = np.frombuffer(rest, _HEAD, 1)[0]
            low, shape, counts, widths = (tuple(map(int, head[key])) for key in _HEAD.names or ())
            kinds = [_TYPES[width] for width in widths]
            sizes = [n * width for n, width in zip(counts, widths, strict=True)]
            raw = _inflated(rest[_HEAD.itemsize :], sum(sizes) - (-math.prod(shape) // 8))
            before = np.frombuffer(raw, kinds[0], counts[0])
            after = np.frombuffer(raw, kinds[1], counts[1], sizes[0])
            bits = np.frombuffer(raw, np.uint8, offset=sum(sizes))
            return cls(low, shape, bits, smallest_unsigned(before), smallest_unsigned(after))  # type: ignore[arg-type]
        except (ValueError, KeyError, IndexError, zlib.error, UsageError) as error:
            raise UnreadableFileError("a step of the history is damaged") from error

    def _write(self, labels: NDArray[Any], values: NDArray[Any]) -> None:
        if any(
            at + n > size for at, n, size in zip(self.low, self.shape, labels.shape, strict=True)
        ):
            raise GeometryError(f"an edit up to {self.shape} at {self.low} of {labels.shape}")
        if int(values.max()) > np.iinfo(labels.dtype).max:
            raise GeometryError(f"the label {int(values.max())} in a map of {labels.dtype}")
        labels[self.box][self.changed] = values


def _inflated(packed: bytes, size: int) -> bytes:
    """Inflate to exactly ``size`` bytes, and never to more, whatever the bytes say."""
    if size > _MOST_BYTES:
        raise ValueError("too large")
    inflater = zlib.decompressobj()
    raw = inflater.decompress(packed, size + 1)
    if len(raw) != size or not inflater.eof:
        raise ValueError("not of the size that it tells")
    return raw


def _one_if_equal(values: NDArray[Any]) -> NDArray[Any]:
    return smallest_unsigned(values[:1] if (values == values[0]).all() else values)
