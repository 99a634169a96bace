"""One step with nothing around it: no Discord, no database, and delays that are the same every time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from bot.domain.flows import Stage
from bot.domain.job import Job
from bot.domain.request import Part
from bot.jobs.inputs import Inputs
from bot.jobs.intervals import Intervals
from bot.jobs.keys import JobKeys
from bot.jobs.lease import Lease, SendWindow
from bot.jobs.open_job import OpenJob, Phase, phase_of
from bot.jobs.steps.find import Find
from bot.jobs.steps.poll import Poll
from bot.jobs.steps.submit import Submit
from bot.net.client import Http
from bot.providers.base import Credentials, Provider, Submission
from storage.jobs.job import Position, State
from tests.app.still_clock import StillClock
from tests.scripted import Scripted
from tests.words.test_job_card import a_job

HTTP = Http(httpx.AsyncBaseTransport())
KEY: Credentials = {"key": "canary"}
VIDEO_URL = "https://scripted.example/made.mp4"


class SteadyIntervals(Intervals):
    """Five seconds between polls, ten for each fault in a row; keeps what it was asked and told."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, float]] = []
        self.ends: list[tuple[str, float]] = []
        self.watched: list[bool] = []
        self.backoffs: list[int] = []

    def ended(self, kind: str, seconds: float, *, watched: bool) -> None:
        self.ends.append((kind, seconds))
        self.watched.append(watched)

    def until_next_poll(self, kind: str, elapsed: float) -> float:
        self.asked.append((kind, elapsed))
        return 5.0

    def after_fault(self, faults_in_a_row: int, retry_after: float | None = None) -> float:
        self.backoffs.append(faults_in_a_row)
        return 10.0 * faults_in_a_row + (retry_after or 0.0)


class OneKey(JobKeys):
    """One key for all jobs; keeps what providers said against it."""

    def __init__(self) -> None:
        self.opened: Credentials | None = KEY
        self.against = ""
        self.is_new = False
        self.refusals: list[str] = []

    async def for_sending(self, job: Job) -> tuple[Job, str]:
        return replace(job, key_id=11), self.against

    async def is_replaced(self, job: Job) -> bool:  # noqa: ARG002
        return self.is_new

    async def failed(self, job: Job, reason: str) -> None:
        assert job.provider
        self.refusals.append(reason)

    async def http(self, job: Job) -> Http | None:  # noqa: ARG002
        return HTTP

    async def credentials(self, job: Job) -> Credentials | None:  # noqa: ARG002
        return self.opened


class NoInputs(Inputs):
    """Nothing to prepare or to measure, unless a test says what goes wrong."""

    def __init__(self) -> None:
        self.measures: list[tuple[str, Http]] = []
        self.fault: Exception | None = None

    async def measured(self, job: Job, stage: Stage, http: Http) -> Job:
        self.measures.append((stage.name, http))
        if self.fault:
            raise self.fault
        return replace(job, yields={**job.yields, "measured": "yes"})

    async def bring(self, job: Job, part: Part, provider: Provider, call: Submission) -> dict[str, str]:
        return {f"{part}_source": f"{job.code}/{provider.name}/{call.stage}"}


def named(name: str, kind: type[Scripted] = Scripted, *stages: str) -> Scripted:
    """A scripted provider of that name."""
    one = type(kind.__name__, (kind,), {"name": name, "label": name.title()})
    provider: Scripted = one(VIDEO_URL, stages or ("only",))
    provider._http = HTTP
    return provider


def staged(provider: Scripted, *stages: Stage) -> Scripted:
    """The same provider, with these stages."""
    (flow,) = provider.flows
    provider.flows = (replace(flow, stages=stages),)  # type: ignore[misc]
    return provider


class Held(Lease):
    """One that has no end, unless a test says when."""

    def __init__(self) -> None:
        self.can_end = True
        self.left = math.inf
        self.is_open = True

    @property
    def holds(self) -> bool:
        return self.left > 0.0

    def window(self) -> SendWindow:
        return SendWindow(self.left, lambda: self.is_open)


@dataclass
class Alone:
    """The steps that submit, find and poll, and what they stand on; the providers `first` and `second` are known."""

    first: Scripted = field(default_factory=lambda: named("first"))
    second: Scripted = field(default_factory=lambda: named("second"))
    clock: StillClock = field(default_factory=StillClock)
    intervals: SteadyIntervals = field(default_factory=SteadyIntervals)
    keys: OneKey = field(default_factory=OneKey)
    inputs: NoInputs = field(default_factory=NoInputs)
    gathered: list[tuple[str, Http | None]] = field(default_factory=list)
    lease: Held = field(default_factory=Held)

    def __post_init__(self) -> None:
        self.providers: dict[str, Provider] = {one.name: one for one in (self.first, self.second)}
        parts = (self.inputs, self.keys, self.providers, self.clock, self.intervals)
        self.submit = Submit(*parts, self._gather, self.lease)
        self.find = Find(self.submit, self.keys, self.providers, self.clock, self.intervals)
        self.poll = Poll(self.keys, self.providers, self.clock, self.intervals)

    async def _gather(self, job: Job, http: Http | None) -> None:
        self.gathered.append((job.code, http))


def job_in(state: State, *, stage: str = "only", section: int = 0, **values: Any) -> Job:
    """A job of the provider `first`, asked for at 1000, with time until 4600."""
    job = a_job(state)
    request = job.request.model_copy(update={"flow": "audio", "mode": "audio"})
    return replace(job, **{"provider": "first", "request": request, "position": Position(stage, section), **values})


def opened(job: Job, phase: Phase | None = None, *, faults: int = 0) -> OpenJob:
    """The job as the worker holds it."""
    return OpenJob(job, phase or phase_of(job), faults=faults)
