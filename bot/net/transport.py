"""How the bot reaches the outside: one transport for everything, which only connects where it may.

Requests and answers are httpx's, and leave on aiohttp's transport: a tenth of the CPU per poll. No client of httpx's
stands between, so there are no cookies, which would go from one server's call to another's, no redirects that are
followed, and nothing is taken from the environment. Two things are decided here for everybody: requests
that spend money get a fresh connection (a reused one may have been closed at the other end, which would leave their
outcome unknown), which is checked once more before they leave on it; and private addresses are refused at the moment of
connecting, so that no name can be pointed at the operator's own network. Requests that may reach a private host share
no connection with those that may not.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import cache, partial
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from aiohttp.resolver import ThreadedResolver
from httpx_aiohttp import AiohttpTransport

from bot.net.address import Address
from bot.net.faults import BadAddress, HeldBack
from bot.net.trust import Trust, is_private_literal, is_public

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
TIMEOUTS = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS).as_dict()
HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "Connection": "keep-alive", "User-Agent": "Mouthpiece"}
KEEP_ALIVE_SECONDS = 75.0
RESOLVING_AT_ONCE = 128  # names of strangers, each of which may take as long as the system's resolver is patient
BOTH = (False, True)
NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
FRESH = "fresh_connection"  # request extension: never reuse a connection for this one
PURPOSE = "purpose"  # request extension: the `Purpose` for which it may reach a private host


class _PublicResolver(AbstractResolver):
    """Resolves names to public addresses only, in threads of its own: whoever chooses a name may let its nameserver
    never answer, and in everybody's threads, files and Discord's own names would wait for that.
    """

    def __init__(self, threads: Executor) -> None:
        self._threads = threads

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        looking = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        found = [
            ResolveResult(hostname=host, host=str(at[0]), port=port, family=kind, proto=proto, flags=NUMERIC)
            for kind, _, proto, _, at in await asyncio.get_running_loop().run_in_executor(self._threads, looking)
        ]
        if all(is_public(answer["host"]) for answer in found):
            return found
        raise OSError(f"{host} is not a public address")

    async def close(self) -> None:
        """The threads are the transport's."""


class _WithoutReason(aiohttp.ClientResponse):
    """An answer without the words beside its status: httpx-aiohttp raises over those in another encoding."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        await super().start(connection)
        self.reason = None
        return self


def _always() -> bool:
    return True


_may_leave: ContextVar[Callable[[], bool]] = ContextVar("may_leave", default=_always)


@contextmanager
def leaving_while(is_open: Callable[[], bool]) -> Iterator[None]:
    """Let requests that spend money leave only while that is so; those of this task, and of tasks that it begins."""
    token = _may_leave.set(is_open)
    try:
        yield
    finally:
        _may_leave.reset(token)


class _FencedConnector(aiohttp.TCPConnector):
    """Gives out a connection only while requests may leave. `HeldBack` otherwise: connecting may have taken long."""

    async def connect(self, *given: Any, **named: Any) -> Connection:
        connection = await super().connect(*given, **named)
        if not _may_leave.get()():
            connection.close()
            raise HeldBack("it was too late to send it")
        return connection


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._threads = ThreadPoolExecutor(RESOLVING_AT_ONCE, "names")
        self._sessions = {(inside, fresh): self._session(inside, fresh) for inside in BOTH for fresh in BOTH}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        address = Address.of(request.url)
        inside = self._trust.opens(address, request.extensions.get(PURPOSE))
        if not inside and address.scheme != "https":
            raise BadAddress("it is not https")
        if not inside and is_private_literal(address.host):
            raise BadAddress("it is not public")
        session = self._sessions[inside, bool(request.extensions.get(FRESH))]
        return await session.handle_async_request(request)

    async def aclose(self) -> None:
        for session in self._sessions.values():
            await session.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _session(self, inside: bool, fresh: bool) -> AiohttpTransport:
        def build() -> aiohttp.ClientSession:
            connector = (_FencedConnector if fresh else aiohttp.TCPConnector)(
                limit=0,
                ssl=_tls(),
                resolver=ThreadedResolver() if inside else _PublicResolver(self._threads),
                force_close=fresh,
                keepalive_timeout=None if fresh else KEEP_ALIVE_SECONDS,
            )
            return aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), response_class=_WithoutReason
            )

        return AiohttpTransport(verify=_tls(), client=build)


@cache
def _tls() -> ssl.SSLContext:
    """Whom every client of the process trusts: reading the system's certificates takes 20 ms."""
    return ssl.create_default_context()


@asynccontextmanager
async def open_transport(
    private: Collection[str] = (), *, named: Collection[str] = (), discord: Collection[str] = ()
) -> AsyncIterator[httpx.AsyncBaseTransport]:
    """What every request of the process goes through; the hosts are those of `Trust`."""
    async with _Transport(Trust(private, named, discord)) as transport:
        yield transport
