"""The rules of asking for a job. Every command comes through here; what it refuses has cost nothing."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from bot.asking.admission import Admission
from bot.asking.answers import Answer, NeedsAttestation, NeedsFixes, Question, Started
from bot.asking.candidates import Chooser
from bot.asking.drafts import Draft, PendingDrafts
from bot.asking.enqueue import Enqueuer
from bot.asking.server import POLICY_VERSION, Server
from bot.clock import Clock
from bot.domain.ask import Ask, Asker, Place
from bot.domain.job import Enqueued, Job, Stores
from bot.domain.typical_ask import SEEN, typical_ask
from bot.errors import Refusal
from bot.files.incoming import Incoming
from bot.jobs.worker import Worker
from bot.preflight.fit import Candidate
from bot.preflight.offer import Offer
from bot.words.refusals.asks import AlreadyAsked, OfferGone
from bot.words.refusals.jobs import NothingKnownToCancel, NothingToCancel, NotYours
from storage.engine.database import Conflict
from storage.jobs.job import OUTCOMES


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
        drafts: PendingDrafts,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._admission = admission
        self._chooser = chooser
        self._enqueuer = enqueuer
        self._worker = worker
        self._incoming = incoming
        self._drafts = drafts
        self._clock = clock

    async def start(self, ask: Ask, files: Path | None = None) -> Answer:
        """Accept the job and show it in its channel; the worker does the rest. What lies in the folder of `files`
        already, which is the service's from now on, is not fetched.
        """
        return await self._go_on(Draft(ask, files or self._incoming.new_folder()))

    async def rehearse(self, place: Place) -> Candidate:
        """Find out what an ordinary member's text would come to here and now: who would make the video first, or the
        `Refusal` that they would read. All that `start` checks is checked; nothing is fetched, stored or counted.
        """
        server = await self._admission.check(typical_ask(place, None))
        refusal = None
        for voice in self._chooser.voices(server):
            try:
                return await self._rehearsed(typical_ask(place, voice), server)
            except Refusal as found:
                refusal = refusal or found
        assert refusal is not None
        raise refusal

    async def _rehearsed(self, ask: Ask, server: Server) -> Candidate:
        await self._chooser.look_at_nothing(ask, server)
        found = await self._chooser.candidates(ask, server, SEEN)
        if isinstance(found, NeedsFixes):
            return Candidate(found.offer.provider, found.offer.request)
        return await self._enqueuer.check(ask, server, found)

    async def mend(
        self, guild_id: int, asker: Asker, interaction_id: int, *, rest: bool, part: tuple[float, float] | None
    ) -> Answer:
        """The person agrees to what was offered in that server, or has chosen another part of the clip."""
        offer = await self.offered(guild_id, asker, interaction_id)
        before = replace(await self._take(guild_id, asker, interaction_id), offer=offer)
        fixes = offer.agreed(rest=rest, part=part)
        return await self._go_on(replace(before, ask=replace(before.ask, asker=asker, fixes=fixes)), before)

    async def drop(self, guild_id: int, asker: Asker, interaction_id: int) -> None:
        """The person doesn't want it any more."""
        (await self._take(guild_id, asker, interaction_id)).throw_away()

    async def offered(self, guild_id: int, asker: Asker, interaction_id: int) -> Offer:
        """What was offered to the person; worked out anew where another process did."""
        draft = await self._drafts.find(guild_id, asker, interaction_id)
        if draft and draft.offer:
            return draft.offer
        if draft is None or draft.seen is None:
            raise OfferGone
        found = await self._chooser.candidates(draft.ask, await self._admission.check(draft.ask), draft.seen)
        if not isinstance(found, NeedsFixes):
            raise OfferGone
        return found.offer

    async def _take(self, guild_id: int, asker: Asker, interaction_id: int) -> Draft:
        draft = await self._drafts.take(guild_id, asker, interaction_id)
        if draft is None:
            raise OfferGone
        return draft

    async def _go_on(self, draft: Draft, before: Draft | None = None) -> Answer:
        """From a draft to a job or a question; the draft is spent once the job is stored, whether or not that can be
        shown. When it is refused, the offer that was there `before` waits on, else that of the draft itself.
        """
        async with AsyncExitStack() as door:
            try:
                stored = await self._stored(draft, door)
            except Refusal:
                await self._keep_offer(before or draft)
                raise
            except Conflict:
                draft.throw_away()
                raise AlreadyAsked from None
            except BaseException:
                draft.throw_away()
                raise
            if isinstance(stored, Question):
                return stored
            return Started(await self._enqueuer.show(draft.ask, stored.job), stored.standings)

    async def _stored(self, draft: Draft, door: AsyncExitStack) -> Enqueued | Question:
        """The stored job, or what its person must say yes to first."""
        ask = draft.ask
        server = await door.enter_async_context(self._admission.entering(ask))
        seen = draft.seen or await self._chooser.look(ask, server, draft.folder)
        draft = replace(draft, seen=seen)
        found = await self._chooser.candidates(ask, server, seen)
        if isinstance(found, NeedsFixes):
            return await self._asked(replace(draft, offer=found.offer), found)
        if not server.has_attested:
            return await self._asked(draft, NeedsAttestation(ask.interaction_id))
        return await self._enqueuer.store(draft, server, found)

    async def _asked(self, draft: Draft, question: Question) -> Question:
        """The question, with which the draft waits."""
        await self._drafts.keep(draft)
        return question

    async def _keep_offer(self, draft: Draft) -> None:
        """Let the person choose something else of what was offered, if anything was."""
        if draft.offer is None:
            draft.throw_away()
        else:
            await self._drafts.keep(draft)

    async def attest(self, guild_id: int, asker: Asker, interaction_id: int) -> Answer | None:
        """The person confirms that they may use the likeness in their clips: what comes of what they asked for then in
        that server, None when it is not known any more.
        """
        await self._stores.access.attest(asker.member_id, POLICY_VERSION, now=self._clock.now())
        draft = await self._drafts.take(guild_id, asker, interaction_id)
        if draft is None:
            return None
        return await self._go_on(replace(draft, ask=replace(draft.ask, asker=asker)))  # who they are now, not then

    async def cancel(self, guild_id: int, job_id: int, *, member_id: int, is_moderator: bool) -> Job:
        """Cancel the member's own job, or any job of the server for a moderator: the job as it was, or as it ended when
        it had ended before.
        """
        job = await self._stores.jobs.get(guild_id, job_id)
        if job is None:
            raise NothingKnownToCancel
        if not is_moderator and member_id != job.member_id:
            raise NotYours(job=job.code)
        try:
            await self._worker.cancel(job, by=member_id)
        except NothingToCancel:
            ended = await self._stores.jobs.get(guild_id, job_id)
            if ended is None or ended.state not in OUTCOMES:
                raise
            return ended
        return job
