"""A trained network on a whole volume: prepared, seen window by window, brought back."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import OutOfMemoryError, UsageError
from napari_medssl.models.device import pick_device
from napari_medssl.models.memory import ran_out
from napari_medssl.models.trained import find_trained
from napari_medssl.segment.assemble import Answer, Wanted, assembly
from napari_medssl.segment.postprocess import cleaned
from napari_medssl.segment.predictor import Predictor
from napari_medssl.segment.run import AutomaticResult, RunOptions
from napari_medssl.segment.setups import Setup, setups
from napari_medssl.segment.sliding_window import SlidingWindow, Tally
from napari_medssl.segment.way_back import way_back
from napari_medssl.segment.windows import Windows
from napari_medssl.volume import Notice
from napari_medssl.volume.channels import Channels
from napari_medssl.volume.finite import fill_not_finite
from napari_medssl.volume.geometry import assign_axes
from napari_medssl.volume.label_types import label_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_medssl.models.networks.network import SegmentationNetwork
    from napari_medssl.models.trained import TrainedCard
    from napari_medssl.volume import Volume
    from napari_medssl.volume.operation import Inverse

    Progress = Callable[[int, int], None]
    Stop = Callable[[], bool]


__all__ = ["AutomaticResult", "AutomaticSegmenter", "RunOptions", "load_automatic"]


class AutomaticSegmenter:
    """A trained network, ready to run on volumes.

    Parameters
    ----------
    network : SegmentationNetwork
        Its weights are loaded; it is moved to the device.
    card : TrainedCard
        What is known of it.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:N"`` or ``"mps"``.

    Raises
    ------
    UsageError
        If the device is not there.
    """

    def __init__(
        self, network: SegmentationNetwork, card: TrainedCard, device: str = "auto"
    ) -> None:
        self.card = card
        self.device = pick_device(device)
        self._predictor = Predictor(network.to(self.device).eval(), self.device)

    def run(
        self,
        volume: Volume,
        options: RunOptions = RunOptions(),  # noqa: B008 - frozen
        *,
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> AutomaticResult:
        """Segment a volume.

        Parameters
        ----------
        volume : Volume
            Any; what does not suit the network `fitness` tells.
        options : RunOptions
            How.
        progress : callable, optional
            Told how many windows are done, and of how many.
        stop : callable, optional
            Asked between windows; true ends the run.

        Raises
        ------
        StoppedError
            If ``stop`` said so.
        OutOfMemoryError
            If there is not enough memory, even with the smallest window.
        UsageError
            If the options do not go with the network or the volume.
        """
        started = perf_counter()
        self._check(options)
        filled = fill_not_finite(volume)
        notices = filled.notices[len(volume.notices) :]
        if filled.array.min() == filled.array.max():
            return self._nothing(volume, options, notices, perf_counter() - started)
        prepared, inverse = self.card.preparation(filled)
        run = _Run(self.card, self._predictor, prepared, inverse, options, progress, stop)
        answer, setup, tally, more = run.answer()
        labels = cleaned(
            answer.labels,
            volume.geometry.spacing_mm,
            keep_largest=options.keep_largest,
            min_mm3=options.min_mm3,
        )
        return AutomaticResult(
            labels=labels,
            probability=answer.probability,
            uncertainty=answer.uncertainty,
            notices=(*notices, *more, *_told(tally)),
            seconds=perf_counter() - started,
            windows=tally.seen,
            patch=setup.patch,
        )

    def _check(self, options: RunOptions) -> None:
        if options.flips and not self.card.mirrored:
            raise UsageError(
                f"test-time flips with {self.card.title}",
                expected="a model whose labels lie on no one side: mirrored, this one would take "
                "left for right",
                do="Run it without flips",
            )
        if options.batch is not None and options.batch < 1:
            raise UsageError(f"{options.batch} windows at once", expected="1 or more")
        if options.patch is not None:
            self._predictor.network.require_sides(options.patch)
        values = [c.value for c in self.card.classes]
        if options.keep_largest != "all" and not set(options.keep_largest) <= set(values):
            raise UsageError(
                f"the largest component of {', '.join(map(str, options.keep_largest))}",
                expected=f"label values of the model: {', '.join(map(str, values))}",
            )

    def _nothing(
        self, volume: Volume, options: RunOptions, notices: tuple[Notice, ...], seconds: float
    ) -> AutomaticResult:
        shape, classes = volume.geometry.shape, len(self.card.classes) + 1
        likely = np.zeros((classes, *shape), np.float16) if options.probability else None
        if likely is not None:
            likely[0] = 1
        blank = Notice("constant", "The image shows one value only, so nothing was outlined in it.")
        return AutomaticResult(
            labels=np.zeros(shape, _values(self.card).dtype),
            probability=likely,
            uncertainty=np.zeros(shape, np.float16) if options.uncertainty else None,
            notices=(*notices, blank),
            seconds=seconds,
            windows=0,
            patch=options.patch or self.card.patch,
        )


def load_automatic(name_or_path: str, device: str = "auto") -> AutomaticSegmenter:
    """Load a trained network by its name, or by the path of its checkpoint.

    Raises
    ------
    UsageError
        If there is none, or no such device.
    WeightsError
        If it is damaged, altered, or an encoder alone.
    """
    path, card = find_trained(name_or_path)
    from napari_medssl.models.trained_weights import load_trained

    return AutomaticSegmenter(load_trained(path, card), card, device)


@dataclass(frozen=True, eq=False)
class _Run:
    """One network on one prepared volume."""

    card: TrainedCard
    predictor: Predictor
    prepared: Volume
    inverse: Inverse
    options: RunOptions
    progress: Progress | None
    stop: Stop | None

    def answer(self) -> tuple[Answer, Setup, Tally, tuple[Notice, ...]]:
        """Try setups until one fits the memory."""
        notices: list[Notice] = []
        image = self._image()
        for setup in setups(self.predictor, self.card, self.options, image.shape, self._slices):
            notices += setup.notices
            try:
                answer, tally = self._with(setup, image)
            except (MemoryError, RuntimeError) as error:
                if not ran_out(error):
                    raise
                self.predictor.free()
                continue
            return answer, setup, tally, tuple(notices)
        raise OutOfMemoryError(
            f"not enough memory to run {self.card.title} on this image",
            do="Close other programs, choose a smaller window, or crop the image",
        )

    def _with(self, setup: Setup, image: NDArray[Any]) -> tuple[Answer, Tally]:
        options, tally = self.options, Tally()
        windows = Windows(image.shape[1:], setup.window, options.overlap)
        axis, shape = windows.longest_axis, self.prepared.geometry.shape
        sliding = SlidingWindow(
            predict=self.predictor.predict(
                slice_axis=self._slices,
                mirror_axis=self._left_right if options.flips else None,
                half=options.half,
            ),
            classes=len(self.card.classes) + 1,
            batch=setup.batch,
            device=self.predictor.device,
            store=setup.store,
            reuse_constant=options.skip_air,
            progress=self.progress,
            stop=self.stop,
        )
        wanted = Wanted(_values(self.card), options.probability, options.uncertainty)
        back = way_back(shape, self.inverse)
        whole = assembly(shape, axis, self.inverse, back, wanted)
        for rows in sliding.rows(image, windows, axis, tally):
            whole.take(rows)
        return whole.answer(), tally

    def _image(self) -> NDArray[Any]:
        """Return what the network sees, (channels, *sides)."""
        wanted, prepared = self.card.in_channels, self.prepared
        if prepared.is_rgb and wanted == 1:
            prepared, _ = Channels(1)(prepared)
        array = prepared.array if prepared.is_rgb else prepared.array[None]
        if len(array) == wanted:
            return array
        if len(array) > 1:
            raise UsageError(
                f"an image in colour for {self.card.title}, which takes {wanted} channels",
                do="Choose an image or a model with as many channels",
            )
        return np.broadcast_to(array, (wanted, *array.shape[1:]))

    @property
    def _slices(self) -> int | None:
        """The axis whose slices a 2-D network is shown."""
        if self.card.dimensions == 3:
            return None
        return self.card.slice_axis if self.card.slice_axis >= 0 else self.prepared.slice_axis

    @property
    def _left_right(self) -> int:
        """The axis along which left and right lie."""
        axis = assign_axes(np.asarray(self.prepared.geometry.direction).T).index(0)
        if axis == self._slices:
            raise UsageError(
                "test-time flips of sagittal slices, which show one side at a time",
                do="Run it without flips",
            )
        return axis


def _values(card: TrainedCard) -> NDArray[Any]:
    """Return the label value of each class, the background's 0 first."""
    values = [0, *(c.value for c in card.classes)]
    return np.array(values, label_type(max(values)))


def _told(tally: Tally) -> tuple[Notice, ...]:
    if not tally.alike:
        return ()
    words = (
        f"{tally.alike:,} of {tally.seen:,} windows show one value throughout, such as air. The "
        "network was asked about one of them, and its answer taken for all."
    )
    return (Notice("air", words),)
