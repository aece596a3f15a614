"""Images to nnU-Net and what it finds back: on the source's own grid, with the source's labels."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_medssl.errors import UnreadableFileError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.finetune.nnunet.model import NnunetCard
    from napari_medssl.finetune.nnunet.prediction import NnunetPredictor
    from napari_medssl.volume import Volume


def segment_with(
    predictor: NnunetPredictor, card: NnunetCard, volume: Volume
) -> NDArray[np.unsignedinteger]:
    """Segment an image.

    Parameters
    ----------
    predictor, card : NnunetPredictor, NnunetCard
        The model.
    volume : Volume
        The image, of any grid and orientation.

    Returns
    -------
    (z, y, x) array
        Label values of the source that the model was trained on, on the image's own grid.

    Raises
    ------
    MedSSLError
        If the image does not have the model's channels, or what came back is not on its grid.
    """
    from napari_medssl.io import read_labels

    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        files = _write_channels(volume, folder, card)
        found = folder / f"found{card.suffix}"
        predictor.predict(files, found)
        return with_source_values(read_labels(found, volume), card)


def with_source_values(
    written: NDArray[np.unsignedinteger], card: NnunetCard
) -> NDArray[np.unsignedinteger]:
    """Turn nnU-Net's label values 1, 2, 3 into those that the masks were drawn with.

    Raises
    ------
    UnreadableFileError
        If there is a value that the model does not know.
    """
    from napari_medssl.volume.label_types import smallest_unsigned

    table = {0: 0, **{label.written: label.value for label in card.labels}}
    if strange := sorted(set(np.unique(written).tolist()) - set(table)):
        raise UnreadableFileError(f"a mask with the value {strange[0]}", expected=f"{list(table)}")
    values = np.zeros(max(table) + 1, np.uint32)
    for value, becomes in table.items():
        values[value] = becomes
    return smallest_unsigned(values[written])


def save_found(
    mask: NDArray[np.unsignedinteger], volume: Volume, out: Path, card: NnunetCard
) -> Path:
    """Save what was found beside its label table and a word on where it comes from.

    Raises
    ------
    SaveError
        If it cannot be written.
    """
    from napari_medssl.io import LabelInfo, write_labels
    from napari_medssl.io.label_table import unnamed_label

    labels = [
        LabelInfo(one.value, one.name, one.colour or unnamed_label(one.value).colour)
        for one in card.labels
    ]
    model = {
        "engine": "nnU-Net",
        "configurations": [member.configuration for member in card.members],
        "dataset": card.facts.get("dataset", ""),
    }
    return write_labels(mask, volume, out, labels=labels, provenance={"model": model})


def _write_channels(volume: Volume, folder: Path, card: NnunetCard) -> list[Path]:
    """Write an image as the model's training images were: a file a channel, or one picture."""
    from napari_medssl.io import write_volume

    if card.suffix == ".png":
        if len(card.channels) == 3 and not volume.is_rgb:
            volume = volume.with_values(np.stack([volume.array] * 3))
        return [write_volume(volume, folder / "image_0000.png")]
    parts = [volume.with_values(a) for a in volume.array] if volume.is_rgb else [volume]
    return [
        write_volume(part, folder / f"image_{n:04}{card.suffix}") for n, part in enumerate(parts)
    ]
