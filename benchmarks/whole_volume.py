"""A network over a whole CT: MONAI's sliding window against ours.

    python benchmarks/whole_volume.py [--shape 512,512,300] [--network swin_unetr] [--image FILE]

Each way runs in a process of its own, with the same random weights on the same prepared voxels, in
32 bits, and ends with the label of every voxel. "MONAI" is `sliding_window_inference` with Gaussian
blending around the network as it is built; "ours" is what `medssl segment` does, once seeing every
window and once with windows of one value (air) seen only once. Time and memory are those of the
processes; logits are compared on some rows, labels everywhere.

With --seconds-cap each way is stopped after so many seconds, and its whole time reckoned from its
windows a second; memory and labels are compared in whole runs only.
"""

from __future__ import annotations

import json as json_text
import math
import resource
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
import typer

from napari_medssl.io import read_volume
from napari_medssl.models.networks import network_card
from napari_medssl.models.networks.network import build_network
from napari_medssl.segment.assemble import Wanted, assembly
from napari_medssl.segment.predictor import Predictor
from napari_medssl.segment.sliding_window import SlidingWindow
from napari_medssl.segment.way_back import way_back
from napari_medssl.segment.windows import Windows
from napari_medssl.volume import preparation
from napari_medssl.volume.operation import SameGrid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.models.networks.network import SegmentationNetwork

_WAYS = ("monai", "ours", "ours_air_once")
_COMPARED_ROWS = 12
_TABLE_HU, _TISSUE_HU, _AIR_HU, _NOISE_HU = 50, 40, -1000, 15


class OutOfTime(Exception):  # noqa: N818 - it is no error
    """The cap is reached."""


def phantom(shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """A trunk of 33 x 23 cm on a table in a field of view of 40 cm, (x, y, z), 0..1.

    Window -175..250 HU, as the networks want it; the air's noise is cut off by it, as in any CT.
    """
    rng = np.random.default_rng(0)
    x = np.linspace(-200, 200, shape[0])[:, None]
    y = np.linspace(-200, 200, shape[1])[None]
    trunk = (x / 165) ** 2 + (y / 115) ** 2 <= 1
    table = (np.abs(y - 122) < 2) & (np.abs(x) < 190)
    slice_hu = np.select([trunk, table], [_TISSUE_HU, _TABLE_HU], _AIR_HU).astype(np.float32)
    voxels = np.empty(shape, np.float32)
    for z in range(shape[2]):
        organ = ((x - 40 * math.sin(z / 40)) / 40) ** 2 + (y / 50) ** 2 <= 1
        noisy = slice_hu + 80 * organ + rng.normal(0, _NOISE_HU, shape[:2])
        voxels[:, :, z] = np.clip((noisy + 175) / 425, 0, 1)
    return voxels


def _network(name: str, classes: int) -> SegmentationNetwork:
    torch.manual_seed(0)
    return build_network(name, dimensions=3, classes=classes).eval()


def run_monai(
    network: SegmentationNetwork, voxels: NDArray[np.float32], job: dict[str, Any]
) -> dict[str, Any]:
    """Time MONAI's."""
    from monai.inferers import sliding_window_inference

    seen, ends = 0, perf_counter() + (job["cap"] or math.inf)

    def counting(windows: torch.Tensor) -> torch.Tensor:
        nonlocal seen
        if perf_counter() > ends:
            raise OutOfTime
        seen += len(windows)
        logits: torch.Tensor = network(windows)
        return logits

    image = torch.from_numpy(voxels)[None, None].to(job["device"])
    network.to(job["device"])
    started = perf_counter()
    try:
        with torch.inference_mode():
            logits = sliding_window_inference(
                image, job["window"], 1, counting, job["overlap"], mode="gaussian"
            )[0]
            labels = logits.argmax(0).to(torch.uint8).cpu().numpy()
    except OutOfTime:
        return {"seconds": perf_counter() - started, "seen": seen, "whole": False}
    seconds = perf_counter() - started
    rows = np.moveaxis(logits[:, job["rows"]].cpu().numpy(), 0, -1)
    _keep(job, labels, rows)
    return {"seconds": seconds, "seen": seen, "whole": True}


def run_ours(
    network: SegmentationNetwork, voxels: NDArray[np.float32], job: dict[str, Any]
) -> dict[str, Any]:
    """Time ours."""
    from napari_medssl.errors import StoppedError

    device, windows = job["device"], Windows(voxels.shape, tuple(job["window"]), job["overlap"])
    axis, same = windows.longest_axis, SameGrid(voxels.shape)
    ends, seen = perf_counter() + (job["cap"] or math.inf), 0
    predict = Predictor(network.to(device), device).predict(
        slice_axis=None, mirror_axis=None, half=False
    )

    def counting(batch: torch.Tensor) -> torch.Tensor:
        nonlocal seen
        seen += len(batch)
        return predict(batch)

    sliding = SlidingWindow(
        counting,
        network.classes,
        device=device,
        store=device,
        reuse_constant=job["way"] == "ours_air_once",
        stop=lambda: perf_counter() > ends,
    )
    wanted = Wanted(np.arange(network.classes, dtype=np.uint8))
    whole = assembly(voxels.shape, axis, same, way_back(voxels.shape, same), wanted)
    sample: dict[int, NDArray[np.float32]] = {}
    compared = set(job["rows"])
    started = perf_counter()
    try:
        for rows in sliding.rows(voxels[None], windows, axis):
            whole.take(rows)
            for n, logits in enumerate(rows.logits):
                if axis == 0 and rows.first + n in compared:
                    sample[rows.first + n] = logits.cpu().numpy().copy()
    except StoppedError:
        return {"seconds": perf_counter() - started, "seen": seen, "whole": False}
    seconds = perf_counter() - started
    _keep(job, whole.answer().labels, np.array([sample[row] for row in sorted(sample)]))
    return {"seconds": seconds, "seen": seen, "whole": True}


def _keep(job: dict[str, Any], labels: NDArray[np.uint8], rows: NDArray[np.float32]) -> None:
    folder = Path(job["folder"])
    np.save(folder / f"{job['way']}-labels.npy", labels)
    np.save(folder / f"{job['way']}-rows.npy", rows)


def child(job: dict[str, Any]) -> None:
    """Run one way, and print what it took."""
    voxels = np.load(Path(job["folder"]) / "voxels.npy")
    network = _network(job["network"], job["classes"])
    run = run_monai if job["way"] == "monai" else run_ours
    before = process_time()
    facts = run(network, voxels, job)
    facts["processor_seconds"] = process_time() - before
    facts["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if job["device"].startswith("cuda"):
        facts["gpu_mb"] = torch.cuda.max_memory_allocated() / 2**20
    print(json_text.dumps(facts))


def different_windows(voxels: NDArray[np.float32], windows: Windows) -> int:
    """How many windows a network must see when those of one value are seen once."""
    different, last = 0, None
    axis = windows.longest_axis
    for start in sorted(product(*windows.starts), key=lambda start: start[axis]):
        place = tuple(slice(at, at + n) for at, n in zip(start, windows.window, strict=True))
        cut = voxels[place]
        low = cut.min() if cut.min() == cut.max() else None
        different += low is None or low != last
        last = last if low is None else low
    return different


def main(
    shape: Annotated[
        str, typer.Option(help="Voxels of the made CT along x, y, z.")
    ] = "512,512,300",
    network: Annotated[str, typer.Option(help="A 3-D network: see 'medssl models list'.")] = (
        "swin_unetr"
    ),
    classes: Annotated[int, typer.Option(help="With the background.")] = 14,
    window: Annotated[str | None, typer.Option(help="Sides of a window; else the card's.")] = None,
    overlap: Annotated[float, typer.Option(help="Of neighbouring windows.")] = 0.5,
    image: Annotated[Path | None, typer.Option(help="A real CT instead of the made one.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    seconds_cap: Annotated[float | None, typer.Option(help="Stop each way after this.")] = None,
    ways: Annotated[str, typer.Option(help="Which to run.")] = ",".join(_WAYS),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    job: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Print times, memory, ratios and differences."""
    if job is not None:
        child(json_text.loads(job))
        return
    voxels = _prepared(image) if image else phantom(_three(shape))
    sides = _three(window) if window else network_card(network).patch[3]
    windows = Windows(voxels.shape, tuple(sides), overlap)
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "voxels.npy", voxels)
        common = {
            "folder": folder,
            "network": network,
            "classes": classes,
            "window": sides,
            "overlap": overlap,
            "device": device,
            "cap": seconds_cap,
            "rows": np.linspace(0, voxels.shape[0] - 1, _COMPARED_ROWS).astype(int).tolist(),
        }
        found = {way: _in_a_process({**common, "way": way}) for way in ways.split(",")}
        facts = {
            "voxels": list(voxels.shape),
            "network": network,
            "classes": classes,
            "window": list(sides),
            "windows": windows.count,
            "different_windows": different_windows(voxels, windows),
            "threads": torch.get_num_threads(),
            **found,
        }
        _reckon(facts)
        _compare(Path(folder), facts)
    print(json_text.dumps(facts) if as_json else _in_words(facts))


def _three(text: str) -> tuple[int, int, int]:
    a, b, c = (int(part) for part in text.split(","))
    return a, b, c


def _prepared(path: Path) -> NDArray[np.float32]:
    scan, _ = preparation("swinunetr_btcv").pipeline(read_volume(path))
    return np.ascontiguousarray(scan.array, np.float32)


def _in_a_process(job: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, __file__, "--job", json_text.dumps(job)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(f"{job['way']} failed:\n{done.stderr}")
    facts: dict[str, Any] = json_text.loads(done.stdout.splitlines()[-1])
    print(f"{job['way']}: {facts}", file=sys.stderr, flush=True)
    return facts


def _reckon(facts: dict[str, Any]) -> None:
    """Whole times, and ratios against MONAI's."""
    needed = dict.fromkeys(_WAYS, facts["windows"])
    needed["ours_air_once"] = facts["different_windows"]
    for way in _WAYS:
        if way in facts and not facts[way]["whole"]:
            for clock in ("seconds", "processor_seconds"):
                facts[way][clock] *= needed[way] / max(1, facts[way]["seen"])
    for way in _WAYS[1:]:
        if way in facts and "monai" in facts:
            facts[f"{way}_times_faster"] = facts["monai"]["seconds"] / facts[way]["seconds"]
            if facts[way]["whole"] and facts["monai"]["whole"]:
                facts[f"{way}_memory_ratio"] = facts[way]["peak_mb"] / facts["monai"]["peak_mb"]


def _compare(folder: Path, facts: dict[str, Any]) -> None:
    for way in _WAYS[1:]:
        pair = [folder / f"{one}-labels.npy" for one in ("monai", way)]
        if not all(path.exists() for path in pair):
            continue
        theirs, ours = (np.load(path) for path in pair)
        facts[f"{way}_labels_equal"] = float((theirs == ours).mean())
        theirs, ours = (np.load(folder / f"{one}-rows.npy") for one in ("monai", way))
        if theirs.shape == ours.shape:
            facts[f"{way}_largest_logit_difference"] = float(np.abs(theirs - ours).max())
            facts["largest_logit"] = float(np.abs(theirs).max())


def _in_words(facts: dict[str, Any]) -> str:
    lines = [
        f"{facts['network']}, {facts['classes']} classes, {' x '.join(map(str, facts['voxels']))} "
        f"voxels, {facts['windows']} windows of {' x '.join(map(str, facts['window']))} "
        f"({facts['different_windows']} that differ), {facts['threads']} threads"
    ]
    for way in _WAYS:
        if way not in facts:
            continue
        one = facts[way]
        reckoned = "" if one["whole"] else f" (reckoned from {one['seen']} windows)"
        busy = f"{one['processor_seconds']:.1f} s of processors"
        lines.append(
            f"{way:14} {one['seconds']:9.1f} s{reckoned}, {busy}, {one['peak_mb']:,.0f} MB"
        )
        if f"{way}_times_faster" in facts:
            lines.append(
                f"{'':14} {facts[f'{way}_times_faster']:.2f} times as fast (at least 1.5), "
                f"{facts.get(f'{way}_memory_ratio', math.nan):.2f} of the memory (at most 0.5)"
            )
        if f"{way}_labels_equal" in facts:
            lines.append(
                f"{'':14} labels equal {facts[f'{way}_labels_equal']:.6%}, largest difference of "
                f"a logit {facts.get(f'{way}_largest_logit_difference', math.nan):.1e} "
                f"(the largest logit is {facts.get('largest_logit', math.nan):.1f})"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
