"""The rules of asking for a job. Every command comes through here; what it refuses has cost nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.clock import Clock
from bot.delivery import Delivery
from bot.errors import (
    KeyMissing,
    NoKey,
    NothingToCancel,
    NotYours,
    PlaceUnfit,
    PostFailed,
    PostRefused,
    ShuttingDown,
    UnknownProvider,
)
from bot.preflight import Ask, fitting_request, listed
from bot.providers.base import Provider
from bot.voices import Voice
from bot.worker import Worker
from storage.guilds import Guilds
from storage.job import Job
from storage.jobs import Jobs
from storage.keys import Keys

DEADLINE_SECONDS = 3600.0


class Service:
    """What people can do with jobs. Raises a `Refusal` with the sentence for them."""

    def __init__(
        self,
        guilds: Guilds,
        jobs: Jobs,
        keys: Keys,
        providers: Mapping[str, Provider],
        worker: Worker,
        delivery: Delivery,
        clock: Clock,
    ) -> None:
        self._guilds = guilds
        self._jobs = jobs
        self._keys = keys
        self._providers = providers
        self._worker = worker
        self._delivery = delivery
        self._clock = clock

    @property
    def providers(self) -> Iterable[Provider]:
        """Every provider there is, whether the server has a key for it or not."""
        return self._providers.values()

    def voices(self, provider: str | None) -> list[Voice]:
        """The voices of one provider, or of all together; answered from memory."""
        chosen = self._providers.get(provider or "")
        among = [chosen] if chosen else self._providers.values()
        return list({key: voice for each in among for key, voice in each.voices.items()}.values())

    async def start(self, ask: Ask) -> Job:
        """Accept the job and show it in its channel; the worker does the rest."""
        if self._worker.draining:
            raise ShuttingDown
        if ask.place.missing:
            raise PlaceUnfit(
                channel=ask.place.channel_name, missing=listed([f"**{name}**" for name in ask.place.missing])
            )
        provider = await self._choose(ask)
        request = fitting_request(ask, provider)
        now = self._clock.now()
        await self._guilds.join(ask.place.guild_id, now)
        job = await self._jobs.enqueue(
            guild_id=ask.place.guild_id,
            interaction_id=ask.interaction_id,
            member_id=ask.member_id,
            channel_id=ask.place.channel_id,
            provider=provider.name,
            request=request.model_dump_json(),
            stage=provider.stages(request)[0].name,
            now=now,
            deadline_at=now + DEADLINE_SECONDS,
        )
        try:
            job = await self._delivery.open(job, looking=False)
        except PostRefused:
            raise PlaceUnfit(channel=ask.place.channel_name, missing="to be able to post") from None
        except PostFailed:
            pass  # accepted all the same: the worker shows it as soon as Discord can
        self._worker.add(job)
        return job

    async def cancel(self, guild_id: int, job_id: int, *, member_id: int, is_moderator: bool) -> Job:
        """Cancel the member's own job, or any job of the server for a moderator."""
        job = await self._jobs.get(guild_id, job_id)
        if job is None:
            raise NothingToCancel(job="That job")
        if not is_moderator and member_id != job.member_id:
            raise NotYours(job=job.code)
        await self._worker.cancel(job)
        return job

    async def _choose(self, ask: Ask) -> Provider:
        """The provider asked for, else the first for which the server has a key."""
        have = [info.provider for info in await self._keys.list(ask.place.guild_id)]
        usable = [name for name in self._providers if name in have or not self._providers[name].credentials]
        if not usable:
            raise NoKey
        labels = listed([self._providers[name].label for name in usable])
        if ask.provider is None:
            fitting = [name for name in usable if ask.mode in self._providers[name].modes]
            return self._providers[(fitting or usable)[0]]
        if ask.provider not in self._providers:
            raise UnknownProvider(name=ask.provider[:50], available=labels)
        if ask.provider not in usable:
            raise KeyMissing(provider=self._providers[ask.provider].label, available=labels)
        return self._providers[ask.provider]
