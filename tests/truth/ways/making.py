"""What becomes of a stage that the provider has taken."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.net.faults import BadKey, Gone
from bot.providers.base import Failed
from tests.truth.books import Entry
from tests.truth.scene import Scene
from tests.truth.way import SOME, WAYS, Last, Way, is_polled, way


def failing(code: str, cost: Decimal | None, last: Last) -> None:
    """The provider took the stage, and says to a poll that nothing came of it, and what that cost."""

    async def failed(scene: Scene) -> None:
        charged: Any = "maybe" if cost is None else "yes" if cost else "no"

        def says(_: object) -> Failed:
            scene.told[len(scene.runs) - 1] = Entry(charged, cost)
            return Failed(code, "as a test says", cost)

        scene.after("poll", says)
        await scene.run()

    told = "naming no cost" if cost is None else f"naming ${cost}"
    WAYS.append(Way(f"{code} {told}", code, failed, last, is_polled))


for reason in ("provider_failed", "content_refused", "input_rejected", "out_of_credit", "cancelled_by_provider"):
    failing(reason, None, "not known")
    failing(reason, Decimal(0), "nothing")
    failing(reason, SOME, "charged")


@way("provider_failed", "nothing", lambda spot: spot.provider == "runcomfy", "an order that can't be made")
@way(
    "provider_failed",
    "not known",
    lambda spot: is_polled(spot) and spot.provider != "runcomfy" and spot.stage != "face",
    "an order that can't be made",
)
async def unmade(scene: Scene) -> None:
    scene.before("submit", lambda: setattr(scene.stand.studio, "words", "no mouth is seen"))
    await scene.run()


@way(
    "input_rejected",
    "nothing",
    lambda spot: spot.stage == "face" and not is_polled(spot),
    "a clip without a face, told at once",
)
@way("input_rejected", "not known", lambda spot: spot.stage == "face" and is_polled(spot), "a clip without a face")
async def faceless(scene: Scene) -> None:
    scene.before("submit", lambda: setattr(scene.stand.studio, "words", "no face is seen"))
    await scene.run()


@way("input_rejected", "not known", lambda spot: spot.stage == "face" and not is_polled(spot))
async def accepted_and_faceless(scene: Scene) -> None:
    def says(_: object) -> Failed:
        scene.told[len(scene.runs) - 1] = Entry("maybe")
        return Failed("input_rejected", "no face found in the clip")

    scene.after("submit", says)
    await scene.run()


@way("gone", "not known", is_polled, "forgotten while it is made")
async def forgotten(scene: Scene) -> None:
    scene.lost = True
    scene.refuse(Gone, "poll")
    await scene.run()


@way("took_too_long", "not known", is_polled)
async def too_slow(scene: Scene) -> None:
    scene.hold()
    scene.before("poll", scene.skip)
    await scene.run()


@way("took_too_long", "not known", is_polled)
async def key_refused_while_it_is_made(scene: Scene) -> None:
    scene.lost = True
    scene.refuse(BadKey, "poll")
    refused, polls = scene.stand.before["poll", scene.spot.stage], []

    def refuse() -> None:
        polls.append(0)
        refused()
        if len(polls) > 4:
            scene.skip()

    scene.before("poll", refuse)
    await scene.run()


def missing_after(cost: Decimal | None, last: Last) -> None:
    """It is made, and the provider doesn't say where."""

    async def missing(scene: Scene) -> None:
        scene.lost = True

        def says(_: object) -> Failed:
            scene.told[len(scene.runs) - 1] = Entry("maybe" if cost is None else "yes", cost)
            return Failed("result_missing", "no video in the result", cost)

        scene.after("poll", says)
        scene.before("poll", lambda: scene.skip(400.0))
        await scene.run()

    told = "no cost" if cost is None else f"${cost}"
    WAYS.append(Way(f"made and missing, naming {told}", "result_missing", missing, last, is_polled))


missing_after(None, "not known")
missing_after(SOME, "charged")


@way("internal", "not known", is_polled)
async def bug_while_it_is_made(scene: Scene) -> None:
    scene.lost = True
    asked: list[None] = []

    def bug(_: object) -> Any:
        asked.append(None)
        if len(asked) > 6:
            scene.skip()
        raise ZeroDivisionError("a bug")

    scene.after("poll", bug)
    await scene.run()
