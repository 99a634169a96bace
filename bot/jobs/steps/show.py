"""Showing a job for the first time, where it was asked for, and for the last time, once its outcome is told."""

from __future__ import annotations

import logging
from dataclasses import replace

from bot.chat.card import Cards
from bot.chat.errors import PostFailed, PostRefused
from bot.domain.job import Ledger
from bot.jobs.decision import Amend, Decision, Leave, Wait
from bot.jobs.intervals import Intervals
from bot.jobs.open_job import OpenJob, Queued
from bot.jobs.transitions import ended

log = logging.getLogger(__name__)

MOST_TRIES = 5  # of showing in one life how a job ended


class Show:
    """Posts the card. A job that can't be shown ends before anything was spent."""

    def __init__(self, cards: Cards, intervals: Intervals) -> None:
        self._cards = cards
        self._intervals = intervals

    async def __call__(self, open_job: OpenJob) -> Decision:
        """Show the job; its card may be there already, if a life before this one posted it."""
        job, phase = open_job.job, open_job.phase
        accepted_now = isinstance(phase, Queued) and phase.accepted_now and not open_job.faults
        try:
            card_id, thread_id = await self._cards.open(job, looking=not accepted_now)
        except PostRefused as why:
            log.info("%s: it can't be shown: %s", job.code, why)
            return replace(ended(job, "failed", "cannot_post"), at_once=True)
        except PostFailed as fault:
            log.info("%s: showing: %s; again later", job.code, fault)
            return Wait(self._intervals.after_fault(open_job.faults + 1), fault=True)
        return Amend({"card_id": card_id, "thread_id": thread_id})


class ShowEnd:
    """Brings the card of a closed job to its last state. The row says that it is due until that has worked."""

    def __init__(self, ledger: Ledger, cards: Cards, intervals: Intervals) -> None:
        self._ledger = ledger
        self._cards = cards
        self._intervals = intervals

    async def __call__(self, open_job: OpenJob) -> Decision:
        """Show how the job ended, unless it has been erased meanwhile."""
        job = open_job.job
        if not await self._ledger.has_card(job.guild_id, job.id):
            return Leave()
        try:
            await self._cards.finish(job)
        except PostRefused as why:
            log.info("%s: its card can't show how it ended: %s", job.code, why)
        except PostFailed as fault:
            log.info("%s: its card doesn't show yet how it ended: %s", job.code, fault)
            if open_job.faults + 1 >= MOST_TRIES:
                return Leave(card_due=True)
            return Wait(self._intervals.after_fault(open_job.faults + 1), fault=True)
        return Leave()
