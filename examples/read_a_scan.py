"""Open a scan and say what it is, where its voxels are, and what its file left open."""

import sys

from napari_medssl import read_volume
from napari_medssl.io import plain_words
from napari_medssl.io.samples import sample


def main(path: str | None = None) -> None:
    """Describe the scan at ``path``, or a sample that comes with the package."""
    volume = read_volume(path) if path else sample("brain-mr")
    for line in plain_words(volume):
        print(line)
    middle = [n // 2 for n in volume.geometry.shape]
    print("the middle voxel lies at", volume.geometry.to_world(middle).round(1), "mm (LPS)")


if __name__ == "__main__":
    main(*sys.argv[1:2])
