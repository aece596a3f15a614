"""An object through a volume by a server of nnInteractive: outlines go there, a mask comes back.

Only its client is used, which is Apache-2.0 and brings no torch. The weights are the server's, and
so is their licence: those that are published are for non-commercial use (CC BY-NC-SA 4.0). The
image leaves this computer.

References
----------
Isensee 2025, nnInteractive.
"""

from __future__ import annotations

import math
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_medssl.errors import NoAnswerError, PromptError, UsageError
from napari_medssl.segment.growing.grow import GrownSlice
from napari_medssl.segment.prompts import Plane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from napari_medssl.volume import Volume

_NO_LICENCE = ("", "!!MISSING!!")
_DENIED, _UNKNOWN = (401, 403), (404, 405)


class VolumeSession(Protocol):
    """What is used of nnInteractive's session; arrays and places are in the image's own order."""

    license: str | None
    supported_interactions: Mapping[str, bool]

    def set_image(self, image: NDArray[Any], image_properties: dict[str, Any]) -> None:
        """Take an image, (channels, z, y, x)."""

    def set_target_buffer(self, target_buffer: NDArray[Any]) -> None:
        """Take the (z, y, x) array that answers are written to."""

    def add_lasso_interaction(
        self,
        lasso_image: NDArray[Any],
        include_interaction: bool,
        run_prediction: bool,
        *,
        interaction_bbox: list[Any],
    ) -> Any:
        """Take a filled outline on one slice, in a box of the image; answer if that is wanted."""

    def close(self) -> None:
        """Let the server serve another."""


class VolumeServer:
    """A server by its address, asked anew for each object.

    Parameters
    ----------
    address : str
        As ``http://host:1527``. A key is taken from ``NN_INTERACTIVE_API_KEY``.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.licence = ""  # of its weights, once it was asked

    @property
    def record(self) -> dict[str, str]:
        """What the file beside a mask tells of it; the address is nobody's business."""
        return {"by": "nninteractive", "licence": self.licence}

    def greet(self) -> str:
        """Find out whether it is there, and return under which licence its weights may be used.

        Raises
        ------
        UsageError
            If the client is not installed, or the address is none.
        NoAnswerError
            If it does not answer, is full, wants a key, or takes no outlines.
        """
        with closing(self._connected()):
            return self.licence

    def follow(
        self,
        volume: Volume,
        given: Mapping[Plane, NDArray[np.bool_]],
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[GrownSlice]:
        """Let it follow an object from the slices where it is outlined through the volume.

        Parameters
        ----------
        volume : Volume
            The image; all of it is sent.
        given : mapping of Plane to (rows, columns) bool array
            Outlines of the object, on slices of one axis; an empty one says where it is not, and
            what the server found there and beyond is left out.
        stop : callable, optional
            Asked once the image is there, and after each outline.

        Yields
        ------
        GrownSlice
            The given ones first, as they were given; then those next to them, and so on. A server
            does not tell how sure it is of a slice.

        Raises
        ------
        PromptError
            If nothing is outlined, outlines lie across several axes, or the image is in colour or
            a film.
        UsageError, NoAnswerError
            As `greet`, and if it stops to answer.
        """
        outlines = {plane: mask for plane, mask in given.items() if mask.any()}
        if not outlines or len({plane.axis for plane in given}) > 1:
            raise PromptError(
                "outlines on no slice, or across several axes", do="Outline one slice"
            )
        if volume.array.ndim != 3 or volume.stack == "time":
            raise PromptError(
                "a film or an image in colour, at which nnInteractive does not look",
                do="Grow it without a server",
            )
        with closing(self._connected()) as session, _sentences(self.address):
            found = _answer(session, volume, outlines, stop)
        if found is not None:
            yield from _slices(found, given, outlines)

    def _connected(self) -> VolumeSession:
        try:
            from nnInteractive.inference.remote import nnInteractiveRemoteInferenceSession
        except ImportError:
            raise UsageError(
                "nnInteractive's client is not installed",
                do="Install it: pip install 'napari-medssl[nninteractive]'",
            ) from None
        address = self.address
        if not address.startswith(("http://", "https://")):
            raise UsageError(
                f"the server '{address}'",
                expected="an address as http://host:1527, with its http://",
            )
        with _sentences(address):
            try:
                session: VolumeSession = nnInteractiveRemoteInferenceSession(address)
            except (ValueError, KeyError, TypeError):  # something else answers, in its own words
                raise _no_server(address) from None
        told = session.license or ""
        self.licence = "a licence that it does not tell" if told in _NO_LICENCE else told
        if not session.supported_interactions.get("lasso"):
            session.close()
            raise NoAnswerError(
                f"the model on {address} takes no outlines", do="Ask its keeper for another model"
            )
        return session


def _answer(
    session: VolumeSession,
    volume: Volume,
    outlines: Mapping[Plane, NDArray[np.bool_]],
    stop: Callable[[], bool],
) -> NDArray[np.bool_] | None:
    """Send image and outlines; return what came back, (z, y, x), or None where it was stopped."""
    buffer = np.zeros(volume.geometry.shape, np.uint8)
    spacing = list(volume.geometry.spacing_mm)
    session.set_image(np.ascontiguousarray(volume.array)[None], {"spacing": spacing})
    session.set_target_buffer(buffer)
    for number, (plane, mask) in enumerate(outlines.items(), start=1):
        if stop():
            return None
        box = [[0, side] for side in buffer.shape]
        box[plane.axis] = [plane.index, plane.index + 1]
        lasso = np.expand_dims(mask, plane.axis).astype(np.uint8)
        inside, is_last = True, number == len(outlines)
        session.add_lasso_interaction(lasso, inside, is_last, interaction_bbox=box)
    return buffer > 0


def _slices(
    found: NDArray[np.bool_],
    given: Mapping[Plane, NDArray[np.bool_]],
    outlines: Mapping[Plane, NDArray[np.bool_]],
) -> Iterator[GrownSlice]:
    """Yield the outlines, and what was found, the nearest to them first."""
    for plane, mask in outlines.items():
        yield GrownSlice(plane, mask, 1.0, given=True)
    axis = next(iter(outlines)).axis
    outlined = [plane.index for plane in outlines]
    empty = [plane.index for plane in given.keys() - outlines.keys()]
    first = max((n for n in empty if n < min(outlined)), default=-1) + 1
    last = min((n for n in empty if n > max(outlined)), default=found.shape[axis]) - 1
    left = set(range(first, last + 1)) - {plane.index for plane in given}
    for index in sorted(left, key=lambda n: min(abs(n - there) for there in outlined)):
        plane = Plane(axis, index)
        mask = plane.view(found)
        if mask.any():
            yield GrownSlice(plane, mask.copy(), math.nan)


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
        code = error.response.status_code
        if code in _UNKNOWN:
            raise _no_server(address) from None
        if code in _DENIED:
            raise NoAnswerError(
                f"{address} wants a key", do="Set NN_INTERACTIVE_API_KEY, and begin again"
            ) from None
        raise NoAnswerError(
            f"{address} answers with error {code}", do="Ask its keeper to look at its log"
        ) from None
    except (httpx.ReadTimeout, httpx.WriteTimeout, httpx.PoolTimeout):
        raise NoAnswerError(
            f"{address} took too long", do="Try again, or ask its keeper how busy it is"
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL):
        raise NoAnswerError(
            f"{address} does not answer", do="Check the address, and whether the server runs"
        ) from None


def _no_server(address: str) -> NoAnswerError:
    return NoAnswerError(
        f"{address} is no server of nnInteractive 2", do="Check the address, and its port"
    )
