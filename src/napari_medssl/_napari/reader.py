"""napari's reader: files and folders -> image layers, with the view set up for a patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from napari_medssl._napari.layers import LayerData, image_layer
from napari_medssl.errors import MedSSLError

Reader = Callable[[str | Sequence[str]], list[LayerData]]

#: napari's way to say "read, but nothing to show"
_NOTHING: list[LayerData] = [(None,)]  # type: ignore[list-item]

_SHOWN_NOTICES = 3


def get_reader(path: str | Sequence[str]) -> Reader | None:
    """Return a reader if the file or folder looks like one of ours; only its head is looked at."""
    from napari_medssl.io import can_read

    paths = [path] if isinstance(path, str) else list(path)
    return read if paths and all(can_read(p) for p in paths) else None


def read(path: str | Sequence[str]) -> list[LayerData]:
    """Read each path into one image layer.

    In a window a file that cannot be read is told in one sentence and leaves no layer; without
    one the error is raised.

    Raises
    ------
    MedSSLError
        If a file is damaged or of an unknown kind, and there is no window.
    """
    from napari import current_viewer

    paths = [path] if isinstance(path, str) else list(path)
    viewer = current_viewer()
    if viewer is None:
        return [_read_one(Path(p)) for p in paths]
    return _read_into_window(viewer, paths)


def _read_one(path: Path) -> LayerData:
    from napari_medssl.io import read_volume

    return image_layer(read_volume(path))


def _read_into_window(viewer: object, paths: Sequence[str]) -> list[LayerData]:
    from napari.utils.notifications import show_error, show_warning

    from napari_medssl._napari.layers import VOLUME
    from napari_medssl._napari.patient_view import attach_patient_view

    attach_patient_view(viewer)
    layers = []
    for path in paths:
        try:
            layer = _read_one(Path(path))
        except MedSSLError as error:
            show_error(str(error))
            continue
        layers.append(layer)
        notices = [notice.text for notice in layer[1]["metadata"][VOLUME].notices]
        if notices:
            more = len(notices) - _SHOWN_NOTICES
            last = [f"and {more} more, listed in the Segment panel."] if more > 0 else []
            show_warning("\n".join(notices[:_SHOWN_NOTICES] + last))
    return layers or _NOTHING
