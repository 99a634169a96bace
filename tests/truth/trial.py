"""Trying endings, and judging what is said of them."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox.server import Sandbox
from tests.crash.doom import Doom
from tests.discord_server.server import DiscordServer
from tests.truth.judge import contradictions, missing
from tests.truth.scene import Scene
from tests.truth.stand import SPOTS, Spot, Stand
from tests.truth.surfaces import surfaces
from tests.truth.ways import WAYS, Way

ENDINGS = [(way, spot) for way in WAYS for spot in SPOTS if way.at(spot)]
PROVIDERS = sorted({spot.provider for spot in SPOTS})


def representative(provider: str) -> list[tuple[Way, Spot]]:
    """Each way once for the provider, at its stages in turn."""
    found = []
    for number, way in enumerate(WAYS):
        spots = [spot for spot in SPOTS if spot.provider == provider and way.at(spot)]
        found += [(way, spots[number % len(spots)])] if spots else []
    return found


async def try_all(folder: Path, endings: list[tuple[Way, Spot]]) -> dict[str, list[str]]:
    """Try these endings one after the other: what is wrong, by ending."""
    wrong: dict[str, list[str]] = {}
    async with DiscordServer() as discord, Sandbox() as sandbox:
        stand = Stand(discord, sandbox, folder)
        async with stand.life(Doom()) as client:
            for way, spot in endings:
                scene = Scene(stand, spot)
                await scene.open(client)
                await way.run(scene)
                if found := await _wrong(scene, way):
                    wrong[f"{way.name} at {spot}"] = found
    return wrong


async def _wrong(scene: Scene, way: Way) -> list[str]:
    job = await scene.over()
    if job.failure != way.code:
        return [f"it ended as {job.state}: {job.failure}"]
    said = await surfaces(scene, job)
    return [*contradictions(said, scene.books, lost=scene.lost), *missing(said, way.expected(scene))]
