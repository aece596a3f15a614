"""How a DICOM file stores its pixels: read from the header, checked, and nothing decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import uid

if TYPE_CHECKING:
    from napari_medssl.io.dicom.tags import Tags

_NATIVE = {
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
}
_FLOATS = {"FloatPixelData": np.float32, "DoubleFloatPixelData": np.float64}
_PHOTOMETRICS = {
    *("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422"),
    *("YBR_ICT", "YBR_RCT"),
}


@dataclass(frozen=True, slots=True)
class StoredPixels:
    """How one file stores its pixels, and where in the file they begin.

    Parameters
    ----------
    syntax : str
        Transfer syntax UID.
    keyword : str
        The element that holds them, ``"PixelData"`` for nearly all.
    vr : str
        Its value representation, ``"OW"`` or ``"OB"``.
    offset : int
        Byte at which they begin (of the inflated data where the file is deflated).
    rows, columns, frames, samples : int
        Size; three samples are a colour.
    bits_allocated, bits_stored, high_bit : int
        Bits a sample takes, uses, and the highest of those.
    signed : bool
        Two's complement or unsigned.
    photometric : str
        What samples mean, ``"MONOCHROME2"`` for most.
    planar : int
        0 for colours pixel by pixel, 1 plane by plane.
    """

    syntax: str
    keyword: str
    vr: str
    offset: int
    rows: int
    columns: int
    frames: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: int

    @classmethod
    def from_tags(cls, tags: Tags, syntax: str, keyword: str, vr: str, offset: int) -> StoredPixels:
        """Take the description from a header.

        Raises
        ------
        ValueError
            Saying, as the rest of a sentence, what is missing or impossible.
        """
        whole = tags.whole
        rows, columns, allocated = whole("Rows"), whole("Columns"), whole("BitsAllocated")
        if not rows or not columns or not allocated or min(rows, columns, allocated) < 1:
            raise ValueError("does not say how many rows, columns or bits its pixels have")
        frames = 1 if not tags.text("NumberOfFrames") else whole("NumberOfFrames")
        samples = whole("SamplesPerPixel") or 1
        stored = whole("BitsStored") or allocated
        photometric = tags.text("PhotometricInterpretation") or ("", "MONOCHROME2")[samples == 1]
        high = whole("HighBit")
        high = stored - 1 if high is None or keyword in _FLOATS else high
        if frames is None or frames < 1:
            raise ValueError("does not say how many frames it has")
        if allocated not in (1, 8, 16, 32, 64) or not 1 <= stored <= high + 1 <= allocated:
            raise ValueError(f"stores {stored} of {allocated} bits, highest {high}: impossible")
        if samples not in (1, 3) or photometric not in _PHOTOMETRICS:
            raise ValueError(f"has {samples} samples of the kind '{photometric[:16]}' in a pixel")
        return cls(
            syntax=syntax,
            keyword=keyword,
            vr=vr,
            offset=offset,
            rows=rows,
            columns=columns,
            frames=frames,
            samples=samples,
            bits_allocated=allocated,
            bits_stored=stored,
            high_bit=high,
            signed=whole("PixelRepresentation") == 1,
            photometric=photometric,
            planar=1 if whole("PlanarConfiguration") == 1 else 0,
        )

    @property
    def is_encapsulated(self) -> bool:
        """True when the pixels are compressed."""
        return self.syntax not in _NATIVE

    @property
    def native_bytes(self) -> int:
        """Bytes that all frames take without compression, as the file would store them."""
        bits = self.frames * self.rows * self.columns * self.samples * self.bits_allocated
        if self.photometric == "YBR_FULL_422":
            bits = bits * 2 // 3
        return (bits + 7) // 8

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a stored value."""
        if self.keyword in _FLOATS:
            return np.dtype(_FLOATS[self.keyword])
        bits = max(8, self.bits_allocated)
        return np.dtype(f"{'i' if self.signed else 'u'}{bits // 8}")

    @property
    def is_float(self) -> bool:
        """True for the rare images stored as floating-point numbers."""
        return self.keyword in _FLOATS
