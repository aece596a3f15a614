"""The projects opened last, kept in the user's own settings folder; a panel shows names only."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from napari_medssl import io

_MOST = 8


def _settings_file() -> Path:
    folder = platformdirs.user_config_dir("napari-medssl", appauthor=False)
    return Path(folder) / "recent-projects.json"


@dataclass(frozen=True)
class RecentProjects:
    """Which folders were opened last.

    Parameters
    ----------
    file : Path
        Where they are written down; in the user's settings folder unless given.
    """

    file: Path = field(default_factory=_settings_file)

    def folders(self) -> tuple[Path, ...]:
        """Return the folders that are still there, the last one first."""
        try:
            told = [Path(folder) for folder in json.loads(self.file.read_text("utf-8"))]
        except (OSError, ValueError, TypeError):
            return ()
        return tuple(folder for folder in told if folder.is_dir())

    def names(self) -> tuple[str, ...]:
        """Return what to call them: of two with one name, the folder around each is told too."""
        folders = self.folders()
        short = [folder.name for folder in folders]
        return tuple(
            name if short.count(name) == 1 else f"{name} (in {folder.parent.name})"
            for name, folder in zip(short, folders, strict=True)
        )

    def note(self, folder: Path) -> None:
        """Put a folder first.

        Raises
        ------
        SaveError
            If it could not be written down.
        """
        folder = folder.resolve()
        kept = [folder, *(other for other in self.folders() if other != folder)][:_MOST]
        text = json.dumps([str(other) for other in kept], ensure_ascii=False, indent=2)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        io.atomic_write(self.file, lambda part: _write(part, text))


def _write(part: Path, text: str) -> None:
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
