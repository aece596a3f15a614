"""Operations one after the other, and as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError
from napari_medssl.volume.channels import Channels
from napari_medssl.volume.crop import CropForeground
from napari_medssl.volume.operation import Inverse, Operation, SameGrid
from napari_medssl.volume.orient import Orient
from napari_medssl.volume.pad import Pad, PadTo
from napari_medssl.volume.resample import Resample
from napari_medssl.volume.resize import Resize
from napari_medssl.volume.standardise import (
    Clip,
    Divide,
    Percentiles,
    Standardise,
    ToBytes,
    ToUnit,
    ZScore,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from napari_medssl.volume.volume import Volume

_BY_NAME: Mapping[str, type[Any]] = {
    "orient": Orient,
    "resample": Resample,
    "resize": Resize,
    "crop-foreground": CropForeground,
    "pad": Pad,
    "pad-to": PadTo,
    "clip": Clip,
    "divide": Divide,
    "to-unit": ToUnit,
    "percentiles": Percentiles,
    "z-score": ZScore,
    "standardise": Standardise,
    "to-bytes": ToBytes,
    "channels": Channels,
}


@dataclass(frozen=True)
class Pipeline:
    """Operations in order, itself an operation.

    Parameters
    ----------
    operations : tuple of Operation
        The first is done first; none at all leaves a volume as it is.
    """

    operations: tuple[Operation, ...] = ()

    def __call__(self, volume: Volume) -> tuple[Volume, Inverse]:
        """Return the prepared volume, and the way back through every step."""
        inverses: list[Inverse] = [SameGrid(volume.geometry.shape)]
        for operation in self.operations:
            volume, inverse = operation(volume)
            inverses.append(inverse)
        return volume, InTurn(tuple(reversed(inverses)))

    @classmethod
    def from_steps(cls, steps: Iterable[Mapping[str, Any]]) -> Pipeline:
        """Build the operations that rows such as ``{"do": "orient", "codes": "RAS"}`` name.

        Raises
        ------
        UsageError
            If a row names no operation, or gives it a parameter that it does not take.
        """
        return cls(tuple(_operation(step) for step in steps))

    def steps(self) -> list[dict[str, Any]]:
        """Return the rows that `from_steps` reads, fit for JSON: to travel with a checkpoint."""
        names = {kind: name for name, kind in _BY_NAME.items()}
        return [
            {"do": names[type(operation)], **asdict(operation)}  # type: ignore[call-overload]
            for operation in self.operations
        ]


@dataclass(frozen=True)
class InTurn:
    """Several inverses as one: the first given is undone first."""

    inverses: tuple[Inverse, ...]

    def labels(self, array: NDArray[Any]) -> NDArray[Any]:
        """Bring a label map back through every step."""
        for inverse in self.inverses:
            array = inverse.labels(array)
        return array

    def image(self, array: NDArray[Any]) -> NDArray[Any]:
        """Bring numbers that may be interpolated back through every step."""
        for inverse in self.inverses:
            array = inverse.image(array)
        return array


def _operation(step: Mapping[str, Any]) -> Operation:
    given = {key: tuple(v) if isinstance(v, list) else v for key, v in step.items() if key != "do"}
    kind = _BY_NAME.get(step.get("do", ""))
    if kind is None:
        raise UsageError(
            f"a step of preparation called '{step.get('do')}'",
            expected=f"one of {', '.join(_BY_NAME)}",
        )
    try:
        operation: Operation = kind(**given)
    except TypeError as error:
        raise UsageError(
            f"the step '{step['do']}' with {', '.join(given) or 'no parameters'}",
            expected=f"the parameters ({', '.join(kind.__dataclass_fields__)})",
        ) from error
    return operation
