"""Outline one organ from a box and then from a point, and save the mask on the scan's own grid."""

import sys
from pathlib import Path

import numpy as np

from napari_medssl.evaluate import dice
from napari_medssl.io import LabelInfo, write_labels
from napari_medssl.segment import (
    BoxPrompt,
    EmbeddingCache,
    InteractiveSegmenter,
    PointPrompt,
    Prompts,
    load_engine,
)
from napari_medssl.volume import Window
from napari_medssl.volume.phantom import LABEL_NAMES, abdomen_ct


def main(folder: str = "demo-output") -> None:
    """Outline the spleen of the synthetic abdomen on slice 30."""
    volume, truth = abdomen_ct()
    spleen = next(value for value, name in LABEL_NAMES.items() if name == "spleen")
    segmenter = InteractiveSegmenter(load_engine("litemedsam"), EmbeddingCache(None))
    for prompts in (
        Prompts(boxes=(BoxPrompt((30, 98, 171), (30, 150, 211)),)),
        Prompts(points=(PointPrompt((30, 124, 191)),)),
    ):
        result = segmenter.segment(volume, prompts, Window(-160, 240), axis=0)
        print(
            f"Dice {dice(result.mask, truth[30] == spleen):.3f} in {result.predict_seconds:.2f} s"
        )
    mask = np.zeros(volume.geometry.shape, np.uint8)
    mask[30] = result.mask
    Path(folder).mkdir(exist_ok=True)
    labels = [LabelInfo(1, "spleen", (230, 90, 60))]
    print("saved", write_labels(mask, volume, Path(folder) / "spleen.nii.gz", labels=labels).name)


if __name__ == "__main__":
    main(*sys.argv[1:2])
