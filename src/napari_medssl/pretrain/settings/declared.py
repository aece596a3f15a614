"""Settings that a person gives by name: none that nobody knows, each of the kind it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_medssl.pretrain.settings.setting import Setting


def taken(given: Mapping[str, Any], settings: Sequence[Setting], of: str) -> dict[str, Any]:
    """Return all settings: those that are given, and the others as they are by themselves.

    Parameters
    ----------
    given : mapping
        What a person wants.
    settings : sequence of Setting
        All that there are.
    of : str
        Whose settings, for errors.

    Raises
    ------
    UsageError
        If one is not known, or is not as it may be.
    """
    known = {setting.name: setting for setting in settings}
    if lost := [name for name in given if name not in known]:
        raise UsageError(
            f"the setting '{lost[0]}' of {of}", expected=f"one of {', '.join(sorted(known))}"
        )
    return {
        name: setting.read(given[name]) if name in given else setting.default
        for name, setting in known.items()
    }
