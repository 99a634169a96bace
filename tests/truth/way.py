"""How the table of endings is written: a way to an end, and where it can be gone."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from tests.truth.claims import CHARGED, COUNTS, NOT_KNOWN, NOTHING, Claim
from tests.truth.scene import Scene
from tests.truth.stand import Spot

Run = Callable[[Scene], Coroutine[Any, Any, object]]
Last = Literal["nothing", "not known", "charged"]  # what is known of the last stage's cost
SOME = Decimal("0.01")


@dataclass(frozen=True)
class Way:
    """How a job comes to an end: `code` is the failure that its row holds then, None for a video."""

    name: str
    code: str | None
    run: Run
    last: Last
    at: Callable[[Spot], bool] = lambda _: True

    def expected(self, scene: Scene) -> frozenset[Claim]:
        """What a person should read at the end: nothing of the price of a video, which may not be known."""
        if self.code is None:
            return frozenset()
        if self.last == "not known":
            return frozenset({NOT_KNOWN, COUNTS} | ({CHARGED} if scene.earlier else set()))
        return frozenset({CHARGED if scene.earlier or self.last == "charged" else NOTHING})


WAYS: list[Way] = []


def way(
    code: str | None, last: Last, at: Callable[[Spot], bool] = lambda _: True, name: str = ""
) -> Callable[[Run], Run]:
    """Put a way into the table."""

    def put(run: Run) -> Run:
        WAYS.append(Way(name or run.__name__, code, run, last, at))
        return run

    return put


def is_polled(spot: Spot) -> bool:
    """Whether the stage's answer comes later."""
    return not (spot.provider in {"kling", "alad"} and spot.stage in {"face", "speech"})


def is_first(spot: Spot) -> bool:
    return spot.number == 0


def is_last(spot: Spot) -> bool:
    return spot.is_last


def is_once(spot: Spot) -> bool:
    """Whether it is the first stage of a provider's first flow, for what has to do with none of them."""
    return is_first(spot) and spot.flow is spot.sample.provider.flows[0]
