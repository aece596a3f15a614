"""Which part of a plane's picture is seen, and how large: numbers only, no window."""

from __future__ import annotations

from dataclasses import dataclass

Pair = tuple[float, float]

_LARGEST = 32.0
_A_NOTCH = 1.25
_WHOLE = 1.0


@dataclass(frozen=True)
class Room:
    """The room that a picture has on the screen.

    Parameters
    ----------
    pixels : (float, float)
        Height and width of the room.
    size_mm : (float, float)
        Height and width of what the picture shows.
    """

    pixels: Pair
    size_mm: Pair

    def sides(self, factor: float) -> Pair:
        """Return height and width of the picture in pixels; at factor 1 all of it fits."""
        scale = min(room / mm for room, mm in zip(self.pixels, self.size_mm, strict=True)) * factor
        height, width = (mm * scale for mm in self.size_mm)
        return height, width


@dataclass(frozen=True)
class Zoom:
    """How much a picture is enlarged, and what of it is in the middle of the room.

    Parameters
    ----------
    factor : float
        1 shows all of it, 32 is the most.
    centre : (float, float)
        Parts of the picture's height and width.
    """

    factor: float = _WHOLE
    centre: Pair = (0.5, 0.5)

    def corner(self, room: Room) -> Pair:
        """Return where the picture begins: pixels down and right in the room, also below 0."""
        down, right = (
            pixels / 2 - at * side
            for pixels, at, side in zip(
                room.pixels, self.centre, room.sides(self.factor), strict=True
            )
        )
        return down, right

    def turned(self, notches: float, spot: Pair) -> Zoom:
        """Return it so many notches of a wheel nearer; a spot of the picture stays in its place."""
        factor = min(max(self.factor * _A_NOTCH**notches, _WHOLE), _LARGEST)
        still = self.factor / factor
        down, right = (at + (c - at) * still for at, c in zip(spot, self.centre, strict=True))
        return _kept(factor, (down, right))

    def dragged(self, down: float, right: float, room: Room) -> Zoom:
        """Return it with the picture moved by so many pixels."""
        y, x = (
            at - by / side
            for at, by, side in zip(
                self.centre, (down, right), room.sides(self.factor), strict=True
            )
        )
        return _kept(self.factor, (y, x))

    def showing(self, spot: Pair, room: Room) -> Zoom:
        """Return it as it is where a spot is in sight, else with the spot in the middle."""
        places = [
            corner + at * side
            for corner, at, side in zip(
                self.corner(room), spot, room.sides(self.factor), strict=True
            )
        ]
        if all(0 <= at <= pixels for at, pixels in zip(places, room.pixels, strict=True)):
            return self
        return _kept(self.factor, spot)


def _kept(factor: float, centre: Pair) -> Zoom:
    """Return all of the picture, or a part of it whose middle is in the picture."""
    if factor == _WHOLE:
        return Zoom()
    down, right = (min(max(at, 0.0), 1.0) for at in centre)
    return Zoom(factor, (down, right))
