"""A synthetic abdomen CT of known truth: real anatomy's layout, made of ellipsoids and noise.

Good for measuring against an exact answer and for trying things out without a patient's scan.
Left and right differ on purpose, so that a mirrored mask cannot go unnoticed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_medssl.volume.geometry import Geometry
from napari_medssl.volume.volume import Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AIR_HU = -1000.0


@dataclass(frozen=True)
class Organ:
    """An ellipsoid in the body.

    Parameters
    ----------
    name : str
        What it is; empty for tissue that carries no label.
    hu : float
        Mean attenuation, in Hounsfield units.
    centre_mm, radii_mm : (x, y, z)
        LPS+, from the middle of the body; half axes of the ellipsoid.
    tilt_deg : float
        Turn about the body's long axis, from x towards y.
    """

    name: str
    hu: float
    centre_mm: tuple[float, float, float]
    radii_mm: tuple[float, float, float]
    tilt_deg: float = 0.0

    def inside(
        self, x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Tell which of the world positions, in mm, lie within."""
        turn = np.radians(self.tilt_deg)
        dx, dy, dz = (axis - middle for axis, middle in zip((x, y, z), self.centre_mm, strict=True))
        u, v = dx * np.cos(turn) + dy * np.sin(turn), -dx * np.sin(turn) + dy * np.cos(turn)
        a, b, c = self.radii_mm
        within: NDArray[np.bool_] = (u / a) ** 2 + (v / b) ** 2 + (dz / c) ** 2 <= 1
        return within


#: painted in this order, later over earlier
ANATOMY = (
    Organ("", -100, (0, 0, 0), (165, 115, 400)),  # fat
    Organ("", 55, (0, 0, 0), (150, 100, 400)),  # muscle wall
    Organ("", -95, (0, -8, 0), (138, 84, 400)),  # fat around the organs
    Organ("liver", 112, (-62, -14, 18), (70, 62, 52), 12),
    Organ("liver lesion", 58, (-78, -24, 14), (13, 12, 13)),
    Organ("spleen", 122, (88, 34, 22), (25, 38, 34), -28),
    Organ("stomach", 28, (56, -34, 16), (38, 30, 34), 20),
    Organ("", -900, (52, -52, 18), (18, 8, 18)),  # gas in the stomach
    Organ("right kidney", 176, (-58, 52, -22), (25, 30, 42), 18),
    Organ("left kidney", 186, (60, 50, -14), (24, 28, 45), -18),
    Organ("", 60, (-54, 48, -22), (9, 11, 20), 18),  # its pelvis
    Organ("", 60, (56, 46, -14), (9, 11, 20), -18),
    Organ("aorta", 210, (8, 34, 0), (11, 11, 400)),
    Organ("", 150, (-18, 30, 0), (11, 9, 400)),  # inferior vena cava
    Organ("vertebra", 260, (0, 68, 0), (22, 18, 400)),
    Organ("", 20, (0, 90, 0), (8, 7, 400)),  # spinal canal
)
LABEL_NAMES = dict(enumerate((organ.name for organ in ANATOMY if organ.name), start=1))


def abdomen_ct(
    shape: tuple[int, int, int] = (48, 200, 256),
    spacing_mm: tuple[float, float, float] = (3.0, 1.4, 1.4),
    *,
    noise_hu: float = 14.0,
    seed: int = 0,
) -> tuple[Volume, NDArray[np.uint8]]:
    """Make the scan and its truth.

    Parameters
    ----------
    shape, spacing_mm
        Of the (z, y, x) grid, centred on the body.
    noise_hu : float
        Standard deviation of the noise, which is correlated as a soft reconstruction's is.
    seed : int
        Of the noise.

    Returns
    -------
    volume : Volume
        int16, Hounsfield units.
    truth : (z, y, x) uint8 array
        Values as in `LABEL_NAMES`.
    """
    half = [(n - 1) * s / 2 for n, s in zip(shape, spacing_mm, strict=True)]
    geometry = Geometry(shape, spacing_mm, (-half[2], -half[1], -half[0]))
    z, y, x = np.meshgrid(
        *(np.linspace(-h, h, n) for h, n in zip(half, shape, strict=True)),
        indexing="ij",
        sparse=True,
    )
    hu, truth, value = np.full(shape, _AIR_HU), np.zeros(shape, np.uint8), 0
    for organ in ANATOMY:
        inside = organ.inside(x, y, z)
        hu[inside] = organ.hu
        truth[inside] = 0
        if organ.name:
            value += 1
            truth[inside] = value
    hu = ndimage.gaussian_filter(hu, (0.4, 0.7, 0.7)) + _noise(shape, noise_hu, seed)
    array = np.clip(np.rint(hu), -1024, 3071).astype(np.int16)
    volume = Volume.from_source_array(
        array.transpose(2, 1, 0),
        _stored(geometry),
        name="abdomen-ct",
        format="made",
        modality="CT",
        units="HU",
    )
    return volume, truth


def _noise(
    shape: tuple[int, int, int], standard_deviation: float, seed: int
) -> NDArray[np.float64]:
    white = np.random.default_rng(seed).standard_normal(shape)
    soft = ndimage.gaussian_filter(white, (0, 0.8, 0.8))
    scaled: NDArray[np.float64] = soft * (standard_deviation / soft.std())
    return scaled


def _stored(geometry: Geometry) -> Geometry:
    """The same grid with axes (x, y, z), as scanners' files have it."""
    (a, b, c), (s, t, u) = geometry.shape, geometry.spacing_mm
    return Geometry(
        (c, b, a),
        (u, t, s),
        geometry.origin_mm,
        ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    )
