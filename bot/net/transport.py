"""How the bot reaches the outside: one HTTP client for everything, which only connects where it may.

httpx runs on aiohttp's transport: a tenth of the CPU per poll. Two things are decided here for everybody: requests
that spend money get a fresh connection (a reused one may have been closed at the other end, which would leave their
outcome unknown), and private addresses are refused at the moment of connecting, so that no name can be pointed at the
operator's own network.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from httpx_aiohttp import AiohttpTransport

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
KEEP_ALIVE_SECONDS = 75.0
GLOBAL = ipaddress.ip_network("2000::/3")  # the only part of IPv6 from which public addresses are given out
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # IPv4 addresses behind a translator (RFC 6052)
ANYCAST = (
    ipaddress.ip_network("192.0.0.0/24"),  # a router's own services (RFC 6890)
    ipaddress.ip_network("192.88.99.0/24"),  # the nearest relay to IPv6 (RFC 7526)
)
FRESH = "fresh_connection"  # request extension: never reuse a connection for this one


class _PublicResolver(AbstractResolver):
    """Resolves names to public addresses only, except for the hosts that the operator trusts."""

    def __init__(self, trusted: Collection[str]) -> None:
        self._trusted = trusted
        self._system = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._system.resolve(host, port, family)
        if is_trusted(host, port, self._trusted) or all(_is_public(answer["host"]) for answer in found):
            return found
        raise OSError(f"{host} is not a public address")

    async def close(self) -> None:
        await self._system.close()


def is_trusted(host: str, port: int | None, trusted: Collection[str]) -> bool:
    """Whether the operator listed this host, alone or with exactly this port."""
    return host in trusted or f"{host}:{port}" in trusted


def _is_public(address: str) -> bool:
    """Whether it is an address on the internet, and so is the IPv4 address inside it where it has one.

    The other forms that hold one (IPv4-compatible, IPv4-translated, NAT64 of one's own) lie outside of what is public.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast and not any(ip in network for network in ANYCAST)
    inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
    if ip in NAT64:
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return _is_public(str(inner)) if inner else ip in GLOBAL and ip.is_global


def _is_private_literal(host: str) -> bool:
    try:
        return not _is_public(host.strip("[]"))
    except ValueError:
        return False


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, trusted: Collection[str]) -> None:
        tls = ssl.create_default_context()

        def session(*, reuse: bool) -> AiohttpTransport:
            def build() -> aiohttp.ClientSession:
                connector = aiohttp.TCPConnector(
                    limit=0,
                    ssl=tls,
                    resolver=_PublicResolver(trusted),
                    force_close=not reuse,
                    keepalive_timeout=KEEP_ALIVE_SECONDS if reuse else None,
                )
                return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

            return AiohttpTransport(client=build)

        self._trusted = trusted
        self._pooled = session(reuse=True)
        self._fresh = session(reuse=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if not is_trusted(url.host, url.port, self._trusted):
            if url.scheme != "https":
                raise httpx.UnsupportedProtocol(f"{url.host} is not reached over https", request=request)
            if _is_private_literal(url.host):
                raise httpx.UnsupportedProtocol(f"{url.host} is not a public address", request=request)
        transport = self._fresh if request.extensions.get(FRESH) else self._pooled
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        await self._pooled.aclose()
        await self._fresh.aclose()


@asynccontextmanager
async def open_client(trusted: Collection[str] = ()) -> AsyncIterator[httpx.AsyncClient]:
    """The one HTTP client of the process. `trusted` hosts (`name` or `name:port`) may be private or plain http."""
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)
    headers = {"Accept-Encoding": "identity", "User-Agent": "Mouthpiece"}
    no_cookies = CookieJar(
        DefaultCookiePolicy(allowed_domains=())
    )  # those of one server's call would go with another's
    async with httpx.AsyncClient(
        transport=_Transport(trusted), timeout=timeout, headers=headers, cookies=no_cookies
    ) as client:
        yield client
