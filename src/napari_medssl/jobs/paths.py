"""Where folders of this machine are on another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl.jobs.spec import JobSpec


def there(path: str, paths: Mapping[str, str]) -> str:
    """Return where a path of this machine is on the other.

    Parameters
    ----------
    path : str
        Any text; what begins with none of the folders is returned as it is.
    paths : mapping of str to str
        Folder here -> the same folder there; the longest that fits counts.
    """
    for here in sorted(paths, key=len, reverse=True):
        begin = here.rstrip("/\\")
        if path == begin or path.startswith((begin + "/", begin + "\\")):
            rest = path[len(begin) :].replace("\\", "/")
            return paths[here].rstrip("/") + rest
    return path


def spec_there(spec: JobSpec, paths: Mapping[str, str]) -> JobSpec:
    """Return a spec whose arguments name folders as they are on the other machine."""
    if not paths:
        return spec
    return replace(spec, arguments=replaced(spec.arguments, lambda text: there(text, paths)))


def replaced(value: Any, change: Callable[[str], str]) -> Any:
    """Return plain data with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: replaced(one, change) for key, one in value.items()}
    return [replaced(one, change) for one in value] if isinstance(value, list) else value
