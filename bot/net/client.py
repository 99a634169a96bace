"""One request to a provider, and what its failure proves about money.

Facts: a refused or failed connection never had an effect; once a request has left, only an answer tells.
httpx-aiohttp 0.2 calls a connection that broke *after* the request had left a `ConnectTimeout`, so the original
aiohttp error decides, not httpx's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Collection, Mapping
from contextlib import aclosing
from copy import copy
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import httpx

from bot.net.address import Address
from bot.net.download import Also, save
from bot.net.faults import BadAddress, ProviderError, ResultUnusable
from bot.net.reply import Answered, Reply, lost
from bot.net.transport import FRESH, HEADERS, PURPOSE, TIMEOUTS
from bot.net.trust import Purpose

MAX_JSON_BYTES = 1 << 20
MAX_REDIRECTS = 3
REDIRECTS = {301, 302, 303, 307, 308}
REQUEST_SECONDS = 180.0  # for one request with its answer, however slowly either drips
DOWNLOAD_SECONDS = 900.0
MOST_QUESTIONS = 20_000  # that are remembered, those that were asked last
_NEVER_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_TRANSPORT_FAULTS = (httpx.TransportError, httpx.StreamError, aiohttp.ClientError, TimeoutError, OSError)


T = TypeVar("T")


@dataclass(slots=True, repr=False)
class _Question:
    """A call that is made again and again, the digest of its last answer, and what that meant."""

    request: httpx.Request
    digest: bytes = b""
    meaning: Any = None


class Http:
    """Sends single requests over the shared transport. Raises faults of `bot.net.faults` only.

    `gateway_hosts` are the only ones that may be used where moderators type an address; empty means any public one.
    It reaches public addresses only; `at` and `at_gateway` give one that reaches the host of its purpose too.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, gateway_hosts: Collection[str] = ()) -> None:
        self._transport = transport
        self._gateway_hosts = gateway_hosts
        self._questions: dict[bytes, _Question] = {}
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
        if file is None:
            return (await self.send(self.prepared(method, url, headers=headers, body=body, paid=paid))).reply()
        with file[1].open("rb") as opened:
            form = {"files": {file[0]: opened}}
            return (await self.send(self._request(method, url, headers, paid=paid, **form))).reply()

    async def ask(
        self,
        method: str,
        url: str,
        read: Callable[[Reply], T],
        *,
        again: type[object],
        headers: Mapping[str, str],
        body: object = None,
    ) -> T:
        """What `read` makes of the answer, and of nothing else, to a call that costs nothing; faults as of `request`.
        Where that is of the type `again`, the call is made once more, and the same answer, to the byte, means the same.
        """
        name = sha256(f"{self.purpose} {method} {url} {headers} {body}".encode()).digest()
        known = self._questions.pop(name, None)
        question = known or _Question(self.prepared(method, url, headers=headers, body=body))
        answered = await self.send(question.request)
        if (digest := answered.digest) != question.digest:
            question.meaning, question.digest = read(answered.reply()), digest
        meaning: T = question.meaning
        if isinstance(meaning, again):
            self._questions[name] = question
            if len(self._questions) > MOST_QUESTIONS:
                del self._questions[next(iter(self._questions))]
        return meaning

    def prepared(
        self, method: str, url: str, *, headers: Mapping[str, str], body: object = None, paid: bool = False
    ) -> httpx.Request:
        """What `send` takes, more than once where the `body` doesn't come in chunks. `BadAddress` when nothing may be
        sent there.
        """
        sent = {"content": body} if isinstance(body, AsyncIterable) else {"json": body}
        return self._request(method, url, headers, paid=paid, **sent)

    async def send(self, request: httpx.Request) -> Answered:
        """The answer, as `request` has it."""
        try:
            async with (
                asyncio.timeout(REQUEST_SECONDS),
                aclosing(await self._transport.handle_async_request(request)) as response,
            ):
                return Answered(request, response, await _capped(response))
        except _TRANSPORT_FAULTS as fault:
            raise _judged(fault, paid=request.extensions[FRESH]) from None

    async def download(self, url: str, target: Path, *, most: int, also: Also = None) -> None:
        """Stream `url` to `target`, which appears only when it is complete. `most` in bytes; `also` gets it chunk by
        chunk in a thread, while it is written.

        `Gone` when the link is dead, `BadAddress` when it is none or may not be followed, `NotAccepted` when trying
        again may help, which is `Unwritable` when the disk is full, `ResultUnusable` when the file is not acceptable.
        """
        address = Address.parse(url)
        for _ in range(MAX_REDIRECTS + 1):
            request = self._request("GET", str(address), {})
            try:
                async with (
                    asyncio.timeout(DOWNLOAD_SECONDS),
                    aclosing(await self._transport.handle_async_request(request)) as response,
                ):
                    location = response.headers.get("location", "")
                    if response.status_code not in REDIRECTS or not location:
                        await save(response, target, most, also)
                        return
                    address = address.joined(location)
            except _TRANSPORT_FAULTS as fault:
                raise _judged(fault, paid=False) from None
        raise ResultUnusable("too many redirects")

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], *, paid: bool = False, **sent: Any
    ) -> httpx.Request:
        extensions = {FRESH: paid, PURPOSE: self.purpose, "timeout": TIMEOUTS}
        address = str(Address.parse(url))
        return httpx.Request(method, address, headers={**HEADERS, **headers}, extensions=extensions, **sent)


def _judged(fault: Exception, *, paid: bool) -> ProviderError:
    if isinstance(fault, httpx.UnsupportedProtocol):
        return BadAddress("it is no web address")
    # Only the kind of error is told on: its text may hold a signed address.
    cause = fault.__cause__ or fault
    never_left = isinstance(cause, _NEVER_CONNECTED) or isinstance(fault, httpx.PoolTimeout)
    return lost(type(cause).__name__, paid=paid and not never_left)


async def _capped(response: httpx.Response) -> bytes:
    raw = bytearray()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for chunk in response.stream:
        raw += chunk
        if len(raw) > MAX_JSON_BYTES:
            raise httpx.ReadError("answer too large")
    return bytes(raw)
