"""Images of an export whose pixels may show a name, which nothing we write takes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.volume import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.volume import Volume

_CODE = "burnt-in-text"
_MOST_NAMED = 5


def may_show_text(volume: Volume) -> bool:
    """Tell whether an image may show a name or other text in its pixels."""
    return any(notice.code == _CODE for notice in volume.notices)


def about_text(cases: Sequence[str]) -> tuple[Notice, ...]:
    """Say which cases are to be looked at before an export is passed on; nothing of none."""
    if not cases:
        return ()
    more = len(cases) - _MOST_NAMED
    named = ", ".join(cases[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
    words = (
        f"{len(cases):,} images may show a name or other text burnt into their pixels ({named}). "
        "Look at them before you pass them on."
    )
    return (Notice(_CODE, words),)
