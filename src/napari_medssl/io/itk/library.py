"""SimpleITK, imported when first needed and kept from printing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def quiet_itk() -> Iterator[Any]:
    """Lend the module; what it has to say comes as an exception, not on the terminal."""
    import SimpleITK

    all_filters: Any = SimpleITK.ProcessObject
    shown = all_filters.GetGlobalWarningDisplay()
    all_filters.SetGlobalWarningDisplay(False)
    try:
        yield SimpleITK
    finally:
        all_filters.SetGlobalWarningDisplay(shown)
