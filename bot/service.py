"""The rules of asking for a job. Every command comes through here; what it refuses has cost nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from bot import allowance
from bot.ask import Ask, Asker
from bot.charges import micros, milliseconds
from bot.choosing import Candidate, Chooser
from bot.clock import Clock
from bot.delivery import Delivery
from bot.doors import Doors
from bot.errors import PostFailed, PostRefused
from bot.gate import POLICY_VERSION, Gate
from bot.preflight import listed
from bot.providers.base import Provider
from bot.refusals import (
    AttestationNeeded,
    LimitReached,
    NothingToCancel,
    NotYours,
    PlaceUnfit,
    ShuttingDown,
    TextEmpty,
)
from bot.voices import Voice
from bot.worker import Worker
from storage.access import Access
from storage.guilds import Guilds
from storage.job import Job, NewJob
from storage.jobs import Jobs
from storage.quota import OverLimit

DEADLINE_SECONDS = 3600.0  # after a job begins, until it is given up
MOST_UNATTESTED = 500
APPROVAL_SECONDS = 12 * 3600.0  # for which a job waits for a moderator


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
        gate: Gate,
        access: Access,
        clock: Clock,
    ) -> None:
        self._guilds = guilds
        self._jobs = jobs
        self._chooser = chooser
        self._providers = providers
        self._worker = worker
        self._delivery = delivery
        self._doors = doors
        self._gate = gate
        self._access = access
        self._clock = clock
        self._unattested: dict[int, Ask] = {}  # what was asked for, until the person has confirmed

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
        await self._gate.admit(ask)
        await self._gate.within_limits(ask)
        async with self._doors.entering(ask):
            waiting = APPROVAL_SECONDS if await self._gate.may_hold(ask) else 0.0
            candidates = await self._chooser.candidates(ask, waiting=waiting)
            await self._gate.admit_files(ask, candidates)
            affordable = await self._gate.affordable(ask, candidates)
            await self._confirmed(ask)
            return await self._accept(ask, affordable)

    async def _confirmed(self, ask: Ask) -> None:
        """Everything else fits; remember what was asked for while the person confirms."""
        try:
            await self._gate.confirmed(ask)
        except AttestationNeeded:
            self._unattested[ask.interaction_id] = ask
            while len(self._unattested) > MOST_UNATTESTED:
                del self._unattested[next(iter(self._unattested))]
            raise

    async def _accept(self, ask: Ask, candidates: list[Candidate]) -> Job:
        """Store the job, show it, and hand it to the worker. What is too dear for a limit on money is left out."""
        await self._guilds.join(ask.guild_id, self._clock.now())
        while True:
            held = await self._gate.must_wait(ask, candidates)
            try:
                return await self._show(ask, await self._jobs.enqueue(self._job(ask, candidates, held=held), held=held))
            except OverLimit as over:
                if over.standing.rule.unit != "cents" or len(candidates) == 1:
                    raise LimitReached(reason=allowance.refusal(over)) from None
            dearest = max(candidates, key=lambda candidate: micros(candidate.request.price_usd))
            candidates = [candidate for candidate in candidates if candidate is not dearest]

    def _job(self, ask: Ask, candidates: list[Candidate], *, held: bool) -> NewJob:
        now = self._clock.now()
        first, *others = candidates
        return NewJob(
            guild_id=ask.guild_id,
            interaction_id=ask.interaction_id,
            member_id=ask.member_id,
            role_ids=ask.asker.role_ids,
            channel_id=ask.place.channel_id,
            provider=first.provider.name,
            request=first.request.model_dump_json(),
            fallbacks=json.dumps([other.stored for other in others]),
            stage=first.provider.stages(first.request)[0].name,
            milliseconds=milliseconds(first.request),
            micros=max(micros(candidate.request.price_usd) for candidate in candidates),
            video_digest=first.request.video.digest,
            audio_digest=first.request.audio.digest if first.request.audio else None,
            created_at=now,
            deadline_at=now + (APPROVAL_SECONDS if held else DEADLINE_SECONDS),
        )

    async def _show(self, ask: Ask, job: Job) -> Job:
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

    async def attest(self, asker: Asker, interaction_id: int) -> Job | None:
        """The person confirms that they may use the likeness in their clips: the job that they asked for then, None
        when it is not known any more.
        """
        await self._access.attest(asker.member_id, POLICY_VERSION, now=self._clock.now())
        ask = self._unattested.get(interaction_id)
        if ask is None or ask.member_id != asker.member_id:
            return None
        del self._unattested[interaction_id]
        return await self.start(replace(ask, asker=asker))  # who they are now, not when they asked

    async def cancel(self, guild_id: int, job_id: int, *, member_id: int, is_moderator: bool) -> Job:
        """Cancel the member's own job, or any job of the server for a moderator."""
        job = await self._jobs.get(guild_id, job_id)
        if job is None:
            raise NothingToCancel(job="That job")
        if not is_moderator and member_id != job.member_id:
            raise NotYours(job=job.code)
        await self._worker.cancel(job, by=member_id)
        return job
