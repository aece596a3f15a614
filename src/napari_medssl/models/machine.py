"""What a kind of machine has the means for: the network and the crops that it learns in minutes.

Learning from masks and learning without them ask the same, so that an encoder that was pre-trained
on a machine is as wide as the network that is taught on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Means:
    """What fits a kind of machine.

    Parameters
    ----------
    network : str
        Key of a `NetworkCard`.
    widths : tuple of int
        Channels of its levels, the finest first.
    crop : mapping of int to int
        Dimensions (2, 3) -> voxels of a crop.
    view : mapping of int to int
        Dimensions -> voxels of a crop of which a batch holds dozens: what is learned from without
        masks. On a GPU those of the papers; views of larger ones are made more slowly than it
        learns from them.
    image : mapping of int to int
        Dimensions -> voxels of an image.
    organ : int
        Voxels across an organ.
    batch : mapping of int to int
        Dimensions -> crops a step.
    """

    network: str
    widths: tuple[int, ...]
    crop: Mapping[int, int]
    view: Mapping[int, int]
    image: Mapping[int, int]
    organ: int
    batch: Mapping[int, int]

    @property
    def multiple(self) -> int:
        """Of which each side of a crop is one: its network halves them once a level."""
        return 1 << (len(self.widths) - 1)


ON_PROCESSOR = Means(
    network="unet_small",
    widths=(16, 32, 64, 128),
    crop={2: 224**2, 3: 90_000},
    view={2: 224**2, 3: 90_000},
    image={2: 320**2, 3: 3_000_000},
    organ=40,
    batch={2: 4, 3: 2},
)
ON_GPU = Means(
    network="unet_small",
    widths=(32, 64, 128, 256, 320),
    crop={2: 512**2, 3: 128**3},
    view={2: 256**2, 3: 96**3},
    image={2: 768**2, 3: 60_000_000},
    organ=100,
    batch={2: 12, 3: 2},
)


@dataclass(frozen=True)
class Machine:
    """What a network learns on.

    Parameters
    ----------
    device : str
        ``"cpu"``, ``"cuda:0"`` or ``"mps"``.
    threads : int
        Of the processor.
    """

    device: str
    threads: int = 1

    @property
    def is_gpu(self) -> bool:
        """Whether it has the means for large crops."""
        return not self.device.startswith("cpu")

    @property
    def means(self) -> Means:
        """What fits it."""
        return ON_GPU if self.is_gpu else ON_PROCESSOR

    @property
    def precision(self) -> Literal["float32", "bfloat16"]:
        """Of the network's arithmetic: half as long numbers where the machine is made for them."""
        return "bfloat16" if self.device.startswith("cuda") else "float32"
