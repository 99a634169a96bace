"""A standby is promoted that doesn't know what was committed last: the bot notices, and pays for nothing twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from bot.app.background import TaskEnded
from bot.sandbox.server import Sandbox
from storage.engine.encryption import MasterKeys
from storage.engine.opening import open_database
from storage.engine.postgres import history
from storage.engine.postgres.database import PostgresDatabase
from storage.servers.keys import Keys
from tests.canned import CannedStudio
from tests.crash.doom import Doom
from tests.crash.test_crash import Outside, over
from tests.discord_server.server import DiscordServer
from tests.storage.engine.postgres.proxy import Proxy
from tests.storage.engine.postgres.standby import Pair, pair
from tests.storage.engines import create
from tests.welcome import welcome

LOST = 10  # transactions


class OnPostgres(Outside):
    """What outlives every crash, with the database on a server. What comes after a job was accepted is lost later."""

    def __init__(self, discord_server: DiscordServer, sandbox: Sandbox, folder: Path, url: str) -> None:
        super().__init__(discord_server, sandbox, folder)
        keys = SecretStr(MasterKeys.generate("first"))
        self.settings = self.settings.model_copy(update={"database_url": SecretStr(url), "master_keys": keys})

    async def prepare(self) -> None:
        state = self.discord.state
        async with open_database(Path(), self.settings.database_url.get_secret_value()) as database:
            await welcome(database, state.guild_id, 42)
            keys = Keys(database, self.settings.master())
            await keys.put(state.guild_id, "runcomfy", {"api_key": "rc-key-0001"}, hint="0001", added_by=1, now=0.0)


def hold_up_after(name: str, servers: Pair, patch: pytest.MonkeyPatch) -> None:
    """Have the standby know everything up to the transaction of that name, and nothing of what comes then."""
    transact = PostgresDatabase._transact

    async def write(database: PostgresDatabase, work: Callable[[Any], Awaitable[Any]], guild_id: int | None) -> Any:
        result = await transact(database, work, guild_id)
        if work.__qualname__.startswith(name):
            await servers.hold_up()
        return result

    patch.setattr(PostgresDatabase, "_transact", write)


async def state_of_the_job(url: str) -> str:
    async with asyncpg.create_pool(url, min_size=0) as anybody:
        return str(await anybody.fetchval("SELECT state FROM jobs"))


async def let_the_lease_end(url: str) -> None:
    """The time passes for which the process that has ended might have worked on its jobs."""
    async with asyncpg.create_pool(url, min_size=0) as anybody:
        await anybody.execute("UPDATE workers SET alive_until = 0")


async def life_over_a_failover(outside: OnPostgres, servers: Pair, proxy: Proxy, *, noticed: bool) -> None:
    """A job is made from its command to its video; then the standby takes over, and the bot notices or is killed."""
    async with outside.life(Doom()) as client:
        await outside.ask(client)
        await over(client, Doom())
        assert len(outside.sandbox.runs.ledger) == len(outside.discord.outcomes()) == 1
        while await servers.writes_behind("bot") < LOST:
            await outside.parts.stores.installation.put("seen", "more")
        await servers.fail_over()
        proxy.move_to(servers.standby.address.format("bot"))
        if noticed:
            async with asyncio.timeout(60):
                await asyncio.Event().wait()


@pytest.mark.parametrize("noticed", [True, False])
async def test_a_job_that_the_promoted_standby_has_not_heard_was_sent_is_not_paid_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, *, noticed: bool
) -> None:
    with pair() as servers:
        await create(servers.primary.address, "bot")
        async with (
            DiscordServer() as discord,
            Sandbox() as sandbox,
            Proxy(servers.primary.address.format("bot"), tmp_path) as proxy,
        ):
            sandbox.runs.studio = CannedStudio()
            outside = OnPostgres(discord, sandbox, tmp_path, proxy.url)
            await outside.prepare()
            with monkeypatch.context() as patch:
                if not noticed:
                    patch.setattr(history, "read", lambda _: asyncio.sleep(0, "always the same"))
                hold_up_after("Jobs.enqueue", servers, patch)
                with pytest.raises(TaskEnded) if noticed else nullcontext():
                    await life_over_a_failover(outside, servers, proxy, noticed=noticed)
                assert await state_of_the_job(proxy.url) == "queued"
                await let_the_lease_end(proxy.url)
                caplog.clear()
                async with outside.life(Doom()) as client:
                    await over(client, Doom())
            assert len(sandbox.runs.ledger) == (1 if noticed else 2)
            assert await state_of_the_job(proxy.url) == ("failed" if noticed else "succeeded")
            if noticed:
                assert len(discord.outcomes()) == 1
                told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
                assert any("was failed over" in line and "1 open jobs" in line for line in told)
