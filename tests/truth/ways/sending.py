"""What goes wrong before a stage is taken, and answers that are lost."""

from __future__ import annotations

from typing import Any

import pytest

from bot.jobs.inputs import Inputs
from bot.jobs.keys import JobKeys
from bot.net.faults import BadKey, CannotHandOver, ContentRefused, Gone, InputRejected, OutOfCredit, ProviderError
from tests.truth.scene import MODERATOR, Scene
from tests.truth.stand import Spot
from tests.truth.way import WAYS, Way, is_first, way
from tests.truth.ways.people import waiting


def refusing(code: str, fault: type[ProviderError]) -> None:
    """The provider refuses the stage, in its documented words."""

    async def refused(scene: Scene) -> None:
        scene.refuse(fault)
        await scene.run()

    def is_documented(spot: Spot) -> bool:
        return any(found is fault for _, found in spot.sample.errors)

    WAYS.append(Way(f"refused as {code}", code, refused, "nothing", is_documented))


for code, fault in {
    "bad_key": BadKey,
    "out_of_credit": OutOfCredit,
    "input_rejected": InputRejected,
    "content_refused": ContentRefused,
    "gone": Gone,
}.items():
    refusing(code, fault)


def losing(name: str, kind: str, **details: Any) -> None:
    """The answer to the stage is lost. Where it can be looked up, it is; once the lookups fail too, nobody knows."""

    async def lost(scene: Scene) -> None:
        def once() -> None:
            scene.stand.before.clear()
            scene.arm(kind, **details, times=1)

        scene.before("submit", once)
        await scene.run()

    async def lost_for_good(scene: Scene) -> None:
        scene.lost = True
        scene.fault("submit", kind, **details)

        def late() -> None:
            scene.skip()
            scene.arm("answer", status=503, body="{}")

        scene.before("find", late)
        await scene.run()

    WAYS.append(Way(f"{name}, and found", None, lost, "charged", lambda spot: spot.findable))
    WAYS.append(Way(name, "unknown_outcome", lost_for_good, "not known"))


losing("cut before acceptance", "cut before")
losing("cut after acceptance", "cut after")
losing("truncated after acceptance", "truncate")
losing("500 before acceptance", "answer", status=500, body="{}")
losing("500 after acceptance", "answer after", status=500, body="{}")
losing("HTML after acceptance", "answer after", status=200, body="<html>hello</html>")


@way("never_sent", "nothing")
async def told_to_wait_until_the_deadline(scene: Scene) -> None:
    def wait() -> None:
        scene.arm("answer", status=429, body="{}")
        scene.skip()

    scene.before("submit", wait)
    await scene.run()


@way("no_key", "nothing", is_first)
async def key_removed(scene: Scene) -> None:
    await waiting(scene)
    await scene.stand.parts.stores.keys.remove(scene.guild_id, scene.spot.provider, by=MODERATOR, now=0.0)
    scene.stand.before.clear()
    await scene.over()


@way("no_key", "nothing", lambda spot: not is_first(spot))
async def key_that_cannot_be_opened_any_more(scene: Scene) -> None:
    with pytest.MonkeyPatch.context() as patch:
        await waiting(scene)

        async def nothing(*_: object) -> None:
            return None

        patch.setattr(JobKeys, "credentials", nothing)
        await scene.over()


@way("bad_address", "nothing")
async def address_that_is_none(scene: Scene) -> None:
    provider = scene.stand.parts.providers[scene.spot.provider]
    base = provider._base
    scene.before("submit", lambda: setattr(provider, "_base", "not an address"))
    await scene.run()
    provider._base = base


@way(
    "speech_too_short",
    "nothing",
    lambda spot: (
        (spot.provider, spot.stage) in {("kling", "dub"), ("runninghub", "lipsync")} and spot.flow.mode == "text"
    ),
)
async def speech_too_short(scene: Scene) -> None:
    async def length(*_: object) -> float:
        return 1.2

    scene.stand.studio.speech_seconds = 1.2
    scene.stand.parts.incoming.length, before = length, scene.stand.parts.incoming.length  # type: ignore[method-assign, assignment]
    await scene.run()
    scene.stand.parts.incoming.length = before  # type: ignore[method-assign]
    scene.stand.studio.speech_seconds = 3.0


def hand_over(scene: Scene) -> None:
    """Let the clip's link end too soon for the provider, so that the clip is handed over."""
    soon = int(scene.stand.clock.now()) + 3600
    scene.clip = scene.clip.model_copy(update={"url": f"{scene.clip.url}?ex={soon:x}"})


@way("cannot_hand_over", "nothing", is_first)
async def clip_that_is_gone(scene: Scene) -> None:
    async def gone(*_: object) -> Any:
        raise CannotHandOver("the clip that was attached can't be fetched")

    hand_over(scene)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Inputs, "source", gone)
        await scene.run()


@way("cannot_attach", "nothing", lambda spot: is_first(spot) and not spot.sample.provider.uploads)
async def clip_that_may_not_be_attached(scene: Scene) -> None:
    hand_over(scene)
    scene.stand.discord.state.files_denied = True
    await scene.run()


@way("internal", "nothing")
async def bug_before_it_is_sent(scene: Scene) -> None:
    with pytest.MonkeyPatch.context() as patch:
        tried: list[None] = []
        for_sending = JobKeys.for_sending

        async def bug(keys: JobKeys, job: Any) -> Any:
            if job.position.stage != scene.spot.stage:
                return await for_sending(keys, job)
            tried.append(None)
            if len(tried) > 6:
                scene.skip()
            raise ZeroDivisionError("a bug")

        patch.setattr(JobKeys, "for_sending", bug)
        await scene.run()
