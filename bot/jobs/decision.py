"""What a step of a job answers. The runner alone carries it out: it writes the row, shows the job, and says when the
next step is due.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bot.domain.results import Sent
from bot.jobs.open_job import Phase
from storage.jobs.job import State


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing happened that must be stored; the next step is in `seconds`. `fault`: something went wrong that may be
    tried again; None where that is still open.
    """

    seconds: float
    fault: bool | None = False


@dataclass(frozen=True, slots=True)
class Advance:
    """The job moves to the state `to`, with `changes` to its row; the next step is in `then` seconds.

    `note` goes to its history, `by` is the person who moved it. `phase` is what is known beside the row from now on; a
    new one begins where it is None. `at_once`: the next step belongs to this one, and is taken before anything else.
    `fault` as in `Wait`.
    """

    to: State
    changes: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    by: int | None = None
    then: float = 0.0
    phase: Phase | None = None
    at_once: bool = False
    fault: bool = False


@dataclass(frozen=True, slots=True)
class Amend:
    """The row changes and the job stays in its state. With a `kind`, moderators are told in the log."""

    changes: Mapping[str, Any]
    kind: str = ""
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """The job is over: its outcome is posted as `sent`, or can be posted nowhere (None). Its card is to show that."""

    sent: Sent | None
    at_once: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Leave:
    """Nothing is left to do for a closed job; with `card_due`, nothing before the next start, which shows on its card
    how it ended.
    """

    card_due: bool = False


Decision = Wait | Advance | Amend | Close | Leave
