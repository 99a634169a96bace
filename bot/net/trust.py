"""Which hosts a request may reach that are private, or plain http: those that the operator named for its purpose."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass

from bot.net.address import Address
from bot.net.faults import BadAddress

GLOBAL = ipaddress.ip_network("2000::/3")  # the only part of IPv6 from which public addresses are given out
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # IPv4 addresses behind a translator (RFC 6052)
ANYCAST = (
    ipaddress.ip_network("192.0.0.0/24"),  # a router's own services (RFC 6890)
    ipaddress.ip_network("192.88.99.0/24"),  # the nearest relay to IPv6 (RFC 7526)
)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a request is for: Discord, one provider, or one gateway, by the host that the operator named for it.

    `authority` is the host with its port where that was named too, else empty.
    """

    host: str
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the operator's settings say of hosts, each as `host` or `host:port`.

    `private` ones may be private or plain http, where they are named for the purpose. `named` are those that were named
    for any purpose; of these, the ones for `discord` are reached for nothing else, private or not.
    """

    private: Collection[str] = ()
    named: Collection[str] = ()
    discord: Collection[str] = ()

    def opens(self, address: Address, purpose: Purpose | None) -> bool:
        """Whether the address may be private or plain http. `BadAddress` when it may be neither that nor public."""
        authority = address.authority
        own = purpose is not None and authority == purpose.authority
        if not own and authority in self.discord:
            raise BadAddress("it is Discord's")
        if purpose is None or address.host != purpose.host:
            return False
        listed = address.host in self.private or authority in self.private
        return listed and (own or authority not in self.named)


def is_public(ip_address: str) -> bool:
    """Whether it is an address on the internet, and so is the IPv4 address inside it where it has one.

    The other forms that hold one (IPv4-compatible, IPv4-translated, NAT64 of one's own) lie outside of what is public.
    """
    ip = ipaddress.ip_address(ip_address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast and not any(ip in network for network in ANYCAST)
    inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
    if ip in NAT64:
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return is_public(str(inner)) if inner else ip in GLOBAL and ip.is_global


def is_private_literal(host: str) -> bool:
    """Whether the host is an IP address that isn't public; names are judged when they are resolved."""
    try:
        return not is_public(host.strip("[]"))
    except ValueError:
        return False
