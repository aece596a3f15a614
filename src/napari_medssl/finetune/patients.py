"""Which files are of one patient, as far as their names tell, and a split that heeds it.

Slices of one patient look alike: a network that learned from some of them is no judge of the
others, so a patient is held out whole or not at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError
from napari_medssl.models.draws import draws

if TYPE_CHECKING:
    from collections.abc import Iterable

#: a name says plainly who it is: sub-01, patient_7, case12
_NAMED = re.compile(r"(?:^|[-_ .])((?:sub|subj|subject|patient|pat|case)[-_ ]?\d+)", re.IGNORECASE)
#: from here on a name tells which image of the patient it is: -IM-0001, _slice12, _t03
_WHICH_IMAGE = re.compile(
    r"[-_ .](?:im|img|image|slice|sl|frame|fr|phase|ses|scan|z|t)[-_ ]?\d+.*$", re.IGNORECASE
)
#: a patient's number, and which examination: 361_2HC, 0042_ED
_EXAMINED = re.compile(r"(\d+)[-_]\d*[A-Za-z]+$")
#: the last number, where another one before it tells the patient: amos_0004_75
_LAST = re.compile(r"(.*\d.*?)[-_ ]\d+$")


def patient_of(name: str, pattern: str | None = None) -> str:
    r"""Tell from a file's name, without its ending, whose image it is.

    Parameters
    ----------
    name : str
        As ``SC-HF-I-01-IM-0001-0048``, which is an image of ``SC-HF-I-01``.
    pattern : str, optional
        A regular expression that finds the patient in the name, or whose first group does:
        ``spleen_\d+``.

    Raises
    ------
    UsageError
        If the pattern is none, or is not found in the name.
    """
    if pattern is not None:
        return _by_pattern(name, pattern)
    if found := _NAMED.search(name):
        return found[1]
    before = _WHICH_IMAGE.sub("", name)
    if before and before != name:
        return before
    found = _EXAMINED.fullmatch(name) or _LAST.fullmatch(name)
    return found[1] if found else name


def hold_out(patients: Iterable[str], part: float, seed: int) -> set[str]:
    """Choose patients to judge by; at least one is held out, and one is learned from.

    Parameters
    ----------
    patients : iterable of str
        May name one several times.
    part : float
        Of the patients, above 0 and below 1.
    seed : int
        Decides which.

    Raises
    ------
    UsageError
        If there is but one patient.
    """
    everyone = sorted(set(patients))
    if len(everyone) < 2:
        raise UsageError(
            "all images are of one patient as far as their names tell, so none can be held out",
            expected="images of two patients or more",
            do="Give --val-images and --val-labels, say with --patient how names tell patients, "
            "or train without measuring with --val-fraction 0",
        )
    count = min(len(everyone) - 1, max(1, round(part * len(everyone))))
    chosen = draws(seed, "held out").permutation(len(everyone))[:count]
    return {everyone[index] for index in chosen}


def _by_pattern(name: str, pattern: str) -> str:
    try:
        found = re.search(pattern, name)
    except re.error as error:
        raise UsageError(f"the pattern '{pattern}'", expected="a regular expression") from error
    if found is None:
        raise UsageError(f"the name '{name}', in which '{pattern}' finds no patient")
    return found[1] if found.re.groups and found[1] else found[0]
