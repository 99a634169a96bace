"""Which key sends a job, and what becomes of one that is refused."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from bot.clock import Clock
from bot.domain.costs import begun
from bot.domain.job import Job
from bot.domain.reuse import is_reusing
from bot.net.client import Http
from bot.net.faults import KEY_FAULTS
from bot.providers.base import Credentials, Provider
from storage.engine.encryption import CannotUnseal
from storage.servers.keys import Keys

log = logging.getLogger(__name__)


class JobKeys:
    """Opens keys for jobs, and switches off those that providers refuse."""

    def __init__(self, store: Keys, providers: Mapping[str, Provider], clock: Clock) -> None:
        self._store = store
        self._providers = providers
        self._clock = clock

    async def for_sending(self, job: Job) -> tuple[Job, str]:
        """The job with the key that is to send it: its own once a stage may have been paid with it, or it uses what
        that account has paid for, else the server's current one; and what stands against that key.
        """
        provider = self._providers.get(job.provider)
        if provider is None or not provider.credentials or begun(job) or is_reusing(job):
            return job, ""
        info = await self._store.current(job.guild_id, job.provider)
        return (replace(job, key_id=info.id), info.off_reason or "") if info else (job, "no_key")

    async def is_replaced(self, job: Job) -> bool:
        """Whether the server has another key by now that works."""
        newer = await self._store.current(job.guild_id, job.provider)
        return newer is not None and newer.id != job.key_id and not newer.off_reason

    async def last_job_over(self, job: Job) -> None:
        """Erase a replaced key with the last job that needs it."""
        if job.key_id and all(info.id != job.key_id for info in await self._store.shown(job.guild_id)):
            await self._store.sweep(job.guild_id)

    async def failed(self, job: Job, reason: str) -> None:
        """The provider refuses the job's key: no other job gets it, and its moderators are told."""
        if job.key_id and reason in KEY_FAULTS:
            await self._store.switch_off(job.guild_id, job.key_id, reason=reason, now=self._clock.now())

    async def http(self, job: Job) -> Http | None:
        """What the files are fetched through that the job's provider has made. None when it is gone, or the key that
        names its host: then they may come from public addresses only.
        """
        provider = self._providers.get(job.provider)
        if provider is None:
            return None
        credentials = await self.credentials(job) if provider.own_hosts else {}
        return None if credentials is None else provider.results(credentials)

    async def credentials(self, job: Job) -> Credentials | None:
        """What the job's own key says, None when there is none (any more) that can be opened."""
        provider = self._providers.get(job.provider)
        if provider is None or not provider.credentials:
            return {}
        try:
            return await self._store.open(job.guild_id, job.key_id) if job.key_id else None
        except CannotUnseal as error:
            log.warning("%s: %s", job.code, error)
            return None
