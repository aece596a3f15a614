"""What every segmentation network is: an encoder, a decoder, and a seam to cut it at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn

from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.models.networks.cards import network_card

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


#: what the libraries raise at arguments of another name, kind, count or size
_UNBUILDABLE = (TypeError, ValueError, LookupError, AssertionError, ZeroDivisionError)


@dataclass(frozen=True)
class Features:
    """What an encoder saw.

    Parameters
    ----------
    skips : tuple of Tensor
        (batch, channels, *sides), from fine to coarse: what the decoder is shown beside `deepest`.
    deepest : Tensor
        The coarsest map, (batch, channels, *sides); what pre-training pools or predicts from.
    """

    skips: tuple[Tensor, ...]
    deepest: Tensor


class SegmentationNetwork(nn.Module, ABC):
    """A network of an encoder and a decoder, 2-D or 3-D.

    Images are (batch, in_channels, *sides), logits (batch, classes, *sides) with the background as
    class 0. Every side must be a multiple of `multiple`, and at least `smallest`.

    Parameters
    ----------
    dimensions, in_channels, classes : int
        2 or 3; channels of the image; classes with the background.
    multiple : int
        What every side of an image must be a multiple of.
    deepest_channels : int
        Channels of the coarsest map.
    smallest : int
        Least side of an image.
    factors : tuple of int, optional
        For how many voxels along each axis a place of the coarsest map stands; `multiple` along
        each where None. Where an axis has less than `multiple`, its sides may be that much finer
        and smaller.
    """

    #: names of the children that make up the encoder: what pre-training trains and hands on
    encoder_parts: ClassVar[tuple[str, ...]]
    #: names of the children that `forward` leaves out, and only a training recipe uses
    auxiliary_parts: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        *,
        dimensions: int,
        in_channels: int,
        classes: int,
        multiple: int,
        deepest_channels: int,
        smallest: int = 1,
        factors: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.in_channels = in_channels
        self.classes = classes
        self.multiple = multiple
        self.deepest_channels = deepest_channels
        self.smallest = max(smallest, multiple)
        self.factors = factors or (multiple,) * dimensions

    @abstractmethod
    def encode(self, image: Tensor) -> Features:
        """Return the encoder's maps."""

    @abstractmethod
    def decode(self, image: Tensor, features: Features) -> Tensor:
        """Return logits from the encoder's maps; some decoders look at the image again."""

    def forward(self, image: Tensor) -> Tensor:
        """Return logits, (batch, classes, *sides)."""
        self.require_sides(tuple(image.shape[2:]))
        return self.decode(image, self.encode(image))

    def require_sides(self, sides: tuple[int, ...]) -> None:
        """Refuse an image whose sides the network cannot take.

        Raises
        ------
        UsageError
            If there are not `dimensions` sides, or one is too small or no multiple.
        """
        if len(sides) != self.dimensions or tuple(sides) != self.sides_for(sides):
            each = f"each a multiple of {self.multiple} and at least {self.smallest}"
            if len(set(self.factors)) > 1:
                least = self.sides_for((1,) * self.dimensions)
                several = (", ".join(map(str, some)) for some in (self.factors, least))
                each = "in order multiples of {} and at least {}".format(*several)
            raise UsageError(
                f"an image of {' x '.join(map(str, sides))} for {type(self).__name__}",
                expected=f"{self.dimensions} sides, {each}",
            )

    def sides_for(self, sides: Sequence[int]) -> tuple[int, ...]:
        """Return the sides that come next, up from some, which the network takes."""
        leasts = (self.smallest * factor // self.multiple for factor in self.factors)
        return tuple(
            -(-max(side, least) // factor) * factor
            for side, least, factor in zip(sides, leasts, self.factors, strict=True)
        )

    def encoder_state(self, parts: Sequence[str] = ()) -> dict[str, Tensor]:
        """Return the encoder's tensors, buffers too, under their names in the whole network.

        Parameters
        ----------
        parts : sequence of str
            Some of `encoder_parts`; all of them where empty.
        """
        return {n: t for n, t in self.state_dict().items() if self._is_encoder(n, parts)}

    def load_encoder(self, tensors: Mapping[str, Tensor], parts: Sequence[str] = ()) -> None:
        """Put tensors named as `encoder_state` names them into the encoder, all of them or none.

        Parameters
        ----------
        tensors : mapping of str to Tensor
            By name.
        parts : sequence of str
            Which of `encoder_parts` they are of; all of them where empty.

        Raises
        ------
        WeightsError
            With the counts, if any tensor is missing, of another shape, or does not belong.
        """
        wanted = self.encoder_state(parts)
        fitting = [n for n, t in wanted.items() if n in tensors and tensors[n].shape == t.shape]
        if len(fitting) != len(wanted) or len(fitting) != len(tensors):
            raise WeightsError(
                f"weights that fit {len(fitting)} of the encoder's {len(wanted)} tensors, with "
                f"{len(tensors) - len(fitting)} that do not belong",
                expected="all of them",
                do="Choose weights that were made for this network",
            )
        self.load_state_dict(dict(tensors), strict=False)

    def encoder_parameters(self, parts: Sequence[str] = ()) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield by name the encoder's parameters, or those of some of its parts."""
        return ((n, p) for n, p in self.named_parameters() if self._is_encoder(n, parts))

    def decoder_parameters(self, parts: Sequence[str] = ()) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield by name the parameters that `encoder_parameters` leaves out."""
        return ((n, p) for n, p in self.named_parameters() if not self._is_encoder(n, parts))

    def _is_encoder(self, name: str, parts: Sequence[str] = ()) -> bool:
        return any(
            name == part or name.startswith(part + ".") for part in parts or self.encoder_parts
        )


def build_network(
    name: str,
    *,
    dimensions: int | None = None,
    in_channels: int | None = None,
    classes: int = 2,
    **arguments: Any,
) -> SegmentationNetwork:
    """Build a network by name, its weights random from torch's own generator.

    Parameters
    ----------
    name : str
        Key of its card; see `network_cards`.
    dimensions : int, optional
        2 or 3; 3 where the network has both.
    in_channels : int, optional
        Channels of the image; the card's when None.
    classes : int
        Classes with the background.
    **arguments
        Instead of the card's own, such as ``feature_size=24``.

    Raises
    ------
    UsageError
        If there is no such network, not in these dimensions, or not with these arguments.
    """
    card = network_card(name)
    module = import_module(f"napari_medssl.models.networks.{card.module}")
    dimensions = card.require_dimensions(dimensions)
    in_channels = card.in_channels if in_channels is None else in_channels
    if in_channels < 1 or classes < 1:
        raise UsageError(
            f"{card.title} with {in_channels} channels and {classes} classes",
            expected="at least one of each",
        )
    given = {**card.arguments, **arguments}
    try:
        network: SegmentationNetwork = module.build(
            dimensions=dimensions,
            in_channels=in_channels,
            classes=classes,
            **given,
        )
    except _UNBUILDABLE as error:
        words = ", ".join(f"{key}={value}" for key, value in given.items())
        raise UsageError(
            f"{card.title} with {words or 'no arguments'}",
            expected="the arguments that its file in models/networks names, fitting one another",
        ) from error
    return network
