"""The metrics that are counted as things happen. Those that are looked up when they are asked for: `gauges.py`.

No label names a person or a server: there are thousands of servers, and each would multiply every series. What happened
in one server stands in the log.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from bot.app.monitoring.events import JobMoved
from bot.version import VERSION
from bot.words.failures import FAILURES
from storage.jobs.job import OUTCOMES

STAGE_BUCKETS = (1, 2, 5, 10, 20, 30, 60, 90, 120, 180, 300, 450, 600, 900, 1800, 3600)  # seconds
EDIT_BUCKETS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
LAG_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
# A failure ends its job as failed, except for these.
OTHER_OUTCOMES = {
    "unknown_outcome": "unknown",
    "took_too_long": "unknown",
    "gone": "unknown",
    "result_missing": "unknown",
    "cancelled": "cancelled",
    "cancelled_by_moderator": "cancelled",
    "cancelled_by_provider": "cancelled",
    "kept": "succeeded",
    "result_lost": "succeeded",
}


class Metrics:
    """Everything that one bot counts, in a registry of its own. `providers` are the names of those that it offers."""

    def __init__(self, providers: Iterable[str]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # when a series began is of no use here
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        named: Any = {"namespace": "mouthpiece", "registry": self.registry}
        build = Gauge("build_info", "Which version this is", ["version", "python"], **named)
        build.labels(VERSION, platform.python_version()).set(1)
        self._ended = Counter("jobs_ended", "Jobs that are over", ["provider", "outcome", "failure"], **named)
        self._stages = Histogram(
            "stage_seconds", "How long stages took", ["provider", "stage"], buckets=STAGE_BUCKETS, **named
        )
        self._spent = Counter("spent_usd", "US dollars that providers have named for jobs", ["provider"], **named)
        self._unpriced = Counter(
            "jobs_unpriced", "Jobs that are over, and cost nobody knows what", ["provider"], **named
        )
        self.provider_calls = Counter("provider_calls", "Calls to providers", ["provider", "call", "result"], **named)
        self.discord_calls = Counter("discord_calls", "HTTP calls to Discord", ["status"], **named)
        self.edits = Histogram("edit_seconds", "How long edits of files took", ["queue"], buckets=EDIT_BUCKETS, **named)
        self.loop_lag = Histogram("event_loop_lag_seconds", "How late the event loop was", buckets=LAG_BUCKETS, **named)
        self._begin(providers)

    def moved(self, move: JobMoved) -> None:
        """Count a move of a job."""
        provider, seconds, is_over = move.origin.provider, move.stage_seconds, move.to == "closed"
        if seconds is not None:
            stage = "deliver" if is_over else move.origin.position.stage
            self._stages.labels(provider, stage).observe(seconds)
        if not is_over:
            return
        job = move.job
        self._ended.labels(provider, job.state, job.failure or "").inc()
        self._spent.labels(provider).inc(float(job.cost_usd or 0))
        if job.spent_micros is None:
            self._unpriced.labels(provider).inc()

    def _begin(self, providers: Iterable[str]) -> None:
        """Let what is known beforehand begin at 0: Prometheus doesn't see an increase to a value that is the first."""
        for status in ("200", "429"):
            self.discord_calls.labels(status)
        for provider in providers:
            self._spent.labels(provider)
            self._unpriced.labels(provider)
            for call in ("submit", "poll"):
                self.provider_calls.labels(provider, call, "ok")
            for outcome in OUTCOMES:
                self._ended.labels(provider, outcome, "")
            for failure in FAILURES:
                self._ended.labels(provider, OTHER_OUTCOMES.get(failure, "failed"), failure)
            self._ended.labels(provider, "unknown", "internal")  # where something may have been sent
