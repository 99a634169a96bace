"""A bot that is killed at any point of any ending still says what is true of its money when it has started again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from tests.crash.doom import Doom, Killed
from tests.crash.test_crash import answered_or_dead
from tests.discord_server.server import DiscordServer
from tests.truth.judge import contradictions
from tests.truth.scene import Scene
from tests.truth.stand import SPOTS, Spot, Stand
from tests.truth.surfaces import surfaces
from tests.truth.ways import WAYS, Way

MOST_POINTS = 80


async def killed(folder: Path, way: Way, spot: Spot, *, every: int) -> tuple[int, dict[str, list[str]]]:
    """Kill the bot at every so-manyth point of this ending: how often it was killed, and what is wrong after which."""
    wrong: dict[str, list[str]] = {}
    async with DiscordServer() as discord, Sandbox() as sandbox:
        stand = Stand(discord, sandbox, folder)
        scene = Scene(stand, spot)
        async with stand.life(Doom()) as client:
            await scene.open(client)
        for number, at in enumerate(range(1, MOST_POINTS, every)):
            doom = Doom()
            async with stand.life(doom) as client:
                scene.client = client
                doom.at = len(doom.passed) + at
                with suppress(Killed):
                    await answered_or_dead(way.run(scene), doom)
            if not doom.dead:
                return number, wrong
            async with stand.life(Doom()) as client:
                scene.client = client
                if found := await told(scene):
                    wrong[f"{way.name} at {spot}, killed {doom.passed[-1]}"] = found
                scene = Scene(stand, spot)
                await scene.open(client)
    raise AssertionError("more points than are tried")


async def told(scene: Scene) -> list[str]:
    """What is wrong with what is said of the job, if there is one."""
    if not (jobs := await scene.client.services.ledger.jobs(scene.guild_id)):
        return [f"{len(scene.runs)} orders of a job that was never stored"] if scene.runs else []
    scene.job_id = jobs[0].id
    job = await scene.over()
    return contradictions(await surfaces(scene, job), scene.books, lost=True)


def endings(name: str, *spots: str) -> list[tuple[Way, Spot]]:
    """The way of that name, at these spots."""
    return [(way, spot) for way in WAYS for spot in SPOTS if way.name == name and str(spot) in spots and way.at(spot)]


USUAL = [
    *endings("made", "runcomfy-text-text", "kling-audio-dub", "runware-text-lipsync"),
    *endings("refused as content_refused", "kling-audio-dub"),
    *endings("provider_failed naming no cost", "alad-audio-lipsync"),
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("way", "spot"), [pytest.param(*it, id=f"{it[0].name} at {it[1]}") for it in USUAL])
async def test_a_bot_that_was_killed_says_what_is_true(tmp_path: Path, way: Way, spot: Spot) -> None:
    times, wrong = await killed(tmp_path, way, spot, every=4)
    assert wrong == {}
    assert times


@pytest.mark.thorough
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("spot", [spot for spot in SPOTS if spot.is_last], ids=str)
async def test_a_bot_that_was_killed_at_any_point_says_what_is_true(tmp_path: Path, spot: Spot) -> None:
    for name in ("made", "refused as content_refused", "provider_failed naming no cost"):
        for way, where in endings(name, str(spot)):
            assert (await killed(tmp_path, way, where, every=1))[1] == {}
