"""What a job is to do: fixed when it is made, so that going on with it does the very same."""

from __future__ import annotations

import json
import platform
import re
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.jobs.files import get_json, put_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SPEC = "spec.json"

_FORMAT = 1
_WORD = re.compile(r"[a-z][a-z0-9-]{0,39}")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_DEVICE = re.compile(r"[a-z]+(:\d+)?")
_MOST_SEED, _MOST_PROCESSES = 2**32 - 1, 64


@dataclass(frozen=True)
class JobSpec:
    """What a job is to do.

    Parameters
    ----------
    id : str
        Of small letters, digits and dashes; its time and kind, and a few letters by chance.
    kind : str
        Which recipe runs it: ``"nnunet"``.
    arguments : mapping
        What the recipe is given, as plain data; paths in it are absolute.
    title : str
        Words for people, without names of patients.
    seed : int
        Of every random draw, 0 to 2**32 - 1.
    device : str
        What it computes on: ``"cpu"``, ``"cuda:0"``, ``"mps"``. One job a device runs at a time.
    created : str
        When it was made, in UTC.
    versions : mapping
        Of Python and this package when it was made.
    processes : int
        How many work on it together through torchrun, each on a GPU of its own if it has GPUs.

    Raises
    ------
    UsageError
        If one of them is not as said.
    """

    id: str
    kind: str
    arguments: Mapping[str, Any]
    title: str = ""
    seed: int = 0
    device: str = "cpu"
    created: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    processes: int = 1

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise UsageError(f"the job '{self.id}'", expected="small letters, digits and dashes")
        if not _WORD.fullmatch(self.kind):
            raise UsageError(f"the kind of job '{self.kind}'", expected="a word in small letters")
        if not _DEVICE.fullmatch(self.device):
            raise UsageError(f"the device '{self.device}'", expected="one such as cpu or cuda:0")
        if isinstance(self.seed, bool) or not 0 <= self.seed <= _MOST_SEED:
            raise UsageError(f"the seed {self.seed}", expected=f"0 to {_MOST_SEED:,}")
        if isinstance(self.processes, bool) or not 1 <= self.processes <= _MOST_PROCESSES:
            raise UsageError(
                f"{self.processes} processes", expected=f"a number from 1 to {_MOST_PROCESSES}"
            )
        if self.processes > 1 and self.device == "mps":
            raise UsageError("several processes on the GPU of a Mac", expected="one")
        try:  # a copy that nobody else holds, of nothing but plain data
            own = json.loads(json.dumps(dict(self.arguments), allow_nan=False))
        except (TypeError, ValueError) as error:
            raise UsageError("arguments of a job that are not plain data") from error
        object.__setattr__(self, "arguments", own)


def new_spec(
    kind: str,
    arguments: Mapping[str, Any],
    *,
    title: str = "",
    seed: int = 0,
    device: str = "cpu",
    processes: int = 1,
) -> JobSpec:
    """Make a spec with an id of its own, of now and of this machine's versions.

    Raises
    ------
    UsageError
        If one of them is not as `JobSpec` says.
    """
    now = datetime.now(UTC)
    return JobSpec(
        id=f"{now:%Y%m%d-%H%M%S}-{kind}-{secrets.token_hex(2)}",
        kind=kind,
        arguments=arguments,
        title=title or kind,
        seed=seed,
        device="cuda:0" if device == "cuda" else device,
        created=now.isoformat(timespec="milliseconds"),
        versions={"python": platform.python_version(), "napari-medssl": version("napari-medssl")},
        processes=processes,
    )


def write_spec(spec: JobSpec, folder: Path) -> None:
    """Write a spec into a job's folder, once and for all.

    Raises
    ------
    SaveError
        If it cannot be written.
    """
    put_json(folder / SPEC, _row(spec))


def spec_text(spec: JobSpec) -> str:
    """Return a spec as its file holds it."""
    return json.dumps(_row(spec), indent=1, ensure_ascii=False)


def read_spec(folder: Path) -> JobSpec:
    """Read the spec of a job's folder.

    Raises
    ------
    UnreadableFileError
        If there is none, or it is damaged.
    """
    if not (folder / SPEC).is_file():
        raise UnreadableFileError(
            f"there is no '{SPEC}' in '{folder.absolute().name}'", expected="the folder of a job"
        )
    facts = get_json(folder / SPEC)
    try:
        if facts.pop("format") != _FORMAT:
            raise ValueError
        return JobSpec(**facts)
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise UnreadableFileError(
            f"'{SPEC}' in '{folder.absolute().name}' is damaged, or of a newer version",
            do="Update napari-medssl, or start the job anew",
        ) from error


def _row(spec: JobSpec) -> dict[str, Any]:
    row = {"format": _FORMAT, **asdict(spec)}
    if spec.processes == 1:  # what versions before this one read
        del row["processes"]
    return row
