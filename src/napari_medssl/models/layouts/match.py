"""Whether foreign weights fit their network: every tensor of it, or none is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_medssl.errors import UsageError, WeightsError
from napari_medssl.models.networks.network import build_network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from napari_medssl.models.layouts.foreign import Foreign
    from napari_medssl.models.networks.network import SegmentationNetwork

#: beyond these a file is no network that anyone trained, but would fill the memory
_MOST_FEATURES, _MOST_BLOCKS, _MOST_OUTPUTS = 96, 64, 1024
#: fixed tables that are saved with the weights; another table would be another network
_TABLE = "relative_position_index"


@dataclass(frozen=True)
class Match:
    """How many tensors of a network a file has.

    Parameters
    ----------
    matched, missing, strange : int
        Of the network: found with their shape, and not; of the file: those that do not belong.
    """

    matched: int
    missing: int
    strange: int

    @property
    def whole(self) -> bool:
        """Whether everything fits."""
        return self.matched > 0 and not self.missing and not self.strange


def match(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> Match:
    """Count the tensors of a network that a file has, by name, shape and kind of number."""
    matched = sum(name in found and _alike(tensor, found[name]) for name, tensor in wanted.items())
    return Match(matched, len(wanted) - matched, len(found) - matched)


def load_foreign(foreign: Foreign, name: str) -> SegmentationNetwork:
    """Build the network that foreign weights belong to, and put them in.

    Parameters
    ----------
    foreign : Foreign
        A network or an encoder; the decoder of an encoder alone stays random.
    name : str
        Of the file, for messages.

    Returns
    -------
    SegmentationNetwork
        In evaluation mode, on the processor.

    Raises
    ------
    WeightsError
        With the counts, if a single tensor of the network (of the encoder, for an encoder) is
        missing or too many, or if a number is not finite.
    """
    network = _built(foreign, name)
    whole = foreign.holds == "network"
    wanted = network.state_dict() if whole else network.encoder_state()
    require_match(match(wanted, foreign.tensors), foreign, name)
    _require_sound(wanted, foreign.tensors, name)
    network.load_state_dict(dict(foreign.tensors), strict=whole)
    return network.eval()


def match_promptable(foreign: Foreign, network: nn.Module) -> Match:
    """Count the tensors of a promptable network that a file has."""
    return match(network.state_dict(), foreign.tensors)


def require_match(counts: Match, foreign: Foreign, name: str) -> None:
    """Refuse anything below everything.

    Raises
    ------
    WeightsError
        With the counts.
    """
    if counts.whole:
        return
    part = "encoder" if foreign.holds == "encoder" else "network"
    raise WeightsError(
        f"'{name}' looks like {foreign.card.title}, but fits {counts.matched} of the "
        f"{counts.matched + counts.missing} tensors of the {part}: {counts.missing} are missing or "
        f"of another shape, and {counts.strange} of the file's do not belong",
        expected="a file in which every tensor fits",
        do="Choose the file as it was published, or fetch it again",
    )


def _built(foreign: Foreign, name: str) -> SegmentationNetwork:
    features = foreign.arguments.get("feature_size", 0)
    blocks = sum(foreign.arguments.get("depths", ()))
    unlikely = features > _MOST_FEATURES or blocks > _MOST_BLOCKS
    if unlikely or foreign.outputs > _MOST_OUTPUTS or not 0 < foreign.in_channels <= features:
        raise WeightsError(
            f"'{name}' looks like {foreign.card.title}, but with {features} features, {blocks} "
            f"blocks and {foreign.in_channels} channels",
            expected=f"at most {_MOST_FEATURES} features and {_MOST_BLOCKS} blocks",
        )
    try:
        return build_network(
            foreign.network,
            dimensions=foreign.dimensions,
            in_channels=foreign.in_channels,
            classes=foreign.outputs or 2,
            **foreign.arguments,
        )
    except (UsageError, ValueError, ZeroDivisionError) as error:
        raise WeightsError(
            f"'{name}' looks like {foreign.card.title}, but its tensors make no such network",
            do="Choose the file as it was published, or fetch it again",
        ) from error


def _alike(wanted: Tensor, found: Tensor) -> bool:
    return wanted.shape == found.shape and wanted.is_floating_point() == found.is_floating_point()


def _require_sound(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor], name: str) -> None:
    if not all(bool(tensor.isfinite().all()) for tensor in found.values()):
        raise WeightsError(
            f"'{name}' holds numbers that are not finite", do="Fetch or copy the file again"
        )
    tables = (n for n in wanted if n.endswith(_TABLE))
    if not all(bool((wanted[n] == found[n]).all()) for n in tables):
        raise WeightsError(
            f"'{name}' lays the places of its attention windows out in another order",
            expected="the order of Swin",
        )
