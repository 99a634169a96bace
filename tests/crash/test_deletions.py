"""A deletion that somebody began is finished by the bot's next life."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress

from bot.app.client import Mouthpiece
from bot.domain.results import Posted
from storage.engine.database import Row
from storage.engine.sqlite import open_database
from tests.crash.doom import Doom, Killed
from tests.crash.test_cards import KilledAt
from tests.crash.test_cases import outside  # noqa: F401 - a fixture
from tests.crash.test_crash import Outside, over

MEMBER = 42


async def made(outside: Outside, client: Mouthpiece) -> Posted:  # noqa: F811
    """A finished video, and where it is posted."""
    await outside.ask(client, MEMBER)
    await over(client, Doom())
    job = await outside.parts.stores.jobs.get(outside.discord.state.guild_id, 1)
    assert job
    assert job.reply_channel_id
    assert job.reply_id
    return Posted(job.guild_id, job.reply_channel_id, job.reply_id)


async def stored(outside: Outside) -> Row:  # noqa: F811
    """What is stored of the only job."""
    async with open_database(outside.settings.database_path) as database:
        (row,) = await database.rows("SELECT forgotten_at FROM jobs")
        return row


async def finished(outside: Outside) -> None:  # noqa: F811
    """A life that finishes every deletion."""
    async with outside.life(Doom()):
        async with asyncio.timeout(60):
            while await outside.parts.stores.deletions.begun_before(math.inf):
                await asyncio.sleep(0.002)


async def killed(outside: Outside, point: str) -> Posted:  # noqa: F811
    """A video whose deletion its member began in a life that ended at that point."""
    doom = KilledAt(point)
    async with outside.life(doom) as client:
        posted = await made(outside, client)
        with suppress(Killed):
            await client.services.reports.delete(posted.guild_id, 1, posted, by=MEMBER, is_moderator=False)
    assert doom.dead
    return posted


async def test_what_was_deleted_in_discord_as_the_bot_was_killed_is_erased_by_the_next_life(
    outside: Outside,  # noqa: F811
) -> None:
    posted = await killed(outside, "before commit of Privacy.erase")
    assert posted.message_id not in outside.discord.state.messages
    assert (await stored(outside))["forgotten_at"] is None
    await finished(outside)
    assert (await stored(outside))["forgotten_at"] is not None
    assert await asyncio.to_thread(outside.parts.job_files.jobs) == set()


async def test_a_deletion_that_discord_had_not_heard_of_as_the_bot_was_killed_is_carried_out_by_the_next_life(
    outside: Outside,  # noqa: F811
) -> None:
    posted = await killed(outside, "after commit of Deletions.begin")
    assert posted.message_id in outside.discord.state.messages
    await finished(outside)
    assert posted.message_id not in outside.discord.state.messages
    assert (await stored(outside))["forgotten_at"] is not None
