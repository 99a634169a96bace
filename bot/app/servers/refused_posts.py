"""Notices that Discord refuses posts: the bot may have been removed from that server, which nothing else tells over
HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace

import aiohttp

_POST = re.compile(r"/channels/\d+/messages")
_REFUSED = {403, 404}  # Missing Access, Unknown Guild, Unknown Channel; and others, so it is a hint and no proof


def when_refused(look: Callable[[], None]) -> aiohttp.TraceConfig:
    """Call that after every refused post."""

    async def ended(_: aiohttp.ClientSession, __: SimpleNamespace, done: aiohttp.TraceRequestEndParams) -> None:
        if done.method == "POST" and done.response.status in _REFUSED and _POST.search(done.url.path):
            look()

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(ended)
    return trace
