"""Web addresses from outside: read once, and so strictly that nothing behind this reads one otherwise."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from functools import lru_cache

import httpx
import idna

from bot.net.faults import BadAddress

MOST_CHARS = 8192  # signed ones are long
PORTS = {"https": 443, "http": 80}
# What a host raises that IDNA doesn't know; from Python 3.13 on, its numbers can be too large for Python's own decoder.
NOT_A_NAME = (ValueError, OverflowError)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # what ends a host that some read as an IPv4 address


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request goes: http or https, and nobody's name or password in it.

    `host` is as it stands in an address: in small letters and ASCII, an IPv6 address in its brackets. `target` is path
    and query; a signature may be in it, so it is not shown.
    """

    scheme: str
    host: str
    port: int
    target: str = field(default="/", repr=False)

    @classmethod
    def parse(cls, text: object) -> Address:
        """Read an address. `BadAddress` for everything that isn't one."""
        if not isinstance(text, str) or len(text) > MOST_CHARS or not text.isprintable():
            raise BadAddress("it is no web address")
        try:
            return cls.of(httpx.URL(text))
        except (httpx.InvalidURL, *NOT_A_NAME):
            raise BadAddress("it is no web address") from None

    @classmethod
    def of(cls, url: httpx.URL) -> Address:
        """Take an address that httpx could read. `BadAddress` or a `ValueError` where it is none for us."""
        if url.scheme not in PORTS or url.userinfo:
            raise BadAddress("it is no web address")
        host, port = _host(url.raw_host.decode("ascii")), PORTS[url.scheme] if url.port is None else url.port
        if not 0 < port < 2**16:
            raise BadAddress("it is no web address")
        return cls(url.scheme, host, port, url.raw_path.decode("ascii") or "/")

    @property
    def authority(self) -> str:
        """The host with its port, always."""
        return f"{self.host}:{self.port}"

    @property
    def path(self) -> str:
        """What stands between the port and the query."""
        return self.target.partition("?")[0]

    def joined(self, location: str) -> Address:
        """Where a redirect leads that was given by this address. `BadAddress` when that is none."""
        try:
            return Address.parse(str(httpx.URL(str(self)).join(location)))
        except (httpx.InvalidURL, *NOT_A_NAME):
            raise BadAddress("it is no web address") from None

    def __str__(self) -> str:
        place = self.host if self.port == PORTS[self.scheme] else self.authority
        return f"{self.scheme}://{place}{self.target}"


@lru_cache(1024)
def _host(host: str) -> str:
    """The host as an address has it; a `ValueError` when it is none."""
    if ":" in host:
        if "%" in host:
            raise ValueError("a network card's name in an address")
        return f"[{ipaddress.IPv6Address(host)}]"
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return str(ipaddress.IPv4Address(host))
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("a host that is none")
    if any(label.startswith("xn--") for label in labels):
        idna.decode(host)
    return host


def kept(text: str) -> str:
    """The address as it was given, for a row; empty where it is none that could ever be used."""
    try:
        Address.parse(text)
    except BadAddress:
        return ""
    return text


def host_entry(text: str) -> str:
    """Read a host that an operator lists, as `name` or `name:port`. `BadAddress` when it is none."""
    name = f"[{text}]" if text.count(":") > 1 and "[" not in text else text
    address = Address.parse(f"http://{name}")
    if address.target != "/" or "/" in name:
        raise BadAddress("it is no host")
    return address.authority if has_port(name) else address.host


def has_port(entry: str) -> bool:
    """Whether the host is listed with one port only."""
    return re.search(r":\d+$", entry) is not None


def as_http(url: str) -> str:
    """The address of a WebSocket as that of the request that opens it."""
    return f"http{url.removeprefix('ws')}" if url.startswith("ws") else url
