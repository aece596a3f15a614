"""What every test may use. Nothing here imports napari, Qt or torch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real, licensed images beside the checkout; skips where there is none.

    Where the folder beside the checkout exists but its images do not, the run is broken and the
    test fails.
    """
    if not SHARED.exists():
        pytest.skip("the real images (../shared/data) are not on this machine")
    data = SHARED / "data"
    assert data.is_dir(), "../shared is here but its data folder is not"
    return data


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """New paths; pytest's own numbering looks at all earlier folders each time."""
    root = tmp_path_factory.mktemp("homes")
    return (root / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_folders(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep caches, settings, weights and logs of a test out of the user's own folders."""
    home = next(_homes)
    for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))


@pytest.fixture(autouse=True)
def _no_wait_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what guards against a power cut alone: no test has one, and each write waits."""
    monkeypatch.setattr("os.fsync", lambda _: None)
