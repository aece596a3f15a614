"""The engines beyond this machine that a user has named, in the user's own settings file."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.jobs.files import get_json, not_saved, put_json

#: what this machine is called among the engines
HERE = "here"

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class _Engine(BaseModel):
    """What every cluster is asked for a job.

    Parameters
    ----------
    python : str
        The Python on the cluster that has this package.
    gpus : int
        How many a job gets; with more than one they work on it together. 0 computes on processors.
    cpus : int
        How many processor cores a job gets.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    python: str = sys.executable
    gpus: Annotated[int, Field(ge=0, le=64)] = 0
    cpus: Annotated[int, Field(ge=1, le=1024)] = 1


class RaySettings(_Engine):
    """A Ray cluster.

    Parameters
    ----------
    address : str
        Of its head: ``http://127.0.0.1:8265``.
    packed : bool
        Whether images travel with the job; else both machines see the same folders.
    token_file : str or None
        A file that holds the token; else where Ray itself looks for it.
    paths : mapping of str to str
        Where folders of this machine are on the cluster, if not in the same place.
    """

    kind: Literal["ray"] = "ray"
    address: str = "http://127.0.0.1:8265"
    packed: bool = False
    token_file: str | None = None
    paths: dict[str, str] = {}


class SlurmSettings(_Engine):
    """A Slurm cluster whose commands work on this machine.

    Parameters
    ----------
    partition, account : str
        As the cluster calls them; its own choice where empty.
    hours : float
        After so long the cluster interrupts a job, and begins it again where it was.
    memory_gb : float or None
        What a job needs; the cluster's own choice where None.
    """

    kind: Literal["slurm"] = "slurm"
    partition: str = ""
    account: str = ""
    hours: Annotated[float, Field(gt=0, le=10_000)] = 24.0
    memory_gb: Annotated[float, Field(gt=0)] | None = None


EngineSettings = Annotated[RaySettings | SlurmSettings, Field(discriminator="kind")]


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid")

    engines: dict[str, EngineSettings] = {}


def _settings_file() -> Path:
    folder = platformdirs.user_config_dir("napari-medssl", appauthor=False)
    return Path(folder) / "engines.json"


@dataclass(frozen=True)
class EngineBook:
    """The file in which engines are named.

    Parameters
    ----------
    file : Path
        In the user's settings folder unless given.
    """

    file: Path = field(default_factory=_settings_file)

    def engines(self) -> dict[str, RaySettings | SlurmSettings]:
        """Return what is in it, by name; empty where there is no file.

        Raises
        ------
        UnreadableFileError
            If it is damaged, or holds what nobody knows.
        """
        if not self.file.exists():
            return {}
        try:
            return dict(_Told.model_validate(get_json(self.file)).engines)
        except (ValidationError, UnreadableFileError) as error:
            first = error.errors()[0] if isinstance(error, ValidationError) else None
            where = f" at '{' > '.join(map(str, first['loc']))}'" if first else ""
            raise UnreadableFileError(
                f"the settings file '{self.file.name}' is damaged{where}",
                do="Correct or remove it, and name the engines anew with 'medssl jobs engines add'",
            ) from error

    def add(self, name: str, settings: RaySettings | SlurmSettings) -> None:
        """Name an engine; one of that name is replaced.

        Raises
        ------
        UsageError
            If the name cannot be.
        SaveError
            If the file cannot be written.
        """
        if not _NAME.fullmatch(name) or name == HERE:
            raise UsageError(
                f"an engine called '{name}'",
                expected=f"small letters, digits and dashes, and not '{HERE}'",
            )
        self._write({**self.engines(), name: settings})

    def remove(self, name: str) -> None:
        """Forget an engine; its jobs go on.

        Raises
        ------
        UsageError
            If there is none of that name.
        """
        engines = self.engines()
        if name not in engines:
            raise UsageError(f"there is no engine '{name}'", expected=listed(engines))
        del engines[name]
        self._write(engines)

    def _write(self, engines: dict[str, RaySettings | SlurmSettings]) -> None:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise not_saved(error, self.file) from error
        put_json(self.file, _Told(engines=engines).model_dump(mode="json"))


def settings_from(kind: str, **given: object) -> RaySettings | SlurmSettings:
    """Return settings of a kind from what a person gave; what is None counts as not given.

    Raises
    ------
    UsageError
        If one of them cannot be.
    """
    model = RaySettings if kind == "ray" else SlurmSettings
    try:
        return model.model_validate({k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "it"
        raise UsageError(
            f"{name.replace('_', ' ')} {first['input']!r} for an engine of the kind '{kind}'",
            expected=str(first["msg"]).lower(),
        ) from error


def listed(engines: dict[str, RaySettings | SlurmSettings]) -> str:
    """Return the names there are, in words."""
    return " or ".join(f"'{name}'" for name in (HERE, *sorted(engines)))
