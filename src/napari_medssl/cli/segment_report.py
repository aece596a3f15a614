"""What ``medssl segment`` says when it is done."""

from __future__ import annotations

import json as json_text
import math
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.segment.automatic import AutomaticResult
    from napari_medssl.volume import Notice, Volume


@dataclass(frozen=True)
class Finished:
    """One mask that was written.

    Parameters
    ----------
    image, out : str
        Name of the image, and path of the mask.
    seconds : float
        From the image in memory to its labels.
    windows : int
        How many the network was shown.
    patch : tuple of int
        Their sides.
    labels : tuple of mapping
        Of each label: value, name, voxels, ml; ml None where voxels have no known size.
    notices : tuple of mapping
        Code and text of what was assumed, found or done differently.
    """

    image: str
    out: str
    seconds: float
    windows: int
    patch: tuple[int, ...]
    labels: tuple[Mapping[str, Any], ...]
    notices: tuple[Mapping[str, str], ...]

    @classmethod
    def of(
        cls,
        image: Path,
        out: Path,
        scan: Volume,
        result: AutomaticResult,
        card: TrainedCard,
        misfits: Sequence[Notice],
    ) -> Finished:
        """Measure what was found."""
        import numpy as np

        ml = math.prod(scan.geometry.spacing_mm) / 1000 if scan.spacing_known else None
        counts = {c: int(np.count_nonzero(result.labels == c.value)) for c in card.classes}
        return cls(
            image=image.name,
            out=str(out),
            seconds=round(result.seconds, 3),
            windows=result.windows,
            patch=result.patch,
            labels=tuple(
                {
                    "value": known.value,
                    "name": known.name,
                    "voxels": voxels,
                    "ml": None if ml is None else round(voxels * ml, 4),
                }
                for known, voxels in counts.items()
            ),
            notices=tuple(asdict(n) for n in (*scan.notices, *misfits, *result.notices)),
        )


def report(
    card: TrainedCard,
    device: str,
    finished: Sequence[Finished],
    failed: Mapping[str, str],
    *,
    as_json: bool,
) -> None:
    """Print what was done: one JSON object, or lines for people."""
    if as_json:
        facts = {
            "model": card.name,
            "weights_sha256": card.sha256,
            "device": device,
            "peak_memory_mb": round(peak_bytes() / 2**20),
            "images": [asdict(one) for one in finished],
            "failed": dict(failed),
        }
        print(json_text.dumps(facts, ensure_ascii=False))
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for one in finished:
        console.print(_in_words(one), markup=False)
        for notice in one.notices:
            console.print(f"  Note: {notice['text']}", markup=False)
    for image, why in failed.items():
        told = why if why.startswith(f"'{image}'") else f"'{image}': {why}"
        print(f"medssl: {told}", file=sys.stderr)
    console.print("Research use only. Not a medical device.", style="dim")


def _in_words(one: Finished) -> str:
    from pathlib import Path

    found = [
        f"{row['name']} {row['voxels']:,} voxels"
        if row["ml"] is None
        else f"{row['name']} {row['ml']:,.2f} ml"
        for row in one.labels
        if row["voxels"]
    ]
    windows = "1 window" if one.windows == 1 else f"{one.windows:,} windows"
    what = ", ".join(found) or "nothing found"
    return f"Wrote '{Path(one.out).name}': {what} ({windows}, {one.seconds:,.1f} s)."


def peak_bytes() -> int:
    """Return the most memory that this process has held."""
    import psutil

    known = psutil.Process().memory_info()
    if hasattr(known, "peak_wset"):
        return int(known.peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
