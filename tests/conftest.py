"""What every test may use. Nothing here imports napari, Qt or torch."""

from __future__ import annotations

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


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep caches, settings, weights and logs of a test out of the user's own folders."""
    home = tmp_path_factory.mktemp("home")
    for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))
