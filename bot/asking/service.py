"""The rules of asking for a job. Every command comes through here; what it refuses has cost nothing."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from bot.asking.admission import Admission
from bot.asking.approval import APPROVAL_SECONDS
from bot.asking.candidates import Chooser
from bot.asking.checks import Checks
from bot.asking.drafts import Draft, Pending
from bot.asking.enqueue import Enqueuer
from bot.asking.inspect import Inspector
from bot.domain.ask import Ask, Asker
from bot.domain.job import Job, Jobs
from bot.domain.media_facts import Seen
from bot.errors import Refusal
from bot.files.incoming import Incoming
from bot.jobs.worker import Worker
from bot.preflight.fit import Candidate
from bot.preflight.offer import Offer
from bot.words.english import listed
from bot.words.refusals.access import AttestationNeeded, PlaceUnfit
from bot.words.refusals.asks import AlreadyAsked, FixesNeeded, OfferGone, TextEmpty
from bot.words.refusals.jobs import NothingKnownToCancel, NotYours
from bot.words.refusals.limits import ShuttingDown
from storage.engine.database import Conflict


class Service:
    """What people can do with jobs. Raises a `Refusal` with the sentence for them."""

    def __init__(
        self,
        jobs: Jobs,
        inspector: Inspector,
        chooser: Chooser,
        worker: Worker,
        enqueuer: Enqueuer,
        admission: Admission,
        checks: Checks,
        incoming: Incoming,
        waiting: Pending[Draft],
    ) -> None:
        self._jobs = jobs
        self._inspector = inspector
        self._chooser = chooser
        self._worker = worker
        self._enqueuer = enqueuer
        self._admission = admission
        self._checks = checks
        self._incoming = incoming
        self._waiting = waiting  # until the person has said yes

    async def start(self, ask: Ask, files: Path | None = None) -> Job:
        """Accept the job and show it in its channel; the worker does the rest. What lies in the folder of `files`
        already, which is the service's from now on, is not fetched.

        `FixesNeeded` and `AttestationNeeded` are refusals after which it can go on: by `mend` and `attest`.
        """
        return await self._go_on(Draft(ask, files or self._incoming.new_folder()))

    async def mend(self, asker: Asker, interaction_id: int, *, rest: bool, part: tuple[float, float] | None) -> Job:
        """The person agrees to what was offered, or has chosen another part of the clip."""
        draft = self._take(asker, interaction_id)
        if draft.offer is None:
            raise OfferGone
        fixes = draft.offer.agreed(rest=rest, part=part)
        return await self._go_on(draft, replace(draft, ask=replace(draft.ask, asker=asker, fixes=fixes)))

    async def drop(self, asker: Asker, interaction_id: int) -> None:
        """The person doesn't want it any more."""
        self._take(asker, interaction_id).throw_away()

    def offered(self, asker: Asker, interaction_id: int) -> Offer:
        """What was offered to the person."""
        draft = self._take(asker, interaction_id)
        self._waiting.keep(interaction_id, asker.member_id, draft)
        if draft.offer is None:
            raise OfferGone
        return draft.offer

    def _take(self, asker: Asker, interaction_id: int) -> Draft:
        draft = self._waiting.take(interaction_id, asker.member_id)
        if draft is None:
            raise OfferGone
        return draft

    async def _go_on(self, before: Draft, draft: Draft | None = None) -> Job:
        """From a draft to a job; the draft is spent once that is stored, whether or not it can be shown."""
        draft = draft or before
        self._waiting.sweep()
        async with AsyncExitStack() as door:
            try:
                job = await self._stored(before, draft, door)
            except Conflict:
                raise AlreadyAsked from None
            return await self._enqueuer.show(draft.ask, job)

    async def _stored(self, before: Draft, draft: Draft, door: AsyncExitStack) -> Job:
        """What the person must say yes to first is remembered with the draft; with a choice that doesn't work, what was
        there `before` is.
        """
        ask = draft.ask
        try:
            await self._admit(ask)
            await door.enter_async_context(self._admission.entering(ask))
            seen = draft.seen or await self._look(ask, draft.folder)
            draft = replace(draft, seen=seen)
            return await self._enqueuer.store(draft, await self._candidates(ask, seen))
        except FixesNeeded as needed:
            self._waiting.keep(ask.interaction_id, ask.member_id, replace(draft, offer=needed.offer))
            raise
        except AttestationNeeded:
            self._waiting.keep(ask.interaction_id, ask.member_id, draft)
            raise
        except Refusal:
            if before.offer is None:
                draft.throw_away()
            else:
                self._waiting.keep(ask.interaction_id, ask.member_id, before)
            raise
        except BaseException:
            draft.throw_away()
            raise

    async def _admit(self, ask: Ask) -> None:
        if self._worker.draining:
            raise ShuttingDown
        if ask.place.missing:
            raise PlaceUnfit(
                channel=ask.place.channel_name, missing=listed([f"**{name}**" for name in ask.place.missing])
            )
        if not ask.audio and not (ask.text or "").strip():
            raise TextEmpty
        await self._checks.access.admit(ask)
        await self._checks.limits.within_limits(ask)

    async def _look(self, ask: Ask, folder: Path) -> Seen:
        await self._chooser.check_claims(ask)  # before anything is fetched
        return await self._inspector.look(ask, folder)

    async def _candidates(self, ask: Ask, seen: Seen) -> list[Candidate]:
        waiting = APPROVAL_SECONDS if await self._checks.approval.may_hold(ask) else 0.0
        await self._checks.access.admit_files(ask.guild_id, seen)
        candidates = await self._chooser.candidates(ask, seen, waiting=waiting)
        affordable = await self._checks.limits.affordable(ask, candidates)
        await self._checks.attestation.confirmed(ask)
        return affordable

    async def attest(self, asker: Asker, interaction_id: int) -> Job | None:
        """The person confirms that they may use the likeness in their clips: the job that they asked for then, None
        when it is not known any more.
        """
        await self._checks.attestation.confirm(asker.member_id)
        draft = self._waiting.take(interaction_id, asker.member_id)
        if draft is None:
            return None
        return await self._go_on(replace(draft, ask=replace(draft.ask, asker=asker)))  # who they are now, not then

    async def cancel(self, guild_id: int, job_id: int, *, member_id: int, is_moderator: bool) -> Job:
        """Cancel the member's own job, or any job of the server for a moderator."""
        job = await self._jobs.get(guild_id, job_id)
        if job is None:
            raise NothingKnownToCancel
        if not is_moderator and member_id != job.member_id:
            raise NotYours(job=job.code)
        await self._worker.cancel(job, by=member_id)
        return job
