"""Jobs that wait for a moderator's yes. Nothing of them is counted or sent before it."""

from __future__ import annotations

from bot.domain.request import Request
from bot.jobs.deadlines import deadline
from bot.jobs.scheduler import Ticket
from bot.jobs.transitions import Moves
from bot.words.refusals.moderation import NotWaiting


class Approvals:
    """Takes held jobs one step further."""

    def __init__(self, moves: Moves) -> None:
        self._moves = moves

    async def wait(self, ticket: Ticket) -> float:
        """The delay until nobody's answer is waited for any more; then the job ends."""
        left = ticket.job.deadline_at - self._moves.clock.now()
        return left + 1.0 if left >= 0 else await self._moves.end(ticket, "failed", "approval_expired")

    async def approve(self, ticket: Ticket, *, by: int) -> None:
        """Let the job begin; `OverLimit` leaves it waiting."""
        self._check(ticket)
        now = self._moves.clock.now()
        deadline_at = deadline(Request.model_validate_json(ticket.job.request), now)
        ticket.job = await self._moves.jobs.approve(ticket.job, by=by, now=now, deadline_at=deadline_at)

    async def deny(self, ticket: Ticket, *, by: int) -> None:
        """End the job."""
        self._check(ticket)
        await self._moves.end(ticket, "cancelled", "denied", by=by)

    def _check(self, ticket: Ticket) -> None:
        if ticket.job.state != "held" or self._moves.clock.now() > ticket.job.deadline_at:
            raise NotWaiting(job=ticket.job.code)
