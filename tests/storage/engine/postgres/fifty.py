"""One of five processes that give fifty commands at once: `python -m tests.storage.engine.postgres.fifty URL MEMBER`.

It gives ten for each server whose id it is told, and says how many passed. With `unlocked` behind, a write doesn't take
the lock of its server.
"""

from __future__ import annotations

import asyncio
import sys

from storage.engine.postgres import commit_keys
from storage.engine.postgres.database import connected
from storage.jobs.job import NewJob, Position
from storage.servers.quota import OverLimit
from tests.storage.plain import plain_jobs


async def give(url: str, member_id: int) -> None:
    """Give ten commands for each server that is named on standard input."""
    async with connected(url) as database:

        async def one(guild_id: int, number: int) -> bool:
            new = NewJob(
                guild_id=guild_id, interaction_id=(guild_id * 10 + member_id) * 10 + number, member_id=member_id,
                channel_id=1, provider="p", request="{}", position=Position("s"), created_at=1.0, deadline_at=2.0,
            )  # fmt: skip
            try:
                await plain_jobs(database).enqueue(new)
            except OverLimit:
                return False
            return True

        await database.rows("SELECT 1")
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            passed = await asyncio.gather(*(one(int(line), number) for number in range(10)))
            print(sum(passed), flush=True)


if __name__ == "__main__":
    if sys.argv[3:] == ["unlocked"]:
        begin = commit_keys.begin
        commit_keys.begin = lambda connection, key, guild_id: begin(connection, key, None)  # noqa: ARG005
    asyncio.run(give(sys.argv[1], int(sys.argv[2])))
