"""When the parts that the bot can't do without were last seen to work; `/healthz` tells which are silent too long."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

from bot.app.client import Mouthpiece
from bot.clock import Clock
from storage.engine.installation import Installation

LISTEN_SECONDS = 10.0  # between two looks at the gateway
PROBE_SECONDS = 30.0  # between two writes that prove that the database can be written
DISCORD_SILENT = 100.0  # Discord acknowledges a heartbeat every 41 s, so two are missing
WORKER_SILENT = 60.0  # it looks at its schedule every 15 s
DATABASE_SILENT = 75.0
ALIVE_FACT = "alive_at"


class Heartbeats:
    """Listens to each part; `run` must go on for as long as the bot does. `file` is the database's, if it has one."""

    def __init__(self, client: Mouthpiece, file: Path | None, installation: Installation, clock: Clock) -> None:
        self._client = client
        self._path = file
        self._file = _identity(file)
        self._installation = installation
        self._clock = clock
        self._latencies: dict[int, float] = {}  # by shard
        self._heard_at: dict[int, float] = {}  # by shard; these by the monotonic clock, -inf for never
        self._probed_at = -math.inf
        self._written_at = -math.inf
        self._write_fault = ""

    async def run(self) -> None:
        """Listen and probe, until cancelled."""
        while True:
            self._listen()
            if self._clock.monotonic() - self._probed_at >= PROBE_SECONDS:
                await self._probe()
            await self._clock.sleep(LISTEN_SECONDS)

    def faults(self) -> list[str]:
        """What is wrong, in plain words; nothing while all is well."""
        self._listen()
        worker = self._client.services.worker
        found = [
            *self._silent_shards(),
            _silence("the worker has not looked at its jobs", self._age(worker.turned_at), WORKER_SILENT),
            self._write_fault,
            _silence("the database has not been written", self._age(self._written_at), DATABASE_SILENT),
            "the bot is being stopped" if worker.draining else "",
        ]
        return [fault for fault in found if fault]

    def _age(self, moment: float) -> float:
        return self._clock.monotonic() - moment

    def _silent_shards(self) -> list[str]:
        """What is wrong with the connections to Discord's gateway, of which there may be several."""
        served = self._client.served_shards
        where = [f" on shard {shard_id}" if len(served) > 1 else "" for shard_id in served]
        ages = [self._age(self._heard_at.get(shard_id, -math.inf)) for shard_id in served]
        return [
            _silence(f"Discord has not been heard from{there}", age, DISCORD_SILENT)
            for there, age in zip(where, ages, strict=True)
        ]

    def _listen(self) -> None:
        """Notice an acknowledged heartbeat: each has a latency of its own. discord.py's `is_ready` stays true when the
        connection is lost, so only a session that is under way counts.
        """
        for shard_id, latency in self._client.latencies:
            since = self._client.sessions.get(shard_id)
            if since is None:
                continue
            self._heard_at[shard_id] = max(self._heard_at.get(shard_id, since), since)
            if math.isfinite(latency) and latency != self._latencies.get(shard_id):
                self._latencies[shard_id], self._heard_at[shard_id] = latency, self._clock.monotonic()

    async def _probe(self) -> None:
        """Write something. The connections go on with a file that was deleted, so that is looked at, too."""
        self._probed_at = self._clock.monotonic()
        try:
            await self._installation.put(ALIVE_FACT, str(self._clock.now()))
            file = await asyncio.to_thread(_identity, self._path)
        except Exception as error:  # noqa: BLE001 - told by `/healthz`; the database logs what failed
            self._write_fault = f"the database can't be written: {error}"
            return
        self._write_fault = "" if file == self._file else "the database's file was deleted or replaced"
        self._written_at = self._clock.monotonic()


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Which file lies there; None for none."""
    if path is None:
        return None
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _silence(what: str, seconds: float, most: float) -> str:
    """The sentence about a silence that is too long, else nothing."""
    if seconds <= most:
        return ""
    return f"{what} for {seconds:.0f} s" if math.isfinite(seconds) else f"{what} yet"
