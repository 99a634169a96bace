"""The rules of asking for a job. Every command comes through here; what it refuses has cost nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bot.choosing import Candidate, Chooser
from bot.clock import Clock
from bot.delivery import Delivery
from bot.doors import Doors
from bot.errors import PostFailed, PostRefused
from bot.preflight import Ask, listed
from bot.providers.base import Provider
from bot.refusals import NothingToCancel, NotYours, PlaceUnfit, ShuttingDown, TextEmpty
from bot.voices import Voice
from bot.worker import Worker
from storage.guilds import Guilds
from storage.job import Job
from storage.jobs import Jobs

DEADLINE_SECONDS = 3600.0


class Service:
    """What people can do with jobs. Raises a `Refusal` with the sentence for them."""

    def __init__(
        self,
        guilds: Guilds,
        jobs: Jobs,
        chooser: Chooser,
        providers: Mapping[str, Provider],
        worker: Worker,
        delivery: Delivery,
        doors: Doors,
        clock: Clock,
    ) -> None:
        self._guilds = guilds
        self._jobs = jobs
        self._chooser = chooser
        self._providers = providers
        self._worker = worker
        self._delivery = delivery
        self._doors = doors
        self._clock = clock

    async def usable(self, guild_id: int) -> list[Provider]:
        """The providers that the server can use, in its order; answered from memory."""
        return await self._chooser.usable(guild_id)

    async def voices(self, guild_id: int, provider: str | None) -> list[Voice]:
        """The voices of one provider, or of all that the server can use; answered from memory."""
        chosen = self._providers.get(provider or "")
        among = [chosen] if chosen else await self._chooser.usable(guild_id)
        return list({key: voice for each in among for key, voice in each.voices.items()}.values())

    async def start(self, ask: Ask) -> Job:
        """Accept the job and show it in its channel; the worker does the rest."""
        if self._worker.draining:
            raise ShuttingDown
        if ask.place.missing:
            raise PlaceUnfit(
                channel=ask.place.channel_name, missing=listed([f"**{name}**" for name in ask.place.missing])
            )
        if not ask.audio and not (ask.text or "").strip():
            raise TextEmpty
        async with self._doors.entering(ask):
            first, *others = await self._chooser.candidates(ask)
            return await self._accept(ask, first, others)

    async def _accept(self, ask: Ask, first: Candidate, others: list[Candidate]) -> Job:
        """Store the job, show it, and hand it to the worker."""
        now = self._clock.now()
        await self._guilds.join(ask.place.guild_id, now)
        job = await self._jobs.enqueue(
            guild_id=ask.place.guild_id,
            interaction_id=ask.interaction_id,
            member_id=ask.member_id,
            channel_id=ask.place.channel_id,
            provider=first.provider.name,
            request=first.request.model_dump_json(),
            fallbacks=json.dumps([other.stored for other in others]),
            stage=first.provider.stages(first.request)[0].name,
            now=now,
            deadline_at=now + DEADLINE_SECONDS,
        )
        try:
            job = await self._delivery.open(job, looking=False)
        except PostRefused:
            raise PlaceUnfit(channel=ask.place.channel_name, missing="to be able to post") from None
        except PostFailed:
            pass  # accepted all the same: the worker shows it as soon as Discord can
        except Exception:
            self._worker.add(job)
            raise
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
