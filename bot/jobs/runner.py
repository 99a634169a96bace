"""One step of an open job: the one that its state asks for, and its card brought up to date."""

from __future__ import annotations

import asyncio
import logging

from bot.chat.card import Cards
from bot.jobs.inputs import Inputs
from bot.jobs.open_job import OpenJob
from bot.jobs.steps.approval import Approvals
from bot.jobs.steps.deliver import Delivery
from bot.jobs.steps.find import Finds
from bot.jobs.steps.poll import Polls
from bot.jobs.steps.show import Shows
from bot.jobs.steps.submit import Submits
from bot.jobs.transitions import Transitions
from storage.jobs.job import OUTCOMES
from storage.jobs.job_events import Stale

log = logging.getLogger(__name__)


class Runner:
    """Takes open jobs one step further. What calls it sees to it that nobody else moves the job meanwhile."""

    def __init__(
        self,
        transitions: Transitions,
        approvals: Approvals,
        inputs: Inputs,
        shows: Shows,
        submits: Submits,
        finds: Finds,
        polls: Polls,
        delivery: Delivery,
        cards: Cards,
    ) -> None:
        self._jobs = transitions.jobs
        self._intervals = transitions.intervals
        self._approvals = approvals
        self._inputs = inputs
        self._shows = shows
        self._submits = submits
        self._finds = finds
        self._polls = polls
        self._delivery = delivery
        self._cards = cards

    async def run(self, open_job: OpenJob) -> float | None:
        """The delay in seconds until the next step, None when the job is closed; whatever happens in this one, there
        is a next one.
        """
        before = _shown(open_job)
        try:
            delay = await self._step(open_job)
        except Stale:
            delay = await self._reload(open_job)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("%s: this step failed inside the bot", open_job.job.code)
            open_job.faults += 1
            delay = self._intervals.after_fault(open_job.faults)
        is_shown = open_job.job.state not in OUTCOMES or open_job.large
        if delay is not None and is_shown and _shown(open_job) != before:
            self._cards.show(open_job.job, open_job.position)
        return delay

    async def _step(self, open_job: OpenJob) -> float | None:
        if open_job.job.state in OUTCOMES:
            if not open_job.cleared:
                await self._inputs.clear(open_job.job)
                open_job.cleared = True
            return await self._delivery.step(open_job)
        if open_job.job.card_id is None:
            return await self._shows.step(open_job)
        if open_job.job.state == "held":
            return await self._approvals.wait(open_job)
        if open_job.job.state == "queued":
            await self._delivery.assembler.gather(open_job.job)
            return await self._submits.submit(open_job)
        if open_job.job.state == "submitting":
            return await self._finds.find(open_job)
        return await self._polls.poll(open_job)

    async def _reload(self, open_job: OpenJob) -> float | None:
        job = await self._jobs.get(open_job.job.guild_id, open_job.job.id)
        if job is None or job.closed_at is not None:
            return None
        open_job.job = job
        return 0.0


def _shown(open_job: OpenJob) -> tuple[object, ...]:
    """What of an open job its card tells."""
    return open_job.job.state, open_job.job.stage, open_job.job.provider, open_job.position, open_job.large
