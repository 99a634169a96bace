"""Takes one step of an open job and carries out what it answers: the only place that writes a job's state.

Whatever fails inside a step has bounded patience. Then the job ends with a sentence: as unknown where something may
have been sent, else as failed. A finished video that can't be posted is kept for whoever asked for it.
"""

from __future__ import annotations

import logging

from bot.chat.card import Cards
from bot.clock import Clock
from bot.domain.flows import HANDED_OVER
from bot.domain.job import Job, Jobs
from bot.files.job_files import JobFiles
from bot.jobs.decision import Advance, Amend, Close, Decision, Leave, Wait
from bot.jobs.intervals import DELIVERY_PATIENCE, Intervals
from bot.jobs.keys import JobKeys
from bot.jobs.open_job import Delivering, OpenJob, phase_of
from bot.jobs.steps import Steps
from bot.jobs.transitions import ended
from storage.engine.database import Rejected
from storage.jobs.job import OUTCOMES
from storage.jobs.job_events import Stale

log = logging.getLogger(__name__)

MOST_FAULTS = 5  # of ours in a row that a job survives beyond its time


class Runner:
    """Runs the steps of open jobs."""

    def __init__(
        self,
        jobs: Jobs,
        steps: Steps,
        keys: JobKeys,
        cards: Cards,
        job_files: JobFiles,
        clock: Clock,
        intervals: Intervals,
        *,
        kept_seconds: float,
    ) -> None:
        self._jobs = jobs
        self._steps = steps
        self._keys = keys
        self._cards = cards
        self._job_files = job_files
        self._clock = clock
        self._intervals = intervals
        self._kept_seconds = kept_seconds

    async def run(self, open_job: OpenJob) -> float | None:
        """Take the job's next step; seconds until the one after it, None when the job is over."""
        async with open_job.stepping:
            before, at_once = open_job.on_card, True
            while at_once:
                try:
                    decision = open_job.undone or await self._steps.of(open_job)(open_job)
                    delay = await self.apply(open_job, decision)
                    at_once = isinstance(decision, Advance | Amend | Close) and decision.at_once
                except Exception as error:  # noqa: BLE001 - whatever it is, the job ends
                    at_once, delay = False, await self._failed(open_job, error)
            if delay is not None and open_job.on_card != before:
                self.show(open_job)
            open_job.shown.set()
            return delay

    async def cancel(self, open_job: OpenJob, *, by: int) -> None:
        """Cancel the job, or raise the `Refusal` that says why not."""
        if open_job.job.state == "submitting" and open_job.job.position.stage in HANDED_OVER:  # by another process
            await self.apply(open_job, Advance("queued", note="handing over is free"))
        await self.apply(open_job, await self._steps.poll.cancel(open_job, by=by))

    async def approve(self, open_job: OpenJob, *, by: int) -> None:
        """Let a held job begin; `OverLimit` leaves it waiting."""
        await self.apply(open_job, self._steps.approval.approve(open_job, by=by))

    async def deny(self, open_job: OpenJob, *, by: int) -> None:
        """End a held job."""
        await self.apply(open_job, self._steps.approval.deny(open_job, by=by))

    async def apply(self, open_job: OpenJob, decision: Decision) -> float | None:
        """Write down what was decided; seconds until the next step, None when the job is over.

        What can't be written now is not forgotten: it is written before the next step is taken.
        """
        open_job.undone = decision
        try:
            delay = await self._write(open_job, decision)
        except Rejected:  # by the row itself, or by a limit: it will not be written later either
            open_job.undone = None
            raise
        open_job.undone = None
        if isinstance(decision, Close):
            await self._tidy(open_job.job)
        return delay

    def show(self, open_job: OpenJob) -> None:
        """Bring the job's card up to date soon; how it ended is shown when that has been told."""
        if open_job.job.state not in OUTCOMES or open_job.needs_editing or open_job.unfetched:
            self._cards.show(open_job.job, open_job.position, unfetched=open_job.unfetched)

    async def _write(self, open_job: OpenJob, decision: Decision) -> float | None:
        now, delay = self._clock.now(), 0.0
        match decision:
            case Wait(seconds, fault):
                if fault is not None:
                    open_job.faults = open_job.faults + 1 if fault else 0
                delay = seconds
            case Advance(to, changes, note, by, then, phase):
                open_job.job = await self._jobs.move(open_job.job, to, now=now, note=note, by=by, **changes)
                open_job.phase = phase or phase_of(open_job.job)
                if decision.fault or to != "submitting":
                    open_job.faults = open_job.faults + 1 if decision.fault else 0
                delay = then
            case Amend(changes, kind):
                open_job.job = await self._jobs.amend(open_job.job, now=now, kind=kind, **changes)
            case Close(sent):
                open_job.job = await self._jobs.close(
                    open_job.job,
                    reply_id=sent.message_id if sent else None,
                    reply_channel_id=sent.channel_id if sent else None,
                    now=now,
                )
                open_job.phase, open_job.faults = phase_of(open_job.job), 0
            case Leave(card_due):
                if open_job.job.card_due and not card_due:
                    await self._jobs.card_shown(open_job.job)
                return None
        return delay

    async def _tidy(self, job: Job) -> None:
        """The job is closed; nothing that fails now brings it back."""
        try:
            await self._job_files.throw_away_made(job)
            await self._keys.last_job_over(job)
        except Exception:
            log.exception("%s: tidying up after it failed", job.code)

    async def _failed(self, open_job: OpenJob, error: Exception) -> float | None:
        """A step failed inside the bot; seconds until it is tried again, None when the job is over."""
        try:
            if isinstance(error, Stale):
                return await self.reload(open_job)
            open_job.faults += 1
            log.error("%s: this step failed inside the bot", open_job.job.code, exc_info=error)
            if open_job.faults >= MOST_FAULTS and self._clock.now() > _patience_ends(open_job.job):
                return await self._give_up(open_job)
        except Exception:
            log.exception("%s: nor could that be written down", open_job.job.code)
        return self._intervals.after_fault(open_job.faults)

    async def reload(self, open_job: OpenJob) -> float | None:
        """The row is not what it was: go on from what it is. None when it is gone, or somebody else's by now."""
        job = await self._jobs.get(open_job.job.guild_id, open_job.job.id)
        open_job.undone = None
        if job is None:
            return None
        open_job.job, open_job.phase = job, phase_of(job)
        return 0.0 if job.owner == self._jobs.life else None

    async def _give_up(self, open_job: OpenJob) -> float | None:
        """End a job after too many faults of ours; seconds until its next step, None when it is over."""
        job, undone = open_job.job, open_job.undone
        log.error("%s: given up in state %s after %d faults of the bot", job.code, job.state, open_job.faults)
        decision = self._given_up(job, has_files=await self._job_files.has_whole(job))
        try:
            delay = await self.apply(open_job, decision)
        except Exception:
            open_job.undone = undone  # nothing can be written now, and what was decided before is worth more
            raise
        if isinstance(decision, Amend):
            open_job.phase, open_job.faults = Delivering(without_video=True), 0
        return delay

    def _given_up(self, job: Job, *, has_files: bool) -> Decision:
        """What becomes of a job after too many faults of ours. What was made is kept, and told of without it."""
        if job.closed_at is not None:
            return Leave(card_due=True)
        if job.state not in OUTCOMES:
            return ended(job, "unknown" if job.state in {"submitting", "running"} else "failed", "internal")
        until = self._clock.now() + self._kept_seconds if has_files else None
        if job.has_video:
            failure, kind = ("kept", "kept") if has_files else ("result_lost", "lost")
            return Amend({"failure": failure, "kept_until": until}, kind=kind)
        if has_files and job.kept_until is None:
            return Amend({"kept_until": until})
        return Close(None)


def _patience_ends(job: Job) -> float:
    """Until when a job is tried whatever fails."""
    if job.closed_at is not None:
        return job.closed_at
    return job.deadline_at if job.ended_at is None else job.ended_at + DELIVERY_PATIENCE
