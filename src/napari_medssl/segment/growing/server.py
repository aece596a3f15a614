"""An object through a volume by a server of nnInteractive: outlines go there, a mask comes back.

Only its client is used, which is Apache-2.0 and brings no torch. The weights are the server's, and
so is their licence: those that are published are for non-commercial use (CC BY-NC-SA 4.0). The
image leaves this computer.

References
----------
Isensee 2025, nnInteractive.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_medssl.errors import NoAnswerError, PromptError, UsageError
from napari_medssl.segment.growing.grow import GrownSlice
from napari_medssl.segment.prompts import Plane

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from napari_medssl.volume import Volume

_NO_LICENCE = ("", "!!MISSING!!")
_HTTP_DENIED = (401, 403)


class VolumeSession(Protocol):
    """What is used of nnInteractive's session; arrays and places are in the image's own order."""

    license: str | None
    supported_interactions: Mapping[str, bool]

    def set_image(self, image: NDArray[Any], image_properties: dict[str, Any]) -> None:
        """Take an image, (channels, z, y, x)."""

    def set_target_buffer(self, target_buffer: NDArray[Any]) -> None:
        """Take the (z, y, x) array that answers are written to."""

    def add_lasso_interaction(
        self, lasso_image: NDArray[Any], include_interaction: bool, *, interaction_bbox: list[Any]
    ) -> Any:
        """Take a filled outline on one slice, in a box of the image, and answer."""

    def close(self) -> None:
        """Let the server serve another."""


class VolumeServer:
    """A server by its address, asked anew for each object.

    Parameters
    ----------
    address : str
        See `connect`.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.licence = ""  # of its weights, once it was asked

    def follow(
        self, volume: Volume, given: Mapping[Plane, NDArray[np.bool_]]
    ) -> Iterator[GrownSlice]:
        """See `follow_on_server`; raises what `connect` raises."""
        session = connect(self.address)
        self.licence = licence_of(session)
        return follow_on_server(session, self.address, volume, given)


def connect(address: str) -> VolumeSession:
    """Begin a session on a server.

    Parameters
    ----------
    address : str
        As ``http://host:1527``. A key is taken from ``NN_INTERACTIVE_API_KEY``.

    Raises
    ------
    UsageError
        If the client is not installed, or the address is none.
    NoAnswerError
        If the server does not answer, is full, wants a key, or knows no outlines.
    """
    try:
        from nnInteractive.inference.remote import nnInteractiveRemoteInferenceSession
    except ImportError:
        raise UsageError(
            "nnInteractive's client is not installed",
            do="Install it: pip install 'napari-medssl[nninteractive]'",
        ) from None
    if not address.startswith(("http://", "https://")):
        raise UsageError(
            f"the server '{address}'", expected="an address as http://host:1527, with its http://"
        )
    with _sentences(address):
        session: VolumeSession = nnInteractiveRemoteInferenceSession(address)
    if not session.supported_interactions.get("lasso"):
        session.close()
        raise NoAnswerError(
            f"the model on {address} takes no outlines", do="Ask its keeper for another model"
        )
    return session


def licence_of(session: VolumeSession) -> str:
    """Say under which licence the server's weights may be used."""
    told = session.license or ""
    return "a licence that it does not tell" if told in _NO_LICENCE else told


def follow_on_server(
    session: VolumeSession, address: str, volume: Volume, given: Mapping[Plane, NDArray[np.bool_]]
) -> Iterator[GrownSlice]:
    """Let a server follow an object from the slices where it is outlined through the volume.

    Parameters
    ----------
    session : VolumeSession
        Of `connect`; it is closed when no further slice is asked for.
    address : str
        Of the server, for sentences.
    volume : Volume
        The image; all of it is sent.
    given : mapping of Plane to (rows, columns) bool array
        Outlines of the object, on slices of one axis; an empty one says where it is not, and what
        the server found there and beyond is left out.

    Yields
    ------
    GrownSlice
        The given ones first, as they were given; then those next to them, and so on. The score of
        a found slice is its Dice with its neighbour towards the given ones: low where the object
        changes suddenly, as the server tells of no slice how sure it is.

    Raises
    ------
    PromptError
        If nothing is outlined, outlines lie across several axes, or the image is in colour.
    NoAnswerError
        If the server stops to answer.
    """
    outlines = {plane: mask for plane, mask in given.items() if mask.any()}
    axes = {plane.axis for plane in given}
    if not outlines or len(axes) > 1:
        raise PromptError("outlines on no slice, or across several axes", do="Outline one slice")
    if volume.array.ndim != 3:
        raise PromptError("nnInteractive looks at grey images alone", do="Grow it without a server")
    try:
        with _sentences(address):
            found = _answer(session, volume, outlines)
    finally:
        session.close()
    (axis,) = axes
    first, last = _between_ends(given, found.shape[axis])
    for plane, mask in outlines.items():
        plane.view(found)[...] = mask
        yield GrownSlice(plane, mask, 1.0, given=True)
    at, told = ({plane.index for plane in some} for some in (outlines, given))
    left = [n for n in range(first, last + 1) if n not in told and Plane(axis, n).view(found).any()]
    for index in sorted(left, key=lambda n: min(abs(n - given) for given in at)):
        nearest = min(at, key=lambda given: abs(index - given))
        mask = Plane(axis, index).view(found).copy()
        inwards = Plane(axis, index + (1 if nearest > index else -1)).view(found)
        yield GrownSlice(Plane(axis, index), mask, _dice(mask, inwards))


def _answer(
    session: VolumeSession, volume: Volume, outlines: Mapping[Plane, NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    """Send image and outlines; return what came back, (z, y, x)."""
    buffer = np.zeros(volume.geometry.shape, np.uint8)
    spacing = list(volume.geometry.spacing_mm)
    session.set_image(np.ascontiguousarray(volume.array)[None], {"spacing": spacing})
    session.set_target_buffer(buffer)
    for plane, mask in outlines.items():
        box = [[0, side] for side in buffer.shape]
        box[plane.axis] = [plane.index, plane.index + 1]
        lasso = np.expand_dims(mask, plane.axis).astype(np.uint8)
        session.add_lasso_interaction(lasso, True, interaction_bbox=box)
    return buffer > 0


def _between_ends(given: Mapping[Plane, NDArray[np.bool_]], slices: int) -> tuple[int, int]:
    """Return the first and last slice between those that are said to be empty."""
    outlined = [plane.index for plane, mask in given.items() if mask.any()]
    empty = [plane.index for plane, mask in given.items() if not mask.any()]
    below = [index for index in empty if index < min(outlined)]
    above = [index for index in empty if index > max(outlined)]
    return max(below, default=-1) + 1, min(above, default=slices) - 1


def _dice(mask: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float(2 * (mask & other).sum() / (mask.sum() + other.sum()))


@contextmanager
def _sentences(address: str) -> Iterator[None]:
    """Say what goes wrong with a server in a sentence."""
    import httpx
    from nnInteractive.inference.remote import ServerAtCapacityError, SessionExpiredError

    try:
        yield
    except ServerAtCapacityError:
        raise NoAnswerError(f"{address} serves as many as it can", do="Try again later") from None
    except SessionExpiredError:
        raise NoAnswerError(f"{address} has ended the session", do="Ask again") from None
    except httpx.HTTPStatusError as error:
        if error.response.status_code in _HTTP_DENIED:
            raise NoAnswerError(
                f"{address} wants a key", do="Set NN_INTERACTIVE_API_KEY, and begin again"
            ) from None
        raise NoAnswerError(
            f"{address} answers with error {error.response.status_code}",
            do="Ask its keeper to look at its log",
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL):
        raise NoAnswerError(
            f"{address} does not answer", do="Check the address, and whether the server runs"
        ) from None
