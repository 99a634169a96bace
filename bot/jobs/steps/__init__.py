"""The kinds of step that a job takes, one module each, and which of them its row asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.jobs.decision import Decision
from bot.jobs.open_job import OpenJob
from bot.jobs.steps.approval import Approval
from bot.jobs.steps.poll import Poll
from storage.jobs.job import OUTCOMES, State


class Step(Protocol):
    """Takes a job one step further: makes one outside call at most, and answers what is to be written."""

    async def __call__(self, open_job: OpenJob) -> Decision: ...


@dataclass(frozen=True, slots=True)
class Steps:
    """The kinds of step."""

    show: Step
    approval: Approval
    submit: Step
    find: Step
    poll: Poll
    deliver: Step
    show_end: Step

    def of(self, open_job: OpenJob) -> Step:
        """The step that the job's row asks for."""
        if open_job.job.closed_at is not None:
            return self.show_end
        if open_job.job.state in OUTCOMES:
            return self.deliver
        if open_job.job.card_id is None:
            return self.show
        by_state: Mapping[State, Step] = {"held": self.approval, "queued": self.submit, "running": self.poll}
        return by_state.get(open_job.job.state, self.find)
