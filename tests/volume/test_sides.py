from __future__ import annotations

import numpy as np

from napari_medssl.volume.sides import edge_letters, towards


def test_letters_of_a_coronal_slice() -> None:
    letters = edge_letters(np.array([1.0, 0, 0]), np.array([0, 0, 1.0]))
    assert (letters.left, letters.right) == ("R", "L")
    assert (letters.top, letters.bottom) == ("S", "I")


def test_a_leaning_direction_gets_a_second_letter_from_fifteen_degrees() -> None:
    def lean(degrees: float) -> np.ndarray:
        return np.array([np.cos(np.radians(degrees)), 0, np.sin(np.radians(degrees))])

    assert [towards(lean(d)) for d in (0, 10, 20, 70, 90)] == ["L", "L", "LS", "SL", "S"]


def test_every_direction_is_opposite_to_the_one_across() -> None:
    rng = np.random.default_rng(3)
    opposite = str.maketrans("LRPASI", "RLAPIS")
    for direction in rng.normal(size=(200, 3)):
        unit = direction / np.linalg.norm(direction)
        assert towards(-unit) == towards(unit).translate(opposite)
