"""What another process finds of a command whose job is just being accepted: on PostgreSQL, the only one with others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import asyncpg

from tests.conftest import GUILD
from tests.storage.engines import Schema, emptied
from tests.storage.jobs.test_jobs import enqueue
from tests.storage.plain import plain_claims, plain_jobs
from tests.welcome import welcome

UNTIL_IT_WAITS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


async def test_whoever_asks_what_became_of_a_command_waits_for_the_job_that_is_just_being_accepted(
    postgres: Mapping[Schema, str],
) -> None:
    url = postgres["newest schema"]
    async with emptied(url) as database:
        await welcome(database, GUILD)
        job = await enqueue(jobs := plain_jobs(database), 1)
        accepting = await asyncpg.connect(url)
        async with accepting.transaction():
            await accepting.execute(f"SELECT pg_advisory_xact_lock({GUILD})")
            await accepting.execute("UPDATE jobs SET interaction_id = 2")
            asked = asyncio.ensure_future(plain_claims(database, jobs).asked_with(GUILD, 2))
            while not asked.done() and not await accepting.fetchval(UNTIL_IT_WAITS):
                await asyncio.sleep(0)
        await accepting.close()
        assert await asked == replace(job, interaction_id=2, moved_at=None)
