"""Images that are not learned from, said in few words however many they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_EACH = 3


def left_out_words(left_out: Mapping[str, str]) -> list[str]:
    """Say of a few images each why it is left out, and name the others.

    Parameters
    ----------
    left_out : mapping of str to str
        Id of an image -> why, a sentence.

    Returns
    -------
    list of str
        Four sentences at most.
    """
    names = list(left_out)
    words = [f"{name} was left out: {left_out[name]}" for name in names[:_EACH]]
    others = names[_EACH:]
    if others:
        count = f"{len(others)} more images were" if len(others) > 1 else "1 more image was"
        words.append(f"{count} left out for the like: {', '.join(others)}.")
    return words
