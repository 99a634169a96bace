"""The kinds of step that a job takes, one module each, and which of them its row asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.jobs.decision import Decision, Wait
from bot.jobs.lease import Lease
from bot.jobs.open_job import OpenJob
from bot.jobs.steps.approval import Approval
from bot.jobs.steps.poll import Poll
from storage.jobs.job import OUTCOMES, State

PAUSE_SECONDS = 1.0


class Step(Protocol):
    """Takes a job one step further: makes one outside call at most, and answers what is to be written."""

    async def __call__(self, open_job: OpenJob) -> Decision: ...


@dataclass(frozen=True, slots=True)
class Steps:
    """The kinds of step. None is taken while the job may be another process's."""

    lease: Lease
    show: Step
    approval: Approval
    submit: Step
    find: Step
    poll: Poll
    deliver: Step
    show_end: Step

    def of(self, open_job: OpenJob) -> Step:
        """The step that the job's row asks for."""
        if self.lease.can_end and not self.lease.holds:
            return _pause
        if open_job.job.closed_at is not None:
            return self.show_end
        if open_job.job.state in OUTCOMES:
            return self.deliver
        if open_job.job.card_id is None:
            return self.show
        by_state: Mapping[State, Step] = {"held": self.approval, "queued": self.submit, "running": self.poll}
        return by_state.get(open_job.job.state, self.find)


async def _pause(open_job: OpenJob) -> Decision:  # noqa: ARG001
    return Wait(PAUSE_SECONDS, fault=None)
