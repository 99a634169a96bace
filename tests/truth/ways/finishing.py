"""What becomes of a video that is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from bot.net.faults import InputRejected
from bot.providers.base import Done
from tests.providers.samples import all_samples
from tests.truth.books import Entry
from tests.truth.scene import Scene
from tests.truth.way import is_first, is_last, way


@way(None, "charged", is_last)
async def made(scene: Scene) -> None:
    await scene.run()


def unnamed(scene: Scene) -> None:
    """Let the stages before the spot name no cost, whatever they cost."""

    def says(answer: object) -> object:
        if not isinstance(answer, Done):
            return answer
        scene.told[len(scene.runs) - 1] = Entry("yes")
        return replace(answer, cost_usd=None)

    for stage in scene.spot.flow.stages[: scene.spot.number]:
        scene.stand.after["poll", stage.name] = scene.stand.after["submit", stage.name] = says


def costing(cost: Decimal) -> Callable[[Scene], Callable[[object], object]]:
    """The spot's stage is done, and names that cost."""

    def at(scene: Scene) -> Callable[[object], object]:
        def says(answer: object) -> object:
            if not isinstance(answer, Done):
                return answer
            scene.told[len(scene.runs) - 1] = Entry("yes" if cost else "no", cost)
            return replace(answer, cost_usd=cost)

        return says

    return at


@way(None, "charged", lambda spot: spot.is_last and not is_first(spot))
async def made_naming_the_cost_of_the_last_step_alone(scene: Scene) -> None:
    unnamed(scene)
    scene.after("poll", costing(Decimal("0.02"))(scene))
    await scene.run()


@way(None, "nothing", lambda spot: spot.is_last and is_first(spot))
async def made_for_nothing(scene: Scene) -> None:
    scene.after("poll", costing(Decimal(0))(scene))
    await scene.run()


@way("result_lost", "charged", is_last)
async def not_to_be_downloaded(scene: Scene) -> None:
    scene.stand.sandbox.faults.add("answer", path="/files/*", times=99, status=404)
    await scene.run()


@way("kept", "charged", is_last)
async def not_to_be_posted(scene: Scene) -> None:
    scene.stand.discord.state.files_denied = True
    await scene.run()


@way(None, "charged", lambda spot: is_first(spot) and spot.flow.mode == "audio" and spot.provider != "runcomfy")
async def refused_and_made_by_another(scene: Scene) -> None:
    other = next(sample for sample in all_samples() if sample.provider.name == "runcomfy")
    await scene.add_key(other)
    scene.provider = None
    scene.refuse(InputRejected)
    await scene.run()
