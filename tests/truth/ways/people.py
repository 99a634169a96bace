"""What people do, and what Discord doesn't let the bot do before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.scripted import until
from tests.truth.books import Entry
from tests.truth.scene import MODERATOR, Scene
from tests.truth.way import is_first, is_once, way


@way("cannot_post", "nothing", is_first)
async def not_to_be_shown(scene: Scene) -> None:
    scene.stand.discord.state.denied[scene.channel_id] = 50_001
    await scene.run()


async def waiting(scene: Scene) -> None:
    """The spot's stage is refused for now, and waits to be sent again."""
    scene.fault("submit", "answer", status=429, body="{}", headers={"Retry-After": "600"})
    await scene.ask()

    async def refused() -> bool:
        job = await scene.row()
        return job.state == "queued" and job.position.stage == scene.spot.stage and job.handle is not None

    await until(refused)


def ask_of(by: Callable[[Scene], int]) -> Callable[[Scene], Awaitable[object]]:
    async def cancel(scene: Scene) -> None:
        await scene.client.services.asking.cancel(
            scene.guild_id, scene.job_id, member_id=by(scene), is_moderator=by(scene) == MODERATOR
        )
        await scene.over()

    return cancel


by_member, by_moderator = ask_of(lambda scene: scene.member_id), ask_of(lambda _: MODERATOR)


@way("cancelled", "nothing")
async def cancelled_while_it_waits_to_be_sent(scene: Scene) -> None:
    await waiting(scene)
    await by_member(scene)


@way("cancelled_by_moderator", "nothing")
async def cancelled_by_a_moderator(scene: Scene) -> None:
    await waiting(scene)
    await by_moderator(scene)


@way("cancelled", "nothing", lambda spot: spot.sample.provider.can_cancel)
async def cancelled_in_the_providers_line(scene: Scene) -> None:
    scene.hold()
    await scene.ask()
    await scene.reaches("running")
    await by_member(scene)
    scene.told[0] = Entry("no")


async def held(scene: Scene) -> None:
    """It waits for a moderator."""
    await scene.client.services.server_rules.require_approval(scene.guild_id, "always", 0, by=MODERATOR)
    await scene.ask()
    await scene.reaches("held")


@way("cancelled", "nothing", is_once)
async def cancelled_while_it_is_held(scene: Scene) -> None:
    await held(scene)
    await by_member(scene)


@way("denied", "nothing", is_once)
async def denied(scene: Scene) -> None:
    await held(scene)
    await scene.client.services.decisions.deny(scene.guild_id, scene.job_id, by=MODERATOR)
    await scene.over()


@way("approval_expired", "nothing", is_once)
async def approved_by_nobody(scene: Scene) -> None:
    await held(scene)
    scene.skip(13 * 3600.0)
    worker = scene.client.services.worker
    worker._scheduler.put(worker.held[scene.job_id], 0.0)
    await scene.over()
