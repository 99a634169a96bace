"""What Runware's answers mean: errors by the family of their code, and how tasks are doing.

Documents: Runware's pages "Errors" and "Task polling". HTTP 200 can carry errors, an answer can hold some tasks' data
and other tasks' errors, and a failed task is told of either way.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from bot.net.faults import (
    BadKey,
    ContentRefused,
    Gone,
    InputRejected,
    NotAccepted,
    OutOfCredit,
    ProviderError,
    RateLimited,
    UnknownOutcome,
)
from bot.net.lenient import text_of, usd
from bot.net.reply import Reply, lost
from bot.providers.base import MISSING, Answer, Done, Failed, Waiting

Task = dict[str, Any]


class AllWaiting(dict[str, Answer]):
    """What is told of tasks none of which has ended."""


# The vendor calls its codes unstable and tells families by parts of their names; the first that fits. `ProviderError`,
# and a code that fits none, is a trouble of Runware's or of those behind it, and proves nothing.
FAMILIES: tuple[tuple[str, type[ProviderError]], ...] = (
    ("credits|quota|balance(?!r)|paymentrequired|environmentpaused", OutOfCredit),
    ("ratelimit", RateLimited),
    ("policyviolation|sensitive|unsafe|nsfw|moderation|(prompt|image)blocked|invalidprovidercontent", ContentRefused),
    ("apikey|^(unauthori[sz]ed|forbidden|auth|token|permissiond|insufficientp|(missing|invalid)(auth|cred))", BadKey),
    ("^(account|organization|workspace)(suspended|disabled)", BadKey),
    ("timeout", ProviderError),
    ("notfound$|expired$|^taskcancelled|^unknownmodel", Gone),
    ("^provider", ProviderError),
    ("^(invalid|missing|duplicate|unsupported|unknownp|incompatible|mismatch|value|array|max)", InputRejected),
    ("conflict|validation", InputRejected),
)
WAITING = {"", "processing", "pending", "queued", "scheduled", "waiting"}
TELLING = {401, 402, 403, 429}  # statuses that say enough where the code doesn't


def items(reply: Reply) -> list[Task]:
    """What is said of tasks that have not failed."""
    return [item for item in _listed(reply, "data") if not _failed(item)]


def errors(reply: Reply) -> list[Task]:
    """All errors, those inside failed tasks' items too, each with the UUID of its task where it has one."""
    nested = [(item, item.get("error")) for item in _listed(reply, "data") if _failed(item)]
    inside = [{**item, **(error if isinstance(error, dict) else {"message": error})} for item, error in nested]
    return _listed(reply, "errors") + inside


def repeated(error: Task, handle: str) -> bool:
    """Whether the task was refused because it had been accepted before."""
    named = f"{error.get('code')} {error.get('parameter')}".lower()
    ours = error.get("taskUUID") is None or str(error.get("taskUUID")).lower() == handle
    return ours and "task" in named and ("conflict" in named or "duplicate" in named)


def check(reply: Reply) -> None:
    """Raise what the answer's first error, or else its status, proves."""
    for error in errors(reply):
        fault = _fault(error, reply)
        if type(fault) in {UnknownOutcome, NotAccepted} and reply.status in TELLING:
            reply.raise_by_status(fault.detail)
        raise fault
    reply.raise_by_status()
    data = reply.body.get("data") if isinstance(reply.body, dict) else None
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        reply.unusable("the answer has no data")


def told_of(remotes: Collection[str], reply: Reply) -> dict[str, Answer]:
    """What is told of each task, by its UUID; those about which nothing is said are left out. Raises what the answer
    proves where it says nothing of these.
    """
    told = answers(reply)
    if told.keys().isdisjoint(remotes):
        check(reply)
    return AllWaiting(told) if all(isinstance(answer, Waiting) for answer in told.values()) else told


def answers(reply: Reply) -> dict[str, Answer]:
    """What is told of each task, by its UUID."""
    told: dict[str, Answer] = {str(error.get("taskUUID")): _ended(error, reply) for error in errors(reply)}
    for item in items(reply):
        answer, remote = _outcome(item), str(item.get("taskUUID"))
        if isinstance(answer, Done) or remote not in told:
            told[remote] = answer
    return told


def _listed(reply: Reply, name: str) -> list[Task]:
    found = reply.body.get(name) if isinstance(reply.body, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _failed(item: Task) -> bool:
    return str(item.get("status")).lower() == "error"


def _fault(error: Task, reply: Reply) -> ProviderError:
    code = str(error.get("code") or "")
    detail = f"{code} {error.get('message') or ''}".strip()
    kind = next((kind for names, kind in FAMILIES if re.search(names, code, re.IGNORECASE)), ProviderError)
    if kind is RateLimited:
        return RateLimited(detail, reply.retry_after)
    return lost(detail, paid=reply.paid) if kind is ProviderError else kind(detail)


def _ended(error: Task, reply: Reply) -> Failed | ProviderError:
    """What an error that names a task means: the task failed, or it couldn't be asked about."""
    fault = _fault(error, reply)
    if reply.status >= 500 or error.get("taskType") == "getResponse" or isinstance(fault, BadKey | RateLimited | Gone):
        return fault
    told_apart = isinstance(fault, ContentRefused | InputRejected | OutOfCredit)
    return Failed(fault.code if told_apart else "provider_failed", fault.detail, usd(error.get("cost")))


def _outcome(item: Task) -> Waiting | Done | Failed:
    """How a task is doing: one with a result is done, whatever its status says."""
    cost = usd(item.get("cost"))
    if video := text_of(item.get("videoURL")):
        return Done({"video_url": video}, cost)
    if sound := text_of(item.get("audioURL")):
        return Done({"audio_url": sound}, cost)
    if str(item.get("status")).lower() == "success":
        return Failed(MISSING, "no speech" if item.get("taskType") == "audioInference" else "no video", cost)
    word = str(item.get("status") or "").lower()
    return Waiting(progress=_share(item.get("progress")), word="" if word in WAITING else word)


def _share(progress: object) -> float | None:
    """Progress from 0 to 1. It is documented as a whole number of percent; a part of one is taken too."""
    if isinstance(progress, bool) or not isinstance(progress, int | float):
        return None
    percent = isinstance(progress, int) or progress > 1
    return min(100, max(0, progress)) / 100 if percent else max(0.0, progress)
