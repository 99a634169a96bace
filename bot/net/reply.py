"""A provider's answer: what its status and its JSON say, and what it proves about money."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import Any, NoReturn

import httpx

from bot.net.faults import BadKey, Gone, InputRejected, NotAccepted, OutOfCredit, RateLimited, UnknownOutcome
from bot.net.lenient import cleaned, retry_after
from bot.net.transport import FRESH

MOST_PARTS = 10_000  # of JSON; to go through many more would hold up everybody else's calls


@dataclass(frozen=True, slots=True)
class Reply:
    """A provider's answer. `body` is the parsed JSON; `paid` says whether the request could spend money."""

    status: int
    body: Any
    retry_after: float | None
    paid: bool

    def raise_by_status(self, detail: str = "") -> None:
        """Raise what the HTTP status alone proves; return on 2xx. Adapters look at the body first, then call this."""
        if self.status < 300:
            return
        detail = f"HTTP {self.status} {detail}".strip()
        if self.status == 429:
            raise RateLimited(detail, self.retry_after)
        if self.status >= 500 or self.status in {408, 409, 425} or self.status < 400:
            raise lost(detail, paid=self.paid)
        raise {401: BadKey, 402: OutOfCredit, 403: BadKey, 404: Gone, 410: Gone}.get(self.status, InputRejected)(detail)

    def unusable(self, detail: str) -> NoReturn:
        """Raise for a 2xx answer that doesn't say what it should."""
        raise lost(detail, paid=self.paid)


@dataclass(frozen=True, slots=True, repr=False)
class Answered:
    """A provider's answer to `request` as it came."""

    request: httpx.Request
    response: httpx.Response
    raw: bytes

    @property
    def digest(self) -> bytes:
        """The same for two answers that say the same."""
        return sha256(b"%d " % self.response.status_code + self.raw).digest()

    def reply(self) -> Reply:
        """The JSON in it. `NotAccepted` or `UnknownOutcome` where there is none, unless the status says more."""
        status, paid = self.response.status_code, bool(self.request.extensions[FRESH])
        wait = retry_after(self.response.headers.get("retry-after", ""), time())
        key = self.request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            return Reply(status, cleaned(_parsed(self.raw), key), wait, paid)
        except (ValueError, RecursionError):
            reply = Reply(status, None, wait, paid)
            reply.raise_by_status("without JSON")
            reply.unusable("the answer is not JSON")


def lost(detail: str, *, paid: bool) -> NotAccepted | UnknownOutcome:
    """The fault of a request whose effect can't be known: harmless to repeat only when it cost nothing."""
    return UnknownOutcome(detail) if paid else NotAccepted(detail)


def _parsed(raw: bytes) -> Any:
    """The answer's JSON. A `ValueError` when it is none, or has too many parts."""
    if sum(map(raw.count, (b",", b"[", b"{"))) > MOST_PARTS:
        raise ValueError("more parts than any answer has")
    return json.loads(raw)
