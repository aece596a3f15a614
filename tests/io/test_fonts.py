from __future__ import annotations

import subprocess
import sys

import pytest

from napari_medssl.io.fonts import font_for


@pytest.mark.parametrize(
    "text", ["Left kidney, 12 ml", "Nävus ± 3 cm²", "Печень", "Ήπαρ", "肝臓の腫瘍"]
)
def test_every_letter_is_drawn(text: str) -> None:
    font = font_for(text, 30)
    missing = bytes(font.getmask("\ufffe"))
    assert all(bytes(font.getmask(letter)) != missing for letter in text)


def test_the_font_with_most_of_the_letters_is_taken() -> None:
    half_known = font_for("肝脏", 30)
    assert bytes(half_known.getmask("肝")) != bytes(half_known.getmask("\ufffe"))


def test_bold_is_heavier() -> None:
    ink = [sum(font_for("Spleen", 30, bold=b).getmask("Spleen")) for b in (False, True)]
    assert ink[1] > 1.2 * ink[0]


def test_a_letter_that_no_font_has_is_no_fault() -> None:
    assert font_for("\U0001f9e0", 20).getlength("\U0001f9e0") > 0


def test_no_window_library_is_imported() -> None:
    code = (
        "import sys; from napari_medssl.io.fonts import font_for; font_for('肝', 9);"
        "print({'vispy', 'napari', 'napari_resources'} & sys.modules.keys() or 'none')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"
