"""What is remembered of a server that Discord has told of."""

from __future__ import annotations

from storage.engine.database import Database
from storage.servers.guilds import GuildFacts, Guilds
from tests.conftest import GUILD, OTHER_GUILD


async def test_what_discord_tells_of_a_server_is_kept_until_it_tells_something_else(database: Database) -> None:
    guilds = Guilds(database)
    for guild_id in (GUILD, OTHER_GUILD):
        await guilds.join(guild_id, 1.0)
        assert await guilds.facts(guild_id) is None
    for facts in (GuildFacts("Club", 7), GuildFacts("Theatre"), GuildFacts("Theatre")):
        await guilds.describe(GUILD, facts)
        assert await guilds.facts(GUILD) == facts
    await guilds.leave(GUILD, 2.0)
    await guilds.join(GUILD, 3.0)
    assert await guilds.facts(GUILD) == GuildFacts("Theatre")
    assert await guilds.facts(OTHER_GUILD) is None
