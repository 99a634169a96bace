"""How the bot reaches the outside: one HTTP client for everything, which only connects where it may.

httpx runs on aiohttp's transport: a tenth of the CPU per poll. Two things are decided here for everybody: requests
that spend money get a fresh connection (a reused one may have been closed at the other end, which would leave their
outcome unknown), and private addresses are refused at the moment of connecting, so that no name can be pointed at the
operator's own network. Requests that may reach a private host share no connection with those that may not.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from aiohttp.resolver import ThreadedResolver
from httpx_aiohttp import AiohttpTransport

from bot.net.address import Address
from bot.net.faults import BadAddress
from bot.net.trust import Trust, is_private_literal, is_public

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
KEEP_ALIVE_SECONDS = 75.0
BOTH = (False, True)
FRESH = "fresh_connection"  # request extension: never reuse a connection for this one
LOCATION = "location"  # response extension: where an answer redirects to
PURPOSE = "purpose"  # request extension: the `Purpose` for which it may reach a private host


class _PublicResolver(AbstractResolver):
    """Resolves names to public addresses only."""

    def __init__(self) -> None:
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._system.resolve(host, port, family)
        if all(is_public(answer["host"]) for answer in found):
            return found
        raise OSError(f"{host} is not a public address")

    async def close(self) -> None:
        await self._system.close()


class _WithoutReason(aiohttp.ClientResponse):
    """An answer without the words beside its status: httpx-aiohttp raises over those in another encoding."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        await super().start(connection)
        self.reason = None
        return self


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._sessions = {(inside, fresh): _session(_tls(), inside, fresh) for inside in BOTH for fresh in BOTH}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        address = Address.of(request.url)
        inside = self._trust.opens(address, request.extensions.get(PURPOSE))
        if not inside and address.scheme != "https":
            raise BadAddress("it is not https")
        if not inside and is_private_literal(address.host):
            raise BadAddress("it is not public")
        session = self._sessions[inside, bool(request.extensions.get(FRESH))]
        response = await session.handle_async_request(request)
        if LOCATION in response.headers:  # httpx would read it, and break over an address that is none
            response.extensions[LOCATION] = response.headers.pop(LOCATION)
        return response

    async def aclose(self) -> None:
        for session in self._sessions.values():
            await session.aclose()


@cache
def _tls() -> ssl.SSLContext:
    """Whom every client of the process trusts: reading the system's certificates takes 20 ms."""
    return ssl.create_default_context()


def _session(tls: ssl.SSLContext, inside: bool, fresh: bool) -> AiohttpTransport:
    def build() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0,
            ssl=tls,
            resolver=ThreadedResolver() if inside else _PublicResolver(),
            force_close=fresh,
            keepalive_timeout=None if fresh else KEEP_ALIVE_SECONDS,
        )
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), response_class=_WithoutReason
        )

    return AiohttpTransport(verify=tls, client=build)


@asynccontextmanager
async def open_client(
    private: Collection[str] = (), *, named: Collection[str] = (), discord: Collection[str] = ()
) -> AsyncIterator[httpx.AsyncClient]:
    """The one HTTP client of the process; the hosts are those of `Trust`."""
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)
    headers = {"Accept-Encoding": "identity", "User-Agent": "Mouthpiece"}
    transport = _Transport(Trust(private, named, discord))
    no_cookies = CookieJar(
        DefaultCookiePolicy(allowed_domains=())
    )  # those of one server's call would go with another's
    async with httpx.AsyncClient(transport=transport, timeout=timeout, headers=headers, cookies=no_cookies) as client:
        yield client
