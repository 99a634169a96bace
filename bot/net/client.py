"""One request to a provider, and what its failure proves about money.

Facts: a refused or failed connection never had an effect; once a request has left, only an answer tells.
httpx-aiohttp 0.2 calls a connection that broke *after* the request had left a `ConnectTimeout`, so the original
aiohttp error decides, not httpx's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterable, Collection, Mapping
from contextlib import AsyncExitStack
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any, NoReturn

import aiohttp
import httpx

from bot.net.address import Address
from bot.net.download import Also, save
from bot.net.faults import (
    BadAddress,
    BadKey,
    Gone,
    InputRejected,
    NotAccepted,
    OutOfCredit,
    ProviderError,
    RateLimited,
    ResultUnusable,
    UnknownOutcome,
)
from bot.net.lenient import cleaned, retry_after
from bot.net.transport import FRESH, LOCATION, PURPOSE
from bot.net.trust import Purpose

MAX_JSON_BYTES = 1 << 20
MOST_PARTS = 10_000  # of JSON; to go through many more would hold up everybody else's calls
MAX_REDIRECTS = 3
REDIRECTS = {301, 302, 303, 307, 308}
REQUEST_SECONDS = 180.0  # for one request with its answer, however slowly either drips
DOWNLOAD_SECONDS = 900.0
_NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_TRANSPORT_FAULTS = (httpx.TransportError, httpx.StreamError, aiohttp.ClientError, TimeoutError, OSError)


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


def lost(detail: str, *, paid: bool) -> NotAccepted | UnknownOutcome:
    """The fault of a request whose effect can't be known: harmless to repeat only when it cost nothing."""
    return UnknownOutcome(detail) if paid else NotAccepted(detail)


class Http:
    """Sends single requests over the shared client. Raises faults of `bot.net.faults` only.

    `gateway_hosts` are the only ones that may be used where moderators type an address; empty means any public one.
    It reaches public addresses only; `at` and `at_gateway` give one that reaches the host of its purpose too.
    """

    def __init__(self, client: httpx.AsyncClient, gateway_hosts: Collection[str] = ()) -> None:
        self._client = client
        self._gateway_hosts = gateway_hosts
        self.purpose: Purpose | None = None

    def at(self, named: str) -> Http:
        """The same, for the purpose for which the operator named this address. `BadAddress` when it is none."""
        address = Address.parse(named)
        return self._for(Purpose(address.host, address.authority))

    def at_gateway(self, typed: Address) -> Http:
        """The same, for the gateway that a moderator typed. `BadAddress` unless the operator allows it."""
        if not self._gateway_hosts:
            return self._for(None)
        if typed.authority in self._gateway_hosts:
            return self._for(Purpose(typed.host, typed.authority))
        if typed.host in self._gateway_hosts:
            return self._for(Purpose(typed.host))
        allowed = ", ".join(sorted(self._gateway_hosts))
        raise BadAddress(f"whoever runs this bot allows only these gateways: {allowed}")

    def _for(self, purpose: Purpose | None) -> Http:
        other = copy(self)
        other.purpose = purpose
        return other

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: object = None,
        file: tuple[str, Path] | None = None,
        paid: bool = False,
    ) -> Reply:
        """The JSON answer, whatever its status. `NotAccepted` or `UnknownOutcome` when there is none, `BadAddress` when
        nothing may be sent there.

        `body` is sent as JSON, or as it is when it comes in chunks; `file` (field and path) as a form.
        """
        address, extensions = Address.parse(url), {FRESH: paid, PURPOSE: self.purpose}
        try:
            async with asyncio.timeout(REQUEST_SECONDS), AsyncExitStack() as stack:
                sent: dict[str, Any] = {"content": body} if isinstance(body, AsyncIterable) else {"json": body}
                if file:
                    sent = {"files": {file[0]: stack.enter_context(file[1].open("rb"))}}
                asking = self._client.stream(method, str(address), headers=dict(headers), extensions=extensions, **sent)
                response = await stack.enter_async_context(asking)
                raw = await _capped(response)
        except _TRANSPORT_FAULTS as fault:
            raise _judged(fault, paid=paid) from None
        reply = Reply(response.status_code, None, retry_after(response.headers.get("retry-after", ""), time()), paid)
        key = headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            return Reply(reply.status, cleaned(_parsed(raw), key), reply.retry_after, paid)
        except (ValueError, RecursionError):
            reply.raise_by_status("without JSON")
            reply.unusable("the answer is not JSON")

    async def download(self, url: str, target: Path, *, most: int, also: Also = None) -> None:
        """Stream `url` to `target`, which appears only when it is complete. `most` in bytes; `also` gets every piece
        of it, in a thread.

        `Gone` when the link is dead, `BadAddress` when it is none or may not be followed, `NotAccepted` when trying
        again may help, which is `Unwritable` when the disk is full, `ResultUnusable` when the file is not acceptable.
        """
        address, extensions = Address.parse(url), {PURPOSE: self.purpose}
        for _ in range(MAX_REDIRECTS + 1):
            try:
                async with (
                    asyncio.timeout(DOWNLOAD_SECONDS),
                    self._client.stream("GET", str(address), extensions=extensions) as response,
                ):
                    location = response.extensions.get(LOCATION, "")
                    if response.status_code not in REDIRECTS or not location:
                        await save(response, target, most, also)
                        return
                    address = address.joined(location)
            except _TRANSPORT_FAULTS as fault:
                raise _judged(fault, paid=False) from None
        raise ResultUnusable("too many redirects")


def _judged(fault: Exception, *, paid: bool) -> ProviderError:
    if isinstance(fault, httpx.UnsupportedProtocol):
        return BadAddress("it is no web address")
    # Only the kind of error is told on: its text may hold a signed address.
    cause = fault.__cause__ or fault
    never_left = isinstance(cause, _NEVER_CONNECTED) or isinstance(fault, httpx.PoolTimeout)
    return lost(type(cause).__name__, paid=paid and not never_left)


def _parsed(raw: bytes) -> Any:
    """The answer's JSON. A `ValueError` when it is none, or has too many parts."""
    if sum(map(raw.count, (b",", b"[", b"{"))) > MOST_PARTS:
        raise ValueError("more parts than any answer has")
    return json.loads(raw)


async def _capped(response: httpx.Response) -> bytes:
    raw = bytearray()
    async for chunk in response.aiter_raw():
        raw += chunk
        if len(raw) > MAX_JSON_BYTES:
            raise httpx.ReadError("answer too large")
    return bytes(raw)
