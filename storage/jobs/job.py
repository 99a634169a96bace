"""What a job is: its row, its code, and the one table of legal moves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Literal

from storage.engine.database import Row

State = Literal["held", "queued", "submitting", "running", "succeeded", "failed", "cancelled", "unknown"]

# held: waits for a moderator's yes; nothing is counted or sent · queued: the next stage waits to be sent
# submitting: its request may be under way · running: the provider has it
# The four others are outcomes; the job stays open until its outcome has been posted.
TRANSITIONS: Mapping[State, frozenset[State]] = {
    "held": frozenset({"queued", "failed", "cancelled"}),
    "queued": frozenset({"submitting", "failed", "cancelled"}),
    "submitting": frozenset({"running", "queued", "succeeded", "failed", "unknown"}),
    "running": frozenset({"queued", "succeeded", "failed", "cancelled", "unknown"}),
    "succeeded": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
    "unknown": frozenset(),
}
OUTCOMES = frozenset(state for state, onward in TRANSITIONS.items() if not onward)

_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U: easy to read aloud
_CODE_SPAN = 32**5
_CODE_FACTOR = 20_930_411  # odd, so that codes are unique; large, so that neighbours look different
_CODE_FACTOR_INVERSE: int = pow(_CODE_FACTOR, -1, _CODE_SPAN)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What is known of a job when it is asked for. `request` and `fallbacks` as in `Job`."""

    guild_id: int
    interaction_id: int
    member_id: int
    role_ids: frozenset[int] = frozenset()
    channel_id: int
    parent_id: int | None = None
    provider: str
    request: str = field(repr=False)
    fallbacks: str = field(repr=False, default="[]")
    stage: str
    key_id: int | None = None
    yields: Mapping[str, str] = field(repr=False, default_factory=dict)
    milliseconds: int = 0
    micros: int = 0
    video_digest: str | None = None
    audio_digest: str | None = None
    created_at: float
    deadline_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row of `jobs`, as it was read. Moments are seconds since 1970; `request` is JSON, and `fallbacks` a
    JSON list of what else may be tried. `restored`: it was open in a backup on which the bot was started. Its whole
    video can be fetched until `kept_until`, if that is set. `parent_id` is the channel of the public thread in which it
    was asked for.

    Its `milliseconds` and `micros` (millionths of a US dollar) count against limits from `counted_at` on, and not while
    that is None.
    """

    id: int
    guild_id: int
    interaction_id: int
    member_id: int
    provider: str
    request: str = field(repr=False)
    fallbacks: str = field(repr=False)
    key_id: int | None
    created_at: float
    deadline_at: float
    channel_id: int
    card_id: int | None
    thread_id: int | None
    state: State
    stage: str
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

    @property
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


def code_of(job_id: int) -> str:
    """What people call the job of that id."""
    number = job_id * _CODE_FACTOR % _CODE_SPAN
    digits = [_CODE_ALPHABET[number // 32**place % 32] for place in reversed(range(5))]
    return "LS-" + "".join(digits)


def id_of(code: str) -> int | None:
    """The id of the job that people call that; None where it is no code."""
    digits = [_CODE_ALPHABET.find(digit) for digit in code.removeprefix("LS-")]
    if not code.startswith("LS-") or len(digits) != 5 or min(digits) < 0:
        return None
    number = sum(digit << (5 * place) for place, digit in enumerate(reversed(digits)))
    return number * _CODE_FACTOR_INVERSE % _CODE_SPAN


def read_job(row: Row) -> Job:
    """The job in a row of `jobs`."""
    values: dict[str, Any] = dict(row)
    values["yields"] = json.loads(values["yields"])
    values["role_ids"] = frozenset(json.loads(values["role_ids"]))
    values["restored"] = bool(values["restored"])
    values["cost_usd"] = None if values["cost_usd"] is None else Decimal(values["cost_usd"])
    return Job(**values)


def columns(job: Job | NewJob) -> dict[str, object]:
    """The job as values for its row."""
    values = asdict(job)
    values["role_ids"] = json.dumps(sorted(job.role_ids))
    values["yields"] = json.dumps(values["yields"])
    if isinstance(job, Job):
        values["cost_usd"] = None if job.cost_usd is None else str(job.cost_usd)
    return values
