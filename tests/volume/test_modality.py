"""The guess of what made an image: CT by its values, else not known; never silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_medssl.volume.modality import guess_modality

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(0)


def ct(dtype: str) -> np.ndarray[Any, Any]:
    tissue = RNG.normal(40, 60, 6000).clip(-200, 1500)
    air = RNG.normal(-980, 10, 3000)
    return np.rint(np.concatenate([tissue, air])).astype(dtype).reshape(10, 30, 30)


@pytest.mark.parametrize("dtype", ["i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("padding", [None, -1024, -2000, -3024])
def test_ct(dtype: str, padding: int | None) -> None:
    image = ct(dtype)
    if padding is not None:
        image[:, :5] = padding
    modality, units, notice = guess_modality(image)
    assert (modality, units, notice.code) == ("CT", "HU", "modality-guessed")
    assert "Hounsfield" in notice.text


@pytest.mark.parametrize(
    "image",
    [
        RNG.integers(0, 3000, (9, 9, 9)).astype("i2"),  # magnitude MR
        RNG.integers(-4096, 4096, (9, 9, 9)).astype("i2"),  # phase MR
        RNG.normal(0, 1, (9, 9, 9)).astype("f4"),  # standardised
        ct("f4") + 0.25,  # not whole numbers
        ct("i2").astype("u2"),  # wrapped
        np.full((4, 4, 4), -1000, "i2"),
        np.full((4, 4, 4), np.nan, "f4"),
        np.zeros((0, 4, 4), "i2"),
    ],
    ids=["magnitude", "phase", "standardised", "fractions", "wrapped", "constant", "nan", "empty"],
)
def test_not_ct(image: np.ndarray[Any, Any]) -> None:
    modality, units, notice = guess_modality(image)
    assert (modality, units, notice.code) == ("OT", "", "modality-guessed")
    assert "percentiles" in notice.text


def test_real_images(shared_data: Path) -> None:
    from napari_medssl.io import read_volume

    guessed = {}
    for path in sorted(shared_data.glob("ibsi-sts-ct-mr-pet/*/*_image.nii.gz")):
        guessed.setdefault(path.name.split("_")[0], set()).add(read_volume(path).modality)
    assert guessed == {"CT": {"CT"}, "MR": {"OT"}, "PET": {"OT"}}
