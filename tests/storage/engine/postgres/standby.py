"""A server with a standby, and a failover that loses what the standby was not told of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from tests.postgres import Cluster, installed

REPLICATING = {"wal_level": "replica", "max_wal_senders": "4"}


@dataclass(frozen=True)
class Pair:
    """A primary, and a standby that follows it."""

    primary: Cluster
    standby: Cluster

    async def hold_up(self) -> None:
        """Let the standby know all that is committed by now, and nothing of what comes after."""
        reached = await _ask(self.primary, "SELECT pg_current_wal_lsn()")
        while await _ask(self.standby, "SELECT pg_last_wal_replay_lsn() < CAST($1 AS pg_lsn)", reached):
            pass
        await _ask(self.standby, "ALTER SYSTEM SET primary_conninfo = ''")
        await _ask(self.standby, "SELECT pg_reload_conf()")
        while await _ask(self.standby, "SELECT count(*) FROM pg_stat_wal_receiver"):
            pass

    async def writes_behind(self, database: str) -> int:
        """How many of the bot's transactions the standby doesn't know."""
        keys = "SELECT count(*) FROM engine_commits"
        there, here = [await _ask(cluster, keys, database=database) for cluster in (self.primary, self.standby)]
        return int(there) - int(here)

    async def fail_over(self) -> None:
        """The primary is gone for good, and the standby takes its place."""
        self.primary.crash()
        assert await _ask(self.standby, "SELECT pg_promote(TRUE, 60)")


@contextmanager
def pair() -> Iterator[Pair]:
    """Both run, until the block is left."""
    with installed() as programs:
        primary = Cluster.fresh(programs, "primary")
        standby = Cluster(programs, programs.place("standby"), programs.place("standby-socket"))
        with primary.started(**REPLICATING):
            programs.run("pg_basebackup", "-h", primary.socket, "-U", "bot", "-D", standby.data, "-R", "-c", "fast")
            with standby.started(**REPLICATING):
                yield Pair(primary, standby)


async def _ask(cluster: Cluster, sql: str, *given: object, database: str = "postgres") -> Any:
    connection = await asyncpg.connect(cluster.address.format(database))
    try:
        return await connection.fetchval(sql, *given)
    finally:
        await connection.close()
