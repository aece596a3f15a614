from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest
import torch
from monai.inferers import sliding_window_inference
from torch import Tensor, nn

from napari_medssl.errors import StoppedError
from napari_medssl.segment.sliding_window import SlidingWindow, Tally
from napari_medssl.segment.windows import Windows

CLASSES = 4


def network(dims: int, channels: int = 1) -> nn.Module:
    """Small, and aware of where in its window a voxel lies, as real ones are."""
    torch.manual_seed(0)
    convolution, norm = ((nn.Conv2d, nn.InstanceNorm2d), (nn.Conv3d, nn.InstanceNorm3d))[dims - 2]
    return nn.Sequential(
        convolution(channels, 6, 3, padding=1),
        norm(6),
        nn.LeakyReLU(),
        convolution(6, CLASSES, 3, padding=1),
    ).eval()


def gathered(sliding: SlidingWindow, image: np.ndarray, windows: Windows, axis: int) -> np.ndarray:
    """Logits as MONAI returns them, (classes, *sides)."""
    sides = [n for a, n in enumerate(windows.image) if a != axis]
    whole = np.full((windows.image[axis], *sides, CLASSES), np.nan, np.float32)
    reached = 0
    for rows in sliding.rows(image, windows, axis):
        assert rows.first == reached, "rows come in order, without a gap"
        reached += len(rows.logits)
        whole[rows.first : reached] = rows.logits.numpy()
    assert reached == windows.image[axis]
    return np.moveaxis(np.moveaxis(whole, 0, axis), -1, 0)


CASES = [
    ((40, 52), (16, 16), 0.5),
    ((33, 47), (16, 12), 0.25),
    ((10, 50), (16, 16), 0.5),
    ((24, 30, 27), (12, 12, 12), 0.5),
    ((9, 31, 20), (12, 8, 16), 0.25),
    ((7, 8, 9), (12, 12, 12), 0.5),
    ((21, 13, 10), (12, 8, 8), 0.7),
    ((16, 16, 16), (16, 16, 16), 0.5),
]


@pytest.mark.parametrize(("axis", "batch"), [(0, 3), (1, 1)])
@pytest.mark.parametrize(("image_sides", "window", "overlap"), CASES)
def test_logits_are_those_of_monai(
    image_sides: tuple[int, ...], window: tuple[int, ...], overlap: float, batch: int, axis: int
) -> None:
    net = network(len(window))
    image = np.random.default_rng(0).normal(size=(1, *image_sides)).astype(np.float32)
    with torch.no_grad():
        theirs = sliding_window_inference(
            torch.from_numpy(image)[None], window, batch, net, overlap, mode="gaussian"
        )[0].numpy()
    windows = Windows(image_sides, window, overlap)
    ours = gathered(SlidingWindow(net, CLASSES, batch), image, windows, axis)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
    decided = np.sort(theirs, 0)[-1] - np.sort(theirs, 0)[-2] > 1e-5
    np.testing.assert_array_equal(ours.argmax(0)[decided], theirs.argmax(0)[decided])


@pytest.mark.parametrize("batch", [1, 4])
def test_windows_of_air_are_asked_about_once_and_the_answer_is_the_same(batch: int) -> None:
    image = np.zeros((1, 8, 40, 40), np.float32)
    image[:, :, 20:24, 16:24] = np.random.default_rng(0).random((8, 4, 8))
    windows = Windows(image.shape[1:], (8, 8, 8), 0.5)
    net, looks = network(3), []

    def counting(x: Tensor) -> Tensor:
        looks.append(len(x))
        return net(x)

    def run(*, reuse: bool) -> tuple[np.ndarray, int]:
        looks.clear()
        sliding = SlidingWindow(counting, CLASSES, batch, reuse_constant=reuse)
        return gathered(sliding, image, windows, 1), sum(looks)

    every, all_looks = run(reuse=False)
    once, few_looks = run(reuse=True)
    assert all_looks == windows.count
    assert few_looks < all_looks / 2
    np.testing.assert_allclose(once, every, rtol=0, atol=1e-6)
    tally = Tally()
    for _ in SlidingWindow(net, CLASSES, batch).rows(image, windows, 1, tally):
        pass
    assert (tally.seen, tally.seen - tally.alike) == (windows.count, few_looks)


def test_a_window_is_constant_only_if_each_channel_is() -> None:
    image = np.zeros((2, 16, 16), np.float32)
    image[1] = 5
    image[1, :, 8:] = np.arange(8)
    windows, tally = Windows((16, 16), (8, 8), 0.0), Tally()
    for _ in SlidingWindow(network(2, 2), CLASSES).rows(image, windows, 0, tally):
        pass
    assert tally.alike == 1


def test_progress_is_told_and_a_stop_is_heard_between_windows() -> None:
    windows = Windows((8, 32), (8, 8), 0.5)
    image = np.random.default_rng(0).random((1, 8, 32))
    told: list[tuple[int, int]] = []
    sliding = SlidingWindow(
        network(2),
        CLASSES,
        stop=lambda: len(told) == 3,
        progress=lambda done, of: told.append((done, of)),
    )
    with pytest.raises(StoppedError):
        list(sliding.rows(image, windows, 1))
    assert told == [(n, windows.count) for n in (1, 2, 3)]


def storages() -> dict[int, int]:
    """Bytes of every block of torch's memory that some tensor uses."""
    alive = [o for o in gc.get_objects() if issubclass(type(o), Tensor) and not o.is_meta]
    return {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in alive}


def long_image(slices: int) -> tuple[np.ndarray, Windows, SlidingWindow]:
    image = np.random.default_rng(0).integers(0, 9, (1, slices, 8, 8)).astype(np.int16)
    sliding = SlidingWindow(nn.Conv3d(1, CLASSES, 1).eval(), CLASSES)
    return image, Windows(image.shape[1:], (8, 8, 8), 0.5), sliding


def test_only_a_layer_of_windows_is_kept_however_long_the_image() -> None:
    def most_used(slices: int) -> int:
        image, windows, sliding = long_image(slices)
        before, most = storages(), 0
        for n, _ in enumerate(sliding.rows(image, windows, 0)):
            if n in (slices // 8, slices // 4 - 2):  # a look goes through all objects there are
                new = {at: size for at, size in storages().items() if at not in before}
                most = max(most, sum(new.values()))
        return most

    assert 0 < most_used(1000) <= most_used(100) * 1.2


def test_the_image_is_not_copied() -> None:
    image, windows, sliding = long_image(2000)
    list(sliding.rows(image[:, :16], Windows((16, 8, 8), (8, 8, 8), 0.5), 0))
    tracemalloc.start()
    for _ in sliding.rows(image, windows, 0):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < image.nbytes / 2
