"""A video that waits for a moderator goes on waiting across restarts, and begins, or ends, as they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from tests.canned import CannedStudio
from tests.crash.doom import Doom
from tests.crash.test_crash import Outside, over
from tests.discord_server.server import DiscordServer
from tests.scripted import until


@pytest.mark.parametrize("answer", ["approve", "deny"])
async def test_a_video_that_waits_is_decided_on_in_the_bots_next_life(tmp_path: Path, answer: str) -> None:
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        outside = Outside(discord, sandbox, tmp_path)
        await outside.prepare()
        guild_id, room = discord.state.guild_id, discord.state.channel_id
        async with outside.life(Doom()) as client:
            await client.services.server_rules.log_to(guild_id, room, by=1)
            await client.services.server_rules.require_approval(guild_id, "always", 0, by=1)
            await outside.ask(client)
            await until(lambda: cards(discord, "needs approval · "))
        for _ in range(2):
            async with outside.life(Doom()) as client:
                await until(client.services.worker.resumed.is_set)
                (job,) = await client.services.ledger.jobs(guild_id)
                assert (job.state, job.counted_at) == ("held", None)
        assert not sandbox.runs.ledger
        assert len(cards(discord, "needs approval · ")) == 1
        async with outside.life(Doom()) as client:
            await until(client.services.worker.resumed.is_set)
            decide = client.services.decisions.approve if answer == "approve" else client.services.decisions.deny
            await decide(guild_id, job.id, by=1)
            await over(client, Doom())
        (outcome,) = discord.outcomes()
        assert bool(outcome["attachments"]) == (answer == "approve")
        assert len(sandbox.runs.ledger) == (1 if answer == "approve" else 0)


def cards(discord: DiscordServer, words: str) -> list[str]:
    """What stands on the cards with these words."""
    found = [str(message["components"]) for message in discord.state.messages.values() if message["components"]]
    return [card for card in found if words in card]
