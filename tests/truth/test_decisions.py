"""What moderators read of a job after they have decided about it is what they decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from tests.crash.doom import Doom
from tests.discord_server.server import DiscordServer
from tests.truth.claims import CHARGED, COUNTS, MONEY, NO_COUNT, NOT_KNOWN, NOTHING, Claim
from tests.truth.scene import MODERATOR, Scene
from tests.truth.stand import SPOTS, Stand
from tests.truth.surfaces import surfaces
from tests.truth.ways import WAYS

DUB = next(spot for spot in SPOTS if str(spot) == "runware-text-lipsync")
SERVERS = {
    "/lipsync usage, the server",
    "the report's table",
    "the report's file",
}  # which go on counting what is given back


@pytest.mark.parametrize(
    ("decision", "money", "counting", "servers"),
    [
        ("charged", {CHARGED}, COUNTS, COUNTS),
        ("free", {NOTHING}, NO_COUNT, NO_COUNT),
        ("given back", {CHARGED, NOT_KNOWN}, NO_COUNT, COUNTS),
    ],
)
async def test_what_is_read_after_a_decision_is_what_was_decided(
    tmp_path: Path, decision: str, money: set[Claim], counting: Claim, servers: Claim
) -> None:
    (way,) = (way for way in WAYS if way.name == "cut after acceptance")
    async with DiscordServer() as discord, Sandbox() as sandbox:
        stand = Stand(discord, sandbox, tmp_path)
        async with stand.life(Doom()) as client:
            scene = Scene(stand, DUB)
            await scene.open(client)
            await way.run(scene)
            decisions = client.services.decisions
            if decision == "given back":
                await decisions.refund(scene.guild_id, scene.job_id, by=MODERATOR)
            else:
                charged = decision == "charged"
                await decisions.settle(scene.guild_id, scene.job_id, charged=charged, by=MODERATOR)
            said = await surfaces(scene, await scene.over())
    for where in ("the card", "the last message"):
        said.pop(where)  # told before
    for where, it in said.items():
        if not where.startswith("the log"):
            assert it.claims & MONEY <= money, where
            assert it.claims & {COUNTS, NO_COUNT} <= {servers if where in SERVERS else counting}, where
