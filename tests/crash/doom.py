"""A process that dies at a chosen point: before or after any effect that leaves it.

Every effect goes through one of four seams (a transaction, a call to a provider, a call to Discord, an answer to a
command), so the points are complete without a hook in the product. From the chosen point on, nothing leaves any more,
as after SIGKILL.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import discord
import httpx
import pytest
from discord.webhook.async_ import AsyncWebhookAdapter

from bot.net.client import Http
from bot.net.transport import FRESH
from storage.engine.sqlite_database import SqliteDatabase

T = TypeVar("T")

# Carry no promise to anybody: the proof that something can be written, and what Discord tells of its servers.
AT_ANY_TIME = {"Installation.put", "Guilds.describe", "Cases.catch_up"}


class Killed(BaseException):
    """The process is no more. Not an `Exception`: nothing may handle it."""


class Doom:
    """Counts the points that a life passes, and ends it at the `at`-th (never, for None)."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.passed: list[str] = []
        self.dead = False

    def reach(self, name: str) -> None:
        """Pass a point, or die there."""
        if not self.dead:
            self.passed.append(name)
            self.dead = self.at is not None and len(self.passed) == self.at
        if self.dead:
            raise Killed(name)

    async def around(self, kind: str, name: str, effect: Callable[[], Awaitable[T]]) -> T:  # noqa: ARG002
        """One effect of a kind, with a point before and one after it."""
        self.reach(f"before {name}")
        result = await effect()
        self.reach(f"after {name}")
        return result

    def take_over(self, patch: pytest.MonkeyPatch) -> None:
        """Put the points around every seam."""
        transact, send, download = SqliteDatabase._transact, Http.send, Http.download
        discord_request, answer = discord.http.HTTPClient.request, AsyncWebhookAdapter.request

        async def write(database: SqliteDatabase, work: Any, guild_id: int | None) -> Any:
            name = work.__qualname__.partition(".<locals>")[0]
            if name in AT_ANY_TIME:
                return await transact(database, work, guild_id)
            return await self.around("commit", f"commit of {name}", lambda: transact(database, work, guild_id))

        async def ask(http: Http, request: httpx.Request) -> Any:
            name = f"{request.method} {request.url.path.rpartition('/')[2]}"
            kind = "send" if request.extensions[FRESH] else "ask"
            return await self.around(kind, name, lambda: send(http, request))

        async def fetch(http: Http, url: str, target: Any, **more: Any) -> None:
            await self.around("download", "download", lambda: download(http, url, target, **more))

        async def post(client: Any, route: discord.http.Route, **more: Any) -> Any:
            if "/channels/" not in route.path or route.method == "PATCH":  # card edits carry no promise
                return await discord_request(client, route, **more)
            name = f"Discord {route.method} {route.path.rpartition('/')[2]}"
            kind = "post" if route.method == "POST" else "look"
            return await self.around(kind, name, lambda: discord_request(client, route, **more))

        async def respond(adapter: Any, route: discord.http.Route, *given: Any, **more: Any) -> Any:
            name = f"Discord {route.method} {route.path.rpartition('/')[2]}"
            return await self.around("answer", name, lambda: answer(adapter, route, *given, **more))

        patch.setattr(SqliteDatabase, "_transact", write)
        patch.setattr(AsyncWebhookAdapter, "request", respond)
        patch.setattr(Http, "send", ask)
        patch.setattr(Http, "download", fetch)
        patch.setattr(discord.http.HTTPClient, "request", post)
