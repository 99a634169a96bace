"""When a job that doesn't come to its end is given up."""

from __future__ import annotations

from bot.domain.request import Request

CALL_SECONDS = 3600.0


def deadline(request: Request, begun_at: float) -> float:
    """The moment until which a job may take for this request: an hour for each call, as they are made in turn."""
    return begun_at + CALL_SECONDS * len(request.calls)
