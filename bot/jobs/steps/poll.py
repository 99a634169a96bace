"""Asking how a running stage is doing, asking anew for its result's address, and cancelling."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.clock import Clock
from bot.domain.job import Job
from bot.domain.sections import stored_yields
from bot.jobs.decision import Decision, Wait
from bot.jobs.intervals import LOOKUP_SECONDS, MISSING_PATIENCE, Intervals
from bot.jobs.keys import JobKeys
from bot.jobs.open_job import OpenJob, Polling
from bot.jobs.transitions import CONFIRMATIONS, again, ended, kind_of, stage_done, stage_failed
from bot.net.client import Http
from bot.net.faults import Gone, NotAccepted, ProviderError, RateLimited
from bot.providers.base import MISSING, Answer, Credentials, Done, Failed, Provider, Waiting, Yields
from bot.words.refusals.jobs import NotCancellable, NothingToCancel
from storage.jobs.job import OUTCOMES
from storage.jobs.stage_times import NOT_WATCHED

log = logging.getLogger(__name__)

MOST_WORDS, LONGEST_WORD = 20, 50  # status words of a provider that are remembered, and the characters of one


@dataclass(slots=True)
class _Batch:
    """What comes due while a call is under way leaves together with the next one."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: dict[str, asyncio.Future[Answer]] = field(default_factory=dict)


class Poll:
    """Takes running jobs one step further."""

    def __init__(self, keys: JobKeys, providers: Mapping[str, Provider], clock: Clock, intervals: Intervals) -> None:
        self._keys = keys
        self._providers = providers
        self._clock = clock
        self._intervals = intervals
        self._unknown_words: defaultdict[str, set[str]] = defaultdict(set)  # by provider
        self._batches: dict[tuple[str, int | None], _Batch] = {}

    async def __call__(self, open_job: OpenJob) -> Decision:
        """Ask once how the running stage is doing."""
        job, now = open_job.job, self._clock.now()
        late = now > job.deadline_at  # asked all the same: it may have been the bot that was late
        phase = open_job.phase if isinstance(open_job.phase, Polling) else Polling()
        open_job.phase = phase
        try:
            answer = await self._ask(job)
        except ProviderError as fault:
            if late and open_job.faults >= CONFIRMATIONS - 1:
                return ended(job, "unknown", "took_too_long")
            return await self._no_answer(open_job, phase, fault)
        phase.same_fault, phase.refused = ("", 0), None
        if isinstance(answer, Waiting):
            if late:
                return ended(job, "unknown", "took_too_long")
            self._wonder(job.provider, answer.word)
            phase.position, phase.watched = answer.position, True
            return Wait(self._intervals.until_next_poll(kind_of(job), now - (job.submitted_at or now)))
        if isinstance(answer, Failed):
            return await self._failed(job, phase, answer, now)
        self._intervals.ended(kind_of(job), now - (job.submitted_at or now), watched=phase.watched)
        done = stage_done(job, self._providers[job.provider], answer)
        return done if phase.watched else replace(done, note=NOT_WATCHED)

    async def _failed(self, job: Job, phase: Polling, failed: Failed, now: float) -> Decision:
        """What is made and can't be had is looked for again for a while; everything else is the end."""
        if failed.reason == MISSING:
            phase.missing_since = phase.missing_since or now
            if now <= min(phase.missing_since + MISSING_PATIENCE, job.deadline_at):
                log.info("%s: %s; looked for again", job.code, failed.detail)
                return Wait(LOOKUP_SECONDS)
        await self._keys.failed(job, failed.reason)
        return stage_failed(job, failed)

    async def yields_again(self, job: Job) -> Yields:
        """What a finished job's last stage yields now: links expire, and the provider may have newer ones."""
        answer = await self._ask(job)
        return {**job.yields, **stored_yields(answer.yields, job.position)} if isinstance(answer, Done) else job.yields

    async def http(self, job: Job) -> Http | None:
        """What a job's results are fetched through, as `JobKeys.http`."""
        return await self._keys.http(job)

    async def cancel(self, open_job: OpenJob, *, by: int) -> Decision:
        """Cancel the job, or raise the `Refusal` that says why not. What can't be known counts as not cancelled."""
        job = open_job.job
        if job.state in OUTCOMES:
            raise NothingToCancel(job=job.code)
        if job.state not in {"held", "queued"} and not await self._stopped(job):
            provider = self._providers.get(job.provider)
            raise NotCancellable(provider=provider.label if provider else job.provider, job=job.code)
        return ended(job, "cancelled", "cancelled" if by == job.member_id else "cancelled_by_moderator", by=by)

    async def _no_answer(self, open_job: OpenJob, phase: Polling, fault: ProviderError) -> Decision:
        """A poll that fails is made again; what a provider says three times in a row is believed."""
        code, times = phase.same_fault
        phase.same_fault = (fault.code, times + 1 if code == fault.code else 1)
        phase.refused = (fault.retry_after or 0.0) if isinstance(fault, RateLimited) else None
        if phase.same_fault[1] >= CONFIRMATIONS:
            await self._keys.failed(open_job.job, fault.code)
            if isinstance(fault, Gone):
                return ended(open_job.job, "unknown", "gone", fault.detail)
        return again(open_job.job, fault, self._intervals, open_job.faults)

    def _wonder(self, provider: str, word: str) -> None:
        """Tell the log of a word once; of somebody who always says another one, of the first few."""
        known, word = self._unknown_words[provider], word[:LONGEST_WORD]
        if word and word not in known and len(known) < MOST_WORDS:
            known.add(word)
            log.warning("%s says %r, which no document knows; taken as still running", provider, word)

    async def _stopped(self, job: Job) -> bool:
        provider, credentials = self._providers.get(job.provider), await self._keys.credentials(job)
        if provider is None or credentials is None or job.remote is None or not provider.can_cancel:
            return False
        try:
            return await provider.cancel(job.position.stage, job.remote, credentials)
        except ProviderError as fault:
            log.warning("%s: cancel: %s", job.code, fault)
            return False

    async def _ask(self, job: Job) -> Waiting | Done | Failed:
        provider, credentials = self._providers.get(job.provider), await self._keys.credentials(job)
        if provider is None or credentials is None or job.remote is None:
            raise NotAccepted("no key to ask with")
        if provider.polls_at_once == 1:
            return await provider.poll(job.position.stage, job.remote, credentials)
        answer = await self._ask_together(provider, job, job.remote, credentials)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _ask_together(self, provider: Provider, job: Job, remote: str, credentials: Credentials) -> Answer:
        batch = self._batches.setdefault((job.provider, job.key_id), _Batch())
        mine = batch.waiting.setdefault(remote, asyncio.get_running_loop().create_future())
        async with batch.turn:
            if not mine.done():
                together = dict(list(batch.waiting.items())[: provider.polls_at_once])
                together[remote] = mine
                for name in together:
                    batch.waiting.pop(name, None)
                await _answer_all(provider, together, credentials)
        return await mine


async def _answer_all(
    provider: Provider, together: Mapping[str, asyncio.Future[Answer]], credentials: Credentials
) -> None:
    answers: Mapping[str, Answer] = {}
    fault: ProviderError = NotAccepted("the call was given up")
    try:
        answers = await provider.poll_many(list(together), credentials)
    except ProviderError as raised:
        fault = raised
    finally:
        for remote, asking in together.items():
            if not asking.done():
                asking.set_result(answers.get(remote, fault))
