"""The one place in which it is told that a job has moved, once that is committed."""

from __future__ import annotations

import logging

from bot.app.monitoring.events import JobMoved
from bot.app.monitoring.metrics import Metrics
from bot.domain.job import Job

log = logging.getLogger(__name__)


class Moves:
    """Tells the log and the metrics."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def __call__(self, before: Job | None, at: float, job: Job) -> None:
        """Tell of one move; as a warning where it isn't known whether it is charged, which a person has to find out."""
        move = JobMoved(before, at, job)
        level = logging.WARNING if move.to == "unknown" else logging.INFO
        log.log(level, "job moved", extra={"facts": move.facts()})
        self._metrics.moved(move)
