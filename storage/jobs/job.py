"""What a job is, and the one table of legal moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Generic, Literal, NamedTuple, TypeVar

from storage.jobs.job_code import code_of
from storage.servers.quota import Claim

State = Literal["held", "queued", "submitting", "running", "succeeded", "failed", "cancelled", "unknown"]

Charge = Literal["free", "paid", "unclear"]  # whether the provider charges for it, as far as that is known

# held: waits for a moderator's yes; nothing is counted or sent · queued: the next stage waits to be sent
#   (unknown at once when what an earlier stage has made can't be had)
# submitting: its request may be under way · running: the provider has it
# The four others are outcomes; the job stays open until its outcome has been posted.
TRANSITIONS: Mapping[State, frozenset[State]] = {
    "held": frozenset({"queued", "failed", "cancelled"}),
    "queued": frozenset({"submitting", "failed", "cancelled", "unknown"}),
    "submitting": frozenset({"running", "queued", "succeeded", "failed", "unknown"}),
    "running": frozenset({"queued", "succeeded", "failed", "cancelled", "unknown"}),
    "succeeded": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
    "unknown": frozenset(),
}
OUTCOMES = frozenset(state for state, onward in TRANSITIONS.items() if not onward)

SAFE_FILE_BYTES = 10 * 2**20 - 64 * 2**10  # of a file that can be posted anywhere, with room for the rest of its post

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a job is in its flow: the stage, by the provider's name for it, and which section of a text that is made in
    several ones (from 1; 0 for everything else). In the row, the third section's stage is `3:lipsync`.
    """

    stage: str
    section: int = 0

    def __str__(self) -> str:
        return f"{self.section}:{self.stage}" if self.section else self.stage

    @classmethod
    def read(cls, text: str) -> Position:
        """Read a position as a row has it; a `ValueError` when it is none."""
        section, _, stage = text.rpartition(":")
        return cls(stage, int(section or 0))


@dataclass(frozen=True)  # no slots: they can't be made through an alias such as `Job[Request]`
class Fallback(Generic[R]):
    """What else may be tried: another provider, and the request in its form."""

    provider: str
    request: R


@dataclass(frozen=True, kw_only=True)
class NewJob(Generic[R]):
    """What is known of a job when it is asked for."""

    guild_id: int
    interaction_id: int
    member_id: int
    role_ids: frozenset[int] = frozenset()
    channel_id: int
    parent_id: int | None = None
    opens_thread: bool = True
    file_bytes: int = SAFE_FILE_BYTES
    provider: str
    request: R = field(repr=False)
    fallbacks: tuple[Fallback[R], ...] = field(repr=False, default=())
    position: Position
    key_id: int | None = None
    yields: Mapping[str, str] = field(repr=False, default_factory=dict)
    milliseconds: int = 0
    micros: int = 0
    video_digest: str | None = None
    audio_digest: str | None = None
    created_at: float
    deadline_at: float


@dataclass(frozen=True, kw_only=True)
class Job(Generic[R]):
    """One row of `jobs`, as it was read. Moments are seconds since 1970. `restored`: the job was open in a backup on
    which the bot was started. Its whole video can be fetched until `kept_until`, if that is set. `parent_id` is the
    channel of the public thread in which it was asked for; `opens_thread` says whether a thread can be opened on a
    message where it was asked for, and `file_bytes` is the largest file that the bot can post there. `card_due`: it is
    closed, and its card doesn't show that yet.

    Its `milliseconds` and `micros` (millionths of a US dollar) count against limits from `counted_at` on, and not while
    that is None. `micros` are what was reserved when it was asked for, and what it cost, or should have cost, from its
    end on. `spent_micros` are what it cost, None where that isn't known; `charge` says whether it cost anything. Both
    are None while it is under way. `cost_usd` is the sum of what the provider has named; with `has_unnamed_costs`, it
    has done stages for which it named nothing.

    `owner` is the life of a process that works on it, None for nobody. The request that was announced by `submitting`
    leaves before `send_before`, or not at all; None where whoever may send it is known to be alive or gone.
    `for_media`: what comes next may take a video's edit. `moved_at`: when this process has moved it, None where another
    one did; no column holds it.
    """

    id: int
    guild_id: int
    interaction_id: int
    member_id: int
    provider: str
    request: R = field(repr=False)
    fallbacks: tuple[Fallback[R], ...] = field(repr=False)
    key_id: int | None
    created_at: float
    deadline_at: float
    channel_id: int
    card_id: int | None
    thread_id: int | None
    state: State
    position: Position
    handle: str | None
    remote: str | None
    submitted_at: float | None
    yields: Mapping[str, str] = field(repr=False)
    failure: str | None
    detail: str | None
    cost_usd: Decimal | None
    counted_at: float | None
    milliseconds: int
    micros: int
    ended_at: float | None
    delivering_at: float | None
    reply_id: int | None
    closed_at: float | None
    refunded_at: float | None = None
    role_ids: frozenset[int] = frozenset()
    settled_at: float | None = None
    video_digest: str | None = field(default=None, repr=False)
    audio_digest: str | None = field(default=None, repr=False)
    forgotten_at: float | None = None
    restored: bool = False
    kept_until: float | None = None
    reply_channel_id: int | None = None
    parent_id: int | None = None
    opens_thread: bool = True
    file_bytes: int = SAFE_FILE_BYTES
    spent_micros: int | None = None
    card_due: bool = False
    charge: Charge | None = None
    has_unnamed_costs: bool = False
    owner: int | None = None
    send_before: float | None = None
    for_media: bool = False
    moved_at: float | None = field(default=None, repr=False, compare=False)

    @cached_property
    def code(self) -> str:
        """What people call this job, such as `LS-7K3QM`."""
        return code_of(self.id)

    @property
    def has_video(self) -> bool:
        """Whether it has ended with its whole video, which is posted or on its way."""
        return self.state == "succeeded" and not self.failure

    @property
    def told_since(self) -> float:
        """Since when its outcome may have been posted: in a life that a backup doesn't know, at any time."""
        return self.created_at if self.restored or self.ended_at is None else self.ended_at

    @property
    def home_id(self) -> int:
        """The channel or thread in which everything about this job is posted."""
        return self.thread_id or self.channel_id


class Holding(NamedTuple):
    """What decides whether the files of a job are still needed."""

    job_id: int
    closed_at: float | None
    kept_until: float | None


def claim_of(job: NewJob[R] | Job[R], *, active: int = 0) -> Claim:
    """What the job is to be counted for; `active` is 1 when it is yet to be accepted."""
    return Claim(job.guild_id, job.member_id, job.role_ids, active, 1, job.milliseconds, job.micros)
