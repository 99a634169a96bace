"""The transport as the operator's settings want it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import httpx

from bot.app.settings import Settings
from bot.net.address import Address
from bot.net.transport import open_transport


def transport(settings: Settings, sandbox_url: str) -> AbstractAsyncContextManager[httpx.AsyncBaseTransport]:
    """Open the transport of the process, which knows the hosts that were named and for what; the sandbox's own, too,
    where its address isn't empty.
    """
    sandbox = {Address.parse(sandbox_url).authority} if sandbox_url else set()
    return open_transport(
        settings.trusted_hosts | sandbox, named=settings.named_hosts | sandbox, discord=settings.discord_hosts
    )
