"""The points at which the campaign kills the bot, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

# Kinds of effects, each with the places around it. Most are passed in the bot's own process; ARRIVED and CARRIED_OUT at
# the far side, where the request has come in, or has been carried out and not been answered.
ARRIVED, CARRIED_OUT = "arrived", "carried out"
PLACES: Mapping[str, tuple[str, ...]] = {
    "commit": ("before", "within", "after"),  # within: written, and not committed
    "send": ("before", ARRIVED, CARRIED_OUT, "after"),  # a request to a provider that may cost something
    "ask": (ARRIVED, CARRIED_OUT),  # any other request to a provider
    "download": ("before", "within", "after"),  # within: its part file is there, and half of it is on its way
    "edit": ("before", "working", "writing", "after"),  # a media child works; its part file grows
    "post": ("before", ARRIVED, CARRIED_OUT, "after"),  # a message or a thread
    "show": (ARRIVED, CARRIED_OUT),  # an edit of a message, or taking one away
    "answer": ("before", ARRIVED, CARRIED_OUT, "after"),  # to whoever used a command or pressed a button
}
ANY_MOMENT = "any moment"
AT_THE_FAR_SIDE = {("download", "within")} | {
    (kind, place) for kind, places in PLACES.items() for place in places if place in {ARRIVED, CARRIED_OUT}
}
# Of how many passings of a point in one life any may be the last.
MOST = {"commit": 25, "send": 3, "ask": 6, "download": 4, "edit": 3, "post": 4, "show": 2, "answer": 3}


@dataclass(frozen=True, slots=True)
class Point:
    """A kind of effect, and a place around it."""

    kind: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.kind}, {self.place}" if self.place else self.kind


POINTS = (*(Point(kind, place) for kind, places in PLACES.items() for place in places), Point(ANY_MOMENT))


@dataclass(slots=True)
class Aim:
    """The `nth` passing of a point is the last of a life; never, for 0. `alone`: the main process alone is killed, and
    its children are left to the kernel.
    """

    point: Point
    nth: int = 0
    alone: bool = False
    hit: str = field(default="", init=False)  # what was under way when it was passed for the nth time

    def passed(self, kind: str, place: str, name: str) -> bool:
        """Count a passing; whether it was the last."""
        if Point(kind, place) != self.point or self.nth == 0:
            return False
        self.nth -= 1
        if self.nth == 0:
            self.hit = name
        return self.nth == 0


def aims(random: Random, kills: int) -> list[Aim]:
    """As many as kills: each point has its turn, in a new order each time."""
    rounds = -(-kills // len(POINTS))
    order = [point for _ in range(rounds) for point in random.sample(POINTS, len(POINTS))][:kills]
    return [Aim(point, random.randint(1, MOST.get(point.kind, 1)), random.random() < 0.5) for point in order]
