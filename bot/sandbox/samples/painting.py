"""Soft and hard shapes, from which pictures are painted."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Points = Sequence[tuple[float, float]]

SIDE, CENTRE = 720, (360, 330)  # of a sheet, and where on it the place 0, 0 is
FINE = 2  # painted so many times as large and scaled down: smooth edges from a library that draws hard ones


class Sheet:
    """A transparent picture on which shapes are painted; their places are relative to `CENTRE`."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image

    def paint(
        self, outline: Points, colour: Colour, soft: float = 0, strength: float = 1, within: Image.Image | None = None
    ) -> Image.Image:
        """Paint a shape, only where the mask `within` allows, and return its own mask."""
        mask = Image.new("L", self.image.size)
        spots = [((x + CENTRE[0]) * FINE, (y + CENTRE[1]) * FINE) for x, y in outline]
        reach = round(3 * soft * FINE) + 2
        across, down = zip(*spots, strict=True)
        box = (
            max(0, int(min(across)) - reach),
            max(0, int(min(down)) - reach),
            min(mask.width, int(max(across)) + reach),
            min(mask.height, int(max(down)) + reach),
        )
        ImageDraw.Draw(mask).polygon(spots, fill=round(255 * strength))
        part = mask.crop(box)
        if soft:
            part = part.filter(ImageFilter.GaussianBlur(soft * FINE))
        if within:
            part = ImageChops.multiply(part, within.crop(box))
        mask.paste(part, box)
        paint = Image.new("RGBA", part.size, colour)
        paint.putalpha(part)
        self.image.alpha_composite(paint, box[:2])
        return mask


def both(half: Points) -> Points:
    """The right half of a shape, from its top to its bottom, with the left one."""
    return [*half, *((-x, y) for x, y in reversed(half) if x)]


def smooth(points: Points) -> Points:
    """A closed curve through the points."""
    count = len(points)
    return [
        (_between(at / 10, *across), _between(at / 10, *down))
        for start in range(count)
        for across, down in [zip(*(points[(start + step) % count] for step in (-1, 0, 1, 2)), strict=True)]
        for at in range(10)
    ]


def _between(t: float, before: float, here: float, there: float, after: float) -> float:
    # Catmull and Rom's: it passes through every point, in the direction from the one before to the one after.
    bend = 2 * before - 5 * here + 4 * there - after + t * (3 * (here - there) + after - before)
    return here + 0.5 * t * (there - before + t * bend)


def oval(x: float, y: float, rx: float, ry: float) -> Points:
    """An ellipse around a place."""
    return [(x + rx * cos(pi * turn / 24), y + ry * sin(pi * turn / 24)) for turn in range(48)]


def crescent(x: float, y: float, half: float, outer: float, inner: float) -> Points:
    """What lies between two bows over the same line, which rise so much."""
    steps = [step / 12 for step in range(-12, 13)]
    bows = [[(x + half * at, y - rise * (1 - at * at)) for at in steps] for rise in (outer, inner)]
    return bows[0] + bows[1][::-1]
