"""What label values mean: names and colours."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from napari_medssl.errors import UsageError

Colour = tuple[int, int, int]

MOST_LABEL = 2**32 - 1
_LONGEST_NAME = 200

#: distinct on grey and to the common colour blindnesses (Okabe and Ito's set, brightened)
COLOURS: tuple[Colour, ...] = (
    (230, 90, 40),
    (70, 170, 255),
    (0, 190, 140),
    (240, 220, 60),
    (220, 120, 190),
    (250, 170, 20),
    (120, 110, 240),
    (150, 220, 90),
)


@dataclass(frozen=True)
class Code:
    """A term of a published vocabulary.

    Parameters
    ----------
    value : str
        The term's code: ``"10200004"``.
    scheme : str
        DICOM's name of the vocabulary: ``"SCT"`` for SNOMED CT.
    meaning : str
        The term in words: ``"Liver"``.

    Raises
    ------
    UsageError
        If one of them is empty.
    """

    value: str
    scheme: str
    meaning: str

    def __post_init__(self) -> None:
        if not (self.value and self.scheme and self.meaning):
            raise UsageError(f"the code {self}", expected="a value, a scheme and a meaning")


@dataclass(frozen=True)
class LabelInfo:
    """What a label value means.

    Parameters
    ----------
    value : int
        The number of its voxels, 1 to 4,294,967,295.
    name : str
        Words for people: ``"liver"``. Control characters are dropped, and what is beyond 200.
    colour : (red, green, blue)
        0..255 each.
    code : Code, optional
        The term it stands for, if known.

    Raises
    ------
    UsageError
        If one of them is out of range.
    """

    value: int
    name: str
    colour: Colour
    code: Code | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.value <= MOST_LABEL:
            raise UsageError(f"the label value {self.value}", expected=f"1 to {MOST_LABEL:,}")
        if len(self.colour) != 3 or not all(0 <= part <= 255 for part in self.colour):
            raise UsageError(f"the colour {self.colour}", expected="three numbers of 0 to 255")
        object.__setattr__(self, "name", _printable(self.name) or f"Label {self.value}")


def _printable(name: str) -> str:
    """Drop what would reach a terminal, or turn the direction of a text, unseen."""
    return "".join(c for c in name if unicodedata.category(c)[0] != "C").strip()[:_LONGEST_NAME]


def unnamed_label(value: int) -> LabelInfo:
    """Return a label of a value that nobody has named yet, with a colour of its own."""
    return LabelInfo(value, f"Label {value}", COLOURS[(value - 1) % len(COLOURS)])
