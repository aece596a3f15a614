from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from step_network import StepNetwork, card_for

from napari_medssl.errors import OutOfMemoryError, StoppedError, UsageError
from napari_medssl.segment.automatic import AutomaticSegmenter, RunOptions, load_automatic
from napari_medssl.volume import Geometry, Volume, axes_towards

CODES = [
    "".join(letters) for pairs in permutations(("RL", "AP", "SI")) for letters in product(*pairs)
]
GRID = Geometry((13, 22, 17), (3.0, 1.5, 1.0), (7.0, -5.0, 100.0))


def steps_in(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Smooth blobs of the values 0, 1 and 2."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 2.5)
    low, high = np.quantile(noise, (0.5, 0.8))
    return (noise > low).astype(np.int16) + (noise > high)


def stored_as(codes: str, grid: Geometry = GRID) -> Volume:
    """The same blobs in the patient, in a file whose axes run towards ``codes``."""
    axes = axes_towards(grid, codes)
    return Volume.from_source_array(
        axes.apply(steps_in(grid.shape)), axes.apply_geometry(grid), name="s.nii", format="nifti"
    )


def segmenter(network: StepNetwork | None = None, **card: Any) -> AutomaticSegmenter:
    network = network or StepNetwork()
    return AutomaticSegmenter(network, card_for(network, **card), "cpu")


def expected(volume: Volume) -> np.ndarray:
    return np.array([0, 5, 6], np.uint8)[np.asarray(volume.array)]


@pytest.mark.parametrize("codes", CODES)
def test_labels_lie_on_every_files_grid_bit_by_bit(codes: str) -> None:
    volume = stored_as(codes)
    steps = (
        {"do": "orient", "codes": "RAS"},
        {"do": "pad-to", "shape": (30, 1, 1)},
        {"do": "crop-foreground", "above": -1},
        {"do": "crop-foreground"},
    )
    result = segmenter(steps=steps).run(volume)
    assert result.labels.dtype == np.uint8
    np.testing.assert_array_equal(result.labels, expected(volume))
    assert result.patch == (8, 8, 8)
    assert result.seconds > 0


@pytest.mark.parametrize("codes", CODES)
def test_resampled_labels_come_back_to_every_files_grid(codes: str) -> None:
    volume = stored_as(codes)
    steps = ({"do": "orient", "codes": "RAS"}, {"do": "resample", "spacing_mm": (1.2, 1.3, 2.5)})
    labels = segmenter(steps=steps).run(volume).labels
    assert labels.shape == volume.geometry.shape
    assert (labels == expected(volume)).mean() > 0.9
    # the same patient, the same answer, whatever the file's axes
    as_stored = segmenter(steps=steps).run(stored_as("SPL")).labels
    assert (labels == as_stored).mean() > 0.999


@pytest.mark.parametrize("dims", [2, 3])
def test_what_is_resampled_is_the_probability(dims: int) -> None:
    """Against all classes' probabilities brought back whole by the preparation's own inverse."""
    volume, network = stored_as("LIP"), StepNetwork(dims)
    steps = (
        {"do": "orient", "codes": "RAS"},
        {"do": "resample", "spacing_mm": (1.7, 1.1, 2.2)},
        {"do": "pad-to", "shape": (1, 40, 1)},
    )
    card = card_for(network, steps=steps, slice_axis=1 if dims == 2 else -1)
    options = RunOptions(probability=True, uncertainty=True)
    result = AutomaticSegmenter(network, card, "cpu").run(volume, options)
    prepared, inverse = card.preparation(volume)
    x = torch.from_numpy(prepared.array.astype(np.float32))[None]
    logits = torch.stack([-20 * (x - n) ** 2 for n in range(3)], 1)
    likely = inverse.image(logits.softmax(1)[0].numpy())
    assert result.probability is not None
    assert result.probability.dtype == np.float16
    np.testing.assert_allclose(result.probability, likely, atol=2e-3)
    np.testing.assert_array_equal(result.labels, np.array([0, 5, 6])[likely.argmax(0)])
    likely = likely.clip(1e-12, 1)
    entropy = -(likely * np.log(likely)).sum(0) / np.log(3)
    assert result.uncertainty is not None
    np.testing.assert_allclose(result.uncertainty, entropy, atol=5e-3)


def test_probability_and_doubt_where_nothing_is_resampled() -> None:
    volume = stored_as("RAS")
    steps = ({"do": "orient", "codes": "AIL"}, {"do": "crop-foreground"})
    result = segmenter(steps=steps).run(volume, RunOptions(probability=True, uncertainty=True))
    assert result.probability is not None
    assert result.uncertainty is not None
    np.testing.assert_allclose(result.probability.astype(float).sum(0), 1, atol=2e-3)
    np.testing.assert_array_equal(np.array([0, 5, 6])[result.probability.argmax(0)], result.labels)
    assert result.uncertainty.max() < 0.01


def test_a_2d_network_sees_slices_along_the_volumes_own_slice_axis() -> None:
    volume, network = stored_as("RAS"), StepNetwork(2)
    result = segmenter(network).run(volume)
    np.testing.assert_array_equal(result.labels, expected(volume))
    assert {shape[2:] for shape in network.seen} == {(8, 8)}
    # 3 mm slices: windows of rows and columns only, on each of the 13
    assert result.windows == 13 * 5 * 4


def test_grey_is_repeated_for_a_network_of_three_channels_and_colour_weighed_for_one() -> None:
    network = StepNetwork(2, in_channels=3)
    volume = stored_as("RAS")
    np.testing.assert_array_equal(segmenter(network).run(volume).labels, expected(volume))
    picture = np.zeros((3, 1, 20, 24), np.uint8)
    picture[:, :, 5:9, 5:9] = np.array([1, 2, 3]).reshape(3, 1, 1, 1)
    colour = Volume.from_source_array(
        picture.transpose(0, 3, 2, 1), Geometry((24, 20, 1)), name="p.png", format="picture"
    )
    assert (segmenter(network).run(colour).labels == 6).sum() == 16
    steps = ({"do": "channels", "count": 3},)
    assert (segmenter(StepNetwork(2), steps=steps).run(colour).labels == 6).sum() == 16
    with pytest.raises(UsageError, match="takes 2 channels"):
        segmenter(StepNetwork(2, in_channels=2)).run(colour)


def test_air_is_looked_at_once_and_told_of() -> None:
    array = np.zeros((40, 40, 40), np.int16)
    array[12:20, 12:20, 12:20] = 1
    volume = Volume.from_source_array(array, Geometry(array.shape), name="a", format="nifti")
    network = StepNetwork()
    result = segmenter(network).run(volume)
    assert network.looks < result.windows / 3
    (notice,) = result.notices
    assert notice.code == "air"
    assert f"{result.windows - network.looks:,} of {result.windows:,}" in notice.text
    network.looks = 0
    plain = segmenter(network).run(volume, RunOptions(skip_air=False))
    assert network.looks == plain.windows == result.windows
    np.testing.assert_array_equal(plain.labels, result.labels)


def test_voxels_that_are_no_numbers_are_filled_and_told_of() -> None:
    array = steps_in((12, 12, 12)).astype(np.float32)
    truth = array.copy()
    array[3, 4, 5], truth[3, 4, 5] = np.nan, 0
    array[8, 4, 5], truth[8, 4, 5] = np.inf, 0
    volume = Volume.from_source_array(array, Geometry(array.shape), name="n", format="nifti")
    result = segmenter().run(volume)
    assert [n.code for n in result.notices] == ["not-finite"]
    stored = volume.to_source(result.labels)
    np.testing.assert_array_equal(stored, np.array([0, 5, 6])[truth.astype(int)])


@pytest.mark.parametrize("value", [0.0, 2.0, np.nan])
def test_an_image_of_one_value_is_background_and_said_to_be(value: float) -> None:
    array = np.full((9, 9, 9), value, np.float32)
    volume = Volume.from_source_array(array, Geometry(array.shape), name="c", format="nifti")
    result = segmenter().run(volume, RunOptions(probability=True, uncertainty=True))
    assert not result.labels.any()
    assert result.probability is not None
    assert (result.probability[0] == 1).all()
    assert result.notices[-1].code == "constant"


def test_a_volume_smaller_than_a_window_is_padded_and_cropped() -> None:
    volume = stored_as("RAS", Geometry((5, 6, 3), (1.0, 1.0, 1.0)))
    np.testing.assert_array_equal(segmenter(patch=(16,) * 3).run(volume).labels, expected(volume))


def test_flips_take_the_mean_with_the_mirror_image_where_sides_may_be_exchanged() -> None:
    class LeftOnly(StepNetwork):
        """Sees nothing in the first half of what it is shown from left to right."""

        def decode(self, image: torch.Tensor, features: Any) -> torch.Tensor:
            logits = super().decode(image, features)
            logits[..., : logits.shape[-1] // 2] *= 0
            return logits

    volume = stored_as("SPL", Geometry((8, 8, 8)))  # one window; left is the last axis
    network = LeftOnly()
    options = RunOptions(probability=True, flips=True)
    both = segmenter(network, mirrored=True).run(volume, options).probability
    assert both is not None
    x = np.asarray(volume.array, np.float32)
    logits = np.stack([-20 * (x - n) ** 2 for n in range(3)]) / 2
    likely = torch.from_numpy(logits).softmax(0).numpy()
    np.testing.assert_allclose(both, likely, atol=2e-3)
    turned = segmenter(network, mirrored=True, steps=({"do": "orient", "codes": "RAS"},))
    one = turned.run(volume, RunOptions(flips=True))
    assert one.labels.shape == volume.geometry.shape
    with pytest.raises(UsageError, match="take left for right"):
        segmenter(network).run(volume, RunOptions(flips=True))
    with pytest.raises(UsageError, match="sagittal"):
        segmenter(StepNetwork(2), mirrored=True, slice_axis=2).run(volume, RunOptions(flips=True))


def test_sixteen_bits_give_the_same_labels_here() -> None:
    volume = stored_as("RAS")
    result = segmenter().run(volume, RunOptions(half=True))
    np.testing.assert_array_equal(result.labels, expected(volume))


def test_specks_go_and_the_largest_stays() -> None:
    array = np.zeros((20, 20, 20), np.int16)
    array[1:4, 1:4, 1:4] = 1
    array[10:15, 10:15, 10:15] = 1
    array[1, 18, 18] = 2
    volume = Volume.from_source_array(array, Geometry(array.shape), name="a", format="nifti")
    kept = segmenter().run(volume, RunOptions(keep_largest=(5,))).labels
    assert ((kept == 5).sum(), (kept == 6).sum()) == (125, 1)
    kept = segmenter().run(volume, RunOptions(min_mm3=2)).labels
    assert ((kept == 5).sum(), (kept == 6).sum()) == (152, 0)
    with pytest.raises(UsageError, match="5, 6"):
        segmenter().run(volume, RunOptions(keep_largest=(1,)))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"patch": (6, 6, 6)}, "multiple of 4"),
        ({"patch": (8, 8)}, "3 sides"),
        ({"overlap": 1.0}, "overlap of 1"),
        ({"batch": 0}, "0 windows"),
        ({"min_mm3": -1.0}, "-1 mm3"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        segmenter().run(stored_as("RAS"), RunOptions(**options))


def test_a_run_is_stopped_between_windows() -> None:
    told: list[tuple[int, int]] = []
    with pytest.raises(StoppedError):
        segmenter().run(
            stored_as("RAS"),
            progress=lambda done, of: told.append((done, of)),
            stop=lambda: len(told) == 2,
        )
    assert len(told) == 2


class Hungry(StepNetwork):
    """Runs out of memory if more is asked of it than it can take."""

    def __init__(self, most_voxels: int, error: Exception) -> None:
        super().__init__()
        self.most_voxels, self.error = most_voxels, error

    def encode(self, image: torch.Tensor) -> Any:
        if not image.is_meta and image.numel() > self.most_voxels:
            raise self.error
        return super().encode(image)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_a_run_without_memory_is_tried_with_less(error: Exception) -> None:
    volume = stored_as("RAS")
    together = segmenter(Hungry(8**3, error)).run(volume, RunOptions(batch=4))
    assert "batch-smaller" in [n.code for n in together.notices]
    smaller = segmenter(Hungry(8 * 8 * 4, error)).run(volume, RunOptions(batch=1))
    assert [n.code for n in smaller.notices] == ["window-smaller"]
    assert sorted(smaller.patch) == [4, 8, 8]
    for result in (together, smaller):
        np.testing.assert_array_equal(result.labels, expected(volume))
    with pytest.raises(OutOfMemoryError, match="not enough memory"):
        segmenter(Hungry(0, error)).run(volume)


def test_another_fault_of_a_network_is_not_taken_for_a_lack_of_memory() -> None:
    with pytest.raises(RuntimeError, match="something else"):
        segmenter(Hungry(0, RuntimeError("something else"))).run(stored_as("RAS"))


def test_a_window_that_cannot_fit_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_medssl.segment.setups.free_bytes", lambda device: 150_000)
    network = StepNetwork()
    result = segmenter(network, patch=(16, 16, 16)).run(stored_as("RAS"))
    assert result.patch < (16, 16, 16)
    assert (16, 16, 16) not in {shape[2:] for shape in network.seen}
    monkeypatch.setattr("napari_medssl.segment.setups.free_bytes", lambda device: 10)
    with pytest.raises(OutOfMemoryError):
        segmenter().run(stored_as("RAS"))


def test_a_model_is_loaded_from_its_checkpoint(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_medssl.io import atomic_write
    from napari_medssl.models.networks.network import build_network
    from napari_medssl.models.trained_weights import save_trained

    network = build_network("unet", dimensions=3, classes=3, widths=(4, 8))
    card = card_for(StepNetwork(), arguments={"widths": (4, 8)}, patch=(16, 16, 16))
    path = tmp_path / "steps.safetensors"
    save_trained(network, card, path, atomic_write)
    result = load_automatic(str(path), "cpu").run(stored_as("RAS"))
    assert result.labels.shape == GRID.shape
    assert set(np.unique(result.labels)) <= {0, 5, 6}
    with pytest.raises(UsageError, match="the trained model 'swan'"):
        load_automatic("swan")
