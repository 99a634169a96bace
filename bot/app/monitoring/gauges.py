"""The metrics that are looked up whenever Prometheus asks for them."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import get_args

from prometheus_client import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.app.client import Mouthpiece
from bot.app.heartbeats import Heartbeats
from bot.app.parts import Parts
from bot.clock import Clock
from bot.domain.job import Job
from bot.jobs.roles import Role
from storage.jobs.job import OUTCOMES

PHASES = ("held", "queued", "submitting", "running", "delivering", "closing")


class Gauges(Collector):
    """Looks at the parts of the bot. `roles` are those of this process."""

    def __init__(
        self, client: Mouthpiece, heartbeats: Heartbeats, parts: Parts, roles: frozenset[Role], clock: Clock
    ) -> None:
        self._client = client
        self._heartbeats = heartbeats
        self._parts = parts
        self._own_roles = roles
        self._clock = clock
        self._disk = shutil.disk_usage(parts.job_files.folder)

    async def text(self) -> bytes:
        """All metrics, as Prometheus reads them."""
        with suppress(OSError):  # its folder is gone, which is no reason to tell nothing of the rest
            self._disk = await asyncio.to_thread(shutil.disk_usage, self._parts.job_files.folder)
        return generate_latest(self)

    def collect(self) -> Iterator[Metric]:
        """What was counted, and then a look at everything else."""
        yield from self._parts.metrics.registry.collect()
        client, lease, worker = self._client, self._parts.lease, self._client.services.worker
        yield _gauge("open_jobs", "Jobs that this process has and that are not closed yet", worker.open_jobs)
        yield from self._of_jobs()
        yield _gauge("servers", "Servers that Discord has named to this process", client.server_count)
        latency = client.latency if client.sessions else float("nan")
        yield _gauge("gateway_latency_seconds", "Of Discord's gateway", latency)
        yield _gauge("healthy", "Whether /healthz says so", float(not self._heartbeats.faults()))
        silence = self._clock.monotonic() - worker.turned_at
        yield _gauge("worker_silent_seconds", "Since the worker last looked at its jobs", silence)
        yield _gauge("lease_held", "Whether the jobs of this process are certainly its own", float(lease.holds))
        yield _labelled(
            "role", "Whether this process has a role", {role: role in self._own_roles for role in get_args(Role)}
        )
        queues = {name: queue.waiting for name, queue in self._parts.edit_queues.items()}
        yield _labelled("edits_waiting", "Edits that wait for their turn", queues, label="queue")
        yield _gauge("disk_used_bytes", "Of the disk on which the data folder is, by whomever", self._disk.used)
        yield _gauge("disk_free_bytes", "Of that disk, for the bot", self._disk.free)

    def _of_jobs(self) -> Iterator[GaugeMetricFamily]:
        """How many jobs are in each phase, and how old the oldest of them is."""
        count: Counter[str] = Counter()
        oldest = dict.fromkeys(PHASES, 0.0)
        now = self._clock.now()
        for open_job in self._client.services.worker.held.values():
            phase, age = _phase(open_job.job), now - (open_job.job.counted_at or open_job.job.created_at)
            count[phase] += 1
            oldest[phase] = max(oldest[phase], age)
        jobs = {phase: count[phase] for phase in PHASES}
        yield _labelled("open_jobs_by_phase", "Jobs that this process has, by what they wait for", jobs, label="phase")
        about = "Since the oldest job in a phase was accepted, or approved"
        yield _labelled("oldest_job_seconds", about, oldest, label="phase")


def _phase(job: Job) -> str:
    if job.closed_at is not None:
        return "closing"
    return "delivering" if job.state in OUTCOMES else job.state


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"mouthpiece_{name}", about, value=value)


def _labelled(name: str, about: str, values: Mapping[str, float], *, label: str = "") -> GaugeMetricFamily:
    """One value for each of a label, which is called as the metric is unless it has another name."""
    family = GaugeMetricFamily(f"mouthpiece_{name}", about, labels=[label or name])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
