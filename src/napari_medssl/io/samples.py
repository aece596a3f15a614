"""Images to try things out with: two carried by other packages, one made, more to be fetched."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import MedSSLError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_medssl.volume import Volume


@dataclass(frozen=True)
class SampleCard:
    """What a sample is and where it comes from.

    Parameters
    ----------
    name, title, licence, about : str
        Key, words for a menu, the licence of the image, and who made it.
    package, file : str
        An installed package that carries the image, and the path inside it.
    url, sha256 : str
        Where it is fetched from, and what it must then hash to; empty for carried samples.
    bytes : int
        Size of the download.
    box : tuple of int
        A box (i0, j0, k0, i1, j1, k1) around something worth outlining; empty when there is none.
    object : str
        What the box is around.
    modality : str
        What made the image, where its format cannot say; empty otherwise.
    """

    name: str
    title: str
    licence: str
    about: str
    package: str = ""
    file: str = ""
    url: str = ""
    sha256: str = ""
    bytes: int = 0
    box: tuple[int, ...] = ()
    object: str = ""
    modality: str = ""

    @property
    def offline(self) -> bool:
        """True when the sample needs no network."""
        return not self.url


@cache
def sample_cards() -> Mapping[str, SampleCard]:
    """Return the cards of ``resources/samples.json`` by name."""
    text = files("napari_medssl").joinpath("resources", "samples.json").read_text("utf-8")
    rows: list[dict[str, Any]] = json.loads(text)
    return {row["name"]: SampleCard(**{**row, "box": tuple(row.get("box", ()))}) for row in rows}


def sample_card(name: str) -> SampleCard:
    """Return a sample's card.

    Raises
    ------
    UsageError
        If there is no sample of this name.
    """
    card = sample_cards().get(name)
    if card is None:
        raise UsageError(f"the sample '{name}'", expected=f"one of {', '.join(sample_cards())}")
    return card


def sample(name: str) -> Volume:
    """Read a sample.

    Raises
    ------
    UsageError
        If there is no sample of this name.
    MedSSLError
        If it has to be fetched and cannot be.
    """
    from napari_medssl.io.read import read_volume
    from napari_medssl.volume.phantom import abdomen_ct

    card = sample_card(name)
    if not (card.package or card.url):
        return abdomen_ct()[0]
    volume = read_volume(_carried(card) if card.package else _fetched(card))
    if not card.modality:
        return volume
    told = tuple(n for n in volume.notices if n.code != "modality-guessed")
    return replace(volume, modality=card.modality, notices=told)  # type: ignore[arg-type]


def _carried(card: SampleCard) -> Path:
    spec = find_spec(card.package)
    if spec is None or spec.origin is None:
        raise MedSSLError(
            f"the sample '{card.name}' comes with the package {card.package}, which is missing",
            do=f"Install {card.package}, or choose another sample",
        )
    return Path(spec.origin).parent / card.file


def _fetched(card: SampleCard) -> Path:
    import platformdirs
    import pooch

    folder = Path(platformdirs.user_cache_dir("napari-medssl", appauthor=False)) / "samples"
    pooch.get_logger().setLevel("ERROR")
    try:
        kept = pooch.retrieve(
            card.url, known_hash=f"sha256:{card.sha256}", fname=card.file, path=folder
        )
    except Exception as error:
        raise MedSSLError(
            f"the sample '{card.name}' ({card.bytes / 1e6:.1f} MB, {card.licence}) could not be "
            "fetched",
            do="Check the network, or choose a sample that needs none: "
            + ", ".join(c.name for c in sample_cards().values() if c.offline),
        ) from error
    return Path(kept)
