"""Window tests are not even imported where they are not wanted: the core runs without napari."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files whose every test opens a window, if `-m` says "not gui"."""
    if collection_path.suffix != ".py" or "not gui" not in config.option.markexpr:
        return None
    opens_a_window = "\npytestmark = pytest.mark.gui\n" in collection_path.read_text("utf-8")
    return True if opens_a_window else None
