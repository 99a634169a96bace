"""Drawn people who can talk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin

from PIL import Image

from bot.sandbox.samples.painting import FINE, SIDE, Colour, Sheet, both, crescent, oval, smooth

OPENINGS = 7  # shapes of the mouth, from closed to wide
_DARK, _WHITE = (52, 30, 34), (250, 247, 242)
# Where the hair ends above the face.
_LONG_HAIR = [
    (-134, 6), (-146, -90), (-112, -178), (-30, -220), (64, -214), (128, -160), (150, -70),
    (136, 12), (124, -62), (84, -116), (20, -146), (-50, -166), (-96, -108), (-122, -56),
]  # fmt: skip
_SHORT_HAIR = [
    (-132, -8), (-142, -96), (-106, -182), (-20, -216), (70, -208), (126, -160), (142, -86),
    (132, -8), (122, -66), (100, -116), (40, -130), (-30, -124), (-96, -116), (-120, -66),
]  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What a person looks like."""

    skin: Colour
    shade: Colour
    hair: Colour
    shine: Colour
    shirt: Colour
    lips: Colour
    eyes: Colour
    has_long_hair: bool


MAYA = Look(
    (241, 196, 164), (196, 126, 98), (66, 42, 36), (122, 80, 60), (46, 125, 128), (196, 92, 88), (92, 64, 44), True
)
TOM = Look(
    (205, 150, 112), (146, 92, 64), (34, 28, 30), (74, 62, 60), (206, 140, 62), (164, 88, 76), (58, 42, 34), False
)


@lru_cache(maxsize=64)
def person(look: Look, opening: int, blinking: bool = False) -> Image.Image:
    """Somebody from the chest up, larger than `SIDE` by `FINE`, with nothing behind."""
    sheet = Sheet(_still(look).copy())
    for side in (-1, 1):
        _eye(sheet, look, side, blinking=blinking)
    _mouth(sheet, look, opening)
    return sheet.image


def waving(look: Look, lean: float) -> Image.Image:
    """The same person, smiling, with a hand up that leans so many degrees to the right."""
    sheet = Sheet(person(look, 0).copy())
    across, along = sin(lean * pi / 180), cos(lean * pi / 180)

    def part(x: float, y: float, wide: float, tall: float, tilt: float, colour: Colour) -> None:
        # A rounded part of the arm or the hand, tilted by itself, then turned with all of it around the elbow.
        own = tilt * pi / 180
        points = [
            (x + dx * cos(own) - dy * sin(own), y + dx * sin(own) + dy * cos(own)) for dx, dy in oval(0, 0, wide, tall)
        ]
        turned = [(px * along - py * across + 250, px * across + py * along + 300) for px, py in points]
        sheet.paint(turned, look.shade, 3, 0.6)
        sheet.paint(turned, colour)

    part(4, 60, 46, 110, 0, look.shirt)
    part(0, -70, 24, 60, 0, look.skin)
    for x, y, tall, tilt in ((-31, -178, 34, -16), (-11, -192, 42, -5), (11, -191, 41, 5), (30, -174, 33, 16)):
        part(x, y, 10.5, tall, tilt, look.skin)
    part(-48, -122, 11, 34, -42, look.skin)
    part(0, -126, 41, 42, 0, look.skin)
    return sheet.image


@lru_cache(maxsize=2)
def _still(look: Look) -> Image.Image:
    """All of a person that doesn't move."""
    sheet = Sheet(Image.new("RGBA", (SIDE * FINE, SIDE * FINE)))
    paint = sheet.paint
    if look.has_long_hair:
        back = [(0, -222), (84, -210), (146, -150), (164, -50), (164, 60), (176, 150), (150, 214), (80, 200)]
        hair = paint(smooth(both(back)), look.hair)
        for side in (-1, 1):
            strand = [(side * 146, -60), (side * 158, 60), (side * 160, 160), (side * 146, 70)]
            paint(smooth(strand), look.shine, 5, 0.6, hair)
    neck = paint(smooth(both([(0, 90), (56, 100), (60, 180), (84, 222), (60, 262), (0, 276)])), look.skin)
    paint(oval(0, 128, 96, 78), look.shade, 16, 0.75, neck)
    shoulders = [(0, 268), (46, 252), (84, 208), (180, 240), (262, 282), (306, 400), (310, 470), (0, 470)]
    shirt = paint(smooth(both(shoulders)), look.shirt)
    paint(oval(190, 420, 190, 180), _DARK, 40, 0.35, shirt)
    paint(oval(-150, 300, 90, 50), _WHITE, 30, 0.22, shirt)
    paint(smooth(both([(0, 284), (52, 264), (92, 206), (80, 206), (44, 246), (0, 262)])), _DARK, 3, 0.25, shirt)
    for side in (-1, 1):
        ear = paint(oval(side * 130, 12, 19, 36), look.skin)
        paint(oval(side * 130, 14, 10, 24), look.shade, 5, 0.7, ear)
    cheeks = [(0, -190), (88, -170), (126, -84), (131, 0), (120, 74), (90, 134), (46, 170), (0, 180)]
    face = paint(smooth(both(cheeks)), look.skin)
    _shade_face(sheet, look, face)
    top = _LONG_HAIR if look.has_long_hair else _SHORT_HAIR
    paint(smooth(top), _DARK, 8, 0.35, face)
    hair = paint(smooth(top), look.hair)
    paint(smooth([(-60, -186), (10, -202), (80, -186), (120, -140), (70, -168), (0, -180)]), look.shine, 6, 0.8, hair)
    return sheet.image


def _shade_face(sheet: Sheet, look: Look, face: Image.Image) -> None:
    paint = sheet.paint
    far_side = [(70, -190), (150, -150), (160, 40), (120, 170), (10, 200), (60, 150), (104, 60), (104, -60)]
    paint(smooth(far_side), look.shade, 18, 0.6, face)
    paint(oval(-46, -78, 60, 44), _WHITE, 30, 0.3, face)
    for side in (-1, 1):
        paint(oval(side * 82, 62, 34, 24), (232, 110, 96), 15, 0.4, face)
        paint(oval(side * 56, -16, 38, 22), look.shade, 9, 0.4, face)
        brow = [(26, -47), (54, -56), (84, -51), (96, -37), (82, -44), (54, -48), (28, -40)]
        paint(smooth([(side * x, y) for x, y in brow]), look.hair, 1)
    paint(smooth([(8, -24), (14, 20), (22, 52), (10, 62), (-4, 64), (6, 40)]), look.shade, 5, 0.6, face)
    paint(smooth([(-24, 54), (-10, 64), (0, 66), (10, 64), (24, 54), (10, 72), (-10, 72)]), look.shade, 3, 0.8, face)
    paint(oval(-5, 42, 7, 12), _WHITE, 5, 0.5, face)
    for side in (-1, 1):
        paint(oval(side * 11, 63, 5, 3), _DARK, 1.5, 0.55, face)
    paint(oval(0, 144, 30, 6), look.shade, 6, 0.5, face)
    paint(oval(-6, 160, 22, 10), _WHITE, 8, 0.2, face)


def _eye(sheet: Sheet, look: Look, side: int, *, blinking: bool) -> None:
    x, y = side * 56, -8
    if blinking:
        sheet.paint(crescent(x, y + 2, 29, -9, -4), look.hair, 0.5)
        return
    almond = [(-29, 4), (-14, -13), (6, -16), (30, -2), (15, 12), (-8, 14)]
    ball = sheet.paint(smooth([(x + side * dx, y + dy) for dx, dy in almond]), _WHITE)
    sheet.paint(oval(x, y - 15, 30, 9), look.shade, 4, 0.7, ball)
    sheet.paint(oval(x, y - 1, 16, 16), look.hair, 0, 1, ball)
    sheet.paint(oval(x, y, 14.5, 14.5), look.eyes, 0, 1, ball)
    sheet.paint(oval(x, y + 6, 8, 5), look.shine, 2, 0.8, ball)
    sheet.paint(oval(x, y - 1, 6.5, 6.5), (16, 12, 14), 0, 1, ball)
    sheet.paint(oval(x - 5, y - 6, 3.6, 3.6), _WHITE, 0.4)
    sheet.paint(crescent(x, y + 1, 32, 19, 13), look.hair, 0.5)
    sheet.paint(crescent(x, y - 6, 30, 20, 18), look.shade, 1, 0.7)


def _mouth(sheet: Sheet, look: Look, opening: int) -> None:
    wide, gap, y = 50 - 1.5 * opening, 4.6 * opening, 106
    above, below = 0.3 * gap, 0.85 * gap
    lips = [
        (0, -8 - above),
        (9, -12 - above),
        (wide * 0.55, -7 - above),
        (wide, -10),
        (wide * 0.6, 8 + below),
        (0, 15 + gap),
    ]
    mouth = sheet.paint(smooth([(px, py + y) for px, py in both(lips)]), look.lips, 0.6)
    sheet.paint(oval(-4, y + 10 + gap, 16, 3), _WHITE, 2.5, 0.45, mouth)
    if opening == 0:
        sheet.paint(crescent(0, y - 9, wide, -11, -7), _DARK, 0.6, 0.9)
        return
    inner = [(0, -1 - above), (wide * 0.45, -1 - above), (wide * 0.88, -8), (wide * 0.5, 3 + 0.6 * gap), (0, 4 + below)]
    inside = sheet.paint(smooth([(px, py + y) for px, py in both(inner)]), _DARK, 0.5)
    if opening > 2:
        sheet.paint(oval(0, y + gap * 0.9, wide * 0.5, gap * 0.4), (206, 96, 96), 2, 1, inside)
    sheet.paint(oval(0, y - 2 - gap * 0.3, wide * 0.7, 4 + gap * 0.25), _WHITE, 0.6, 1, inside)
