"""napari's reader: files and folders -> image layers, with the view set up for a patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

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


def _read_into_window(viewer: Any, paths: Sequence[str]) -> list[LayerData]:
    from napari.utils.notifications import show_error, show_warning

    from napari_medssl._napari.layers import VOLUME
    from napari_medssl._napari.patient_view import attach_patient_view

    attach_patient_view(viewer)
    layers = []
    for path in paths:
        if _is_open(viewer, Path(path)):
            continue
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


def _is_open(viewer: Any, path: Path) -> bool:
    """Tell whether a file is another slice of a DICOM series that this viewer shows already.

    napari hands over dropped files one by one, and every slice opens its whole series.
    """
    from napari_medssl._napari.layers import volume_of

    volumes = (volume_of(layer) for layer in viewer.layers)
    beside = {
        volume.source.path
        for volume in volumes
        if volume is not None and volume.source.format == "dicom" and volume.source.path
    }
    here = [p for p in beside if p.is_file() and p != path and p.parent == path.parent]
    return bool(here) and _series(path) in {_series(p) for p in here} - {None}


def _series(path: Path) -> str | None:
    """Return the series of a file that is one slice of it; None for any other file."""
    from napari_medssl.io.dicom.headers import read_image_file

    try:
        header = read_image_file(path)
    except (MedSSLError, OSError):
        return None
    return header.series_uid if len(header.frames) == 1 else None
