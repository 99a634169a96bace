"""The rules of asking for a job. Every command comes through here; what it refuses has cost nothing."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from bot.asking.admission import Admission
from bot.asking.candidates import Chooser
from bot.asking.drafts import Draft, Pending
from bot.asking.enqueue import Enqueuer
from bot.asking.server import POLICY_VERSION, Server
from bot.clock import Clock
from bot.domain.ask import Ask, Asker
from bot.domain.job import Job, Stores
from bot.errors import Refusal
from bot.files.incoming import Incoming
from bot.jobs.worker import Worker
from bot.preflight.offer import Offer
from bot.words.refusals.access import AttestationNeeded
from bot.words.refusals.asks import AlreadyAsked, FixesNeeded, OfferGone
from bot.words.refusals.jobs import NothingKnownToCancel, NotYours
from storage.engine.database import Conflict


class Service:
    """What people can do with jobs. Raises a `Refusal` with the sentence for them."""

    def __init__(
        self,
        stores: Stores,
        admission: Admission,
        chooser: Chooser,
        enqueuer: Enqueuer,
        worker: Worker,
        incoming: Incoming,
        waiting: Pending[Draft],
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._admission = admission
        self._chooser = chooser
        self._enqueuer = enqueuer
        self._worker = worker
        self._incoming = incoming
        self._waiting = waiting  # until the person has said yes
        self._clock = clock

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
            server = await door.enter_async_context(self._admission.entering(ask))
            seen = draft.seen or await self._chooser.look(ask, server, draft.folder)
            draft = replace(draft, seen=seen)
            candidates = await self._chooser.candidates(ask, server, seen)
            _check_attested(ask, server)
            return await self._enqueuer.store(draft, server, candidates)
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

    async def attest(self, asker: Asker, interaction_id: int) -> Job | None:
        """The person confirms that they may use the likeness in their clips: the job that they asked for then, None
        when it is not known any more.
        """
        await self._stores.access.attest(asker.member_id, POLICY_VERSION, now=self._clock.now())
        draft = self._waiting.take(interaction_id, asker.member_id)
        if draft is None:
            return None
        return await self._go_on(replace(draft, ask=replace(draft.ask, asker=asker)))  # who they are now, not then

    async def cancel(self, guild_id: int, job_id: int, *, member_id: int, is_moderator: bool) -> Job:
        """Cancel the member's own job, or any job of the server for a moderator."""
        job = await self._stores.jobs.get(guild_id, job_id)
        if job is None:
            raise NothingKnownToCancel
        if not is_moderator and member_id != job.member_id:
            raise NotYours(job=job.code)
        await self._worker.cancel(job, by=member_id)
        return job


def _check_attested(ask: Ask, server: Server) -> None:
    if not server.has_attested:
        raise AttestationNeeded(ask.interaction_id)
