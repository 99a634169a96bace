"""What anybody may send to `/interactions`, and who is believed."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.app.client import Mouthpiece
from bot.app.http_server import interactions
from bot.app.http_server.interactions import Interactions
from bot.app.http_server.server import MOST_BYTES, serving
from bot.app.http_server.signature import MOST_SECONDS, Signatures
from bot.app.servers.descriptions import Descriptions
from tests.app.still_clock import StillClock
from tests.discord_server.endpoint import Endpoint

EVENT = {"id": "7001", "type": 2, "guild_id": "1001"}


@dataclass
class Bot:
    """Takes note of what it is told."""

    signed_in: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False
    hears: bool = True
    received: list[Any] = field(default_factory=list)
    used_by: list[int] = field(default_factory=list)

    def is_closed(self) -> bool:
        return self.closed

    def receive(self, event: Any) -> None:
        self.received.append(event)

    def used(self, guild_id: int) -> None:
        self.used_by.append(guild_id)


@dataclass
class Web:
    """The bot's address, somebody who has Discord's key, and a clock."""

    bot: Bot
    address: str
    discord: Endpoint
    clock: StillClock
    session: aiohttp.ClientSession

    async def post(self, body: bytes, headers: dict[str, str]) -> int:
        async with self.session.post(self.address, data=io.BytesIO(body), headers=headers) as answer:
            return answer.status

    async def bring(self, event: Any = EVENT, *, age: float = 0.0) -> int:
        """Send what Discord has signed so many seconds ago."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        return await self.post(body, self.discord.signed(body, int(self.clock.now() - age)))


@pytest.fixture
async def web(unused_tcp_port: int) -> AsyncIterator[Web]:
    key, clock, bot = Ed25519PrivateKey.generate(), StillClock(), Bot()
    bot.signed_in.set()
    signatures = Signatures(key.public_key().public_bytes_raw().hex(), clock)
    endpoint = Interactions(cast("Mouthpiece", bot), signatures, cast("Descriptions", bot))
    address = f"http://127.0.0.1:{unused_tcp_port}/interactions"
    async with serving(endpoint.routes(), "127.0.0.1", unused_tcp_port), aiohttp.ClientSession() as session:
        yield Web(bot, address, Endpoint(key), clock, session)


async def test_what_discord_has_signed_is_done_and_answered_with_202_and_no_body(web: Web) -> None:
    body = json.dumps(EVENT).encode()
    headers = web.discord.signed(body, int(web.clock.now()))
    async with web.session.post(web.address, data=body, headers=headers) as answer:
        assert (answer.status, await answer.read()) == (202, b"")
    assert web.bot.received == [EVENT]
    assert web.bot.used_by == [1001]


async def test_a_ping_is_answered_at_once(web: Web) -> None:
    web.bot.signed_in.clear()
    body = b'{"id": "1", "type": 1}'
    headers = web.discord.signed(body, int(web.clock.now()))
    async with web.session.post(web.address, data=body, headers=headers) as answer:
        assert (answer.status, await answer.json()) == (200, {"type": 1})
    assert not web.bot.received


async def test_what_somebody_else_has_signed_or_nobody_is_refused(web: Web) -> None:
    body, moment = json.dumps(EVENT).encode(), int(web.clock.now())
    right = web.discord.signed(body, moment)
    forger = Endpoint(Ed25519PrivateKey.generate()).signed(body, moment)
    flipped = {**right, "X-Signature-Ed25519": right["X-Signature-Ed25519"][::-1]}
    forged: list[dict[str, str]] = [forger, flipped, {}, {**right, "X-Signature-Timestamp": str(moment + 1)}]
    forged += [{**right, "X-Signature-Ed25519": signature} for signature in ("", "zz", "ab", "é" * 128, "0" * 128)]
    for headers in forged:
        assert await web.post(body, headers) == 401
    assert await web.post(body + b" ", right) == 401
    assert not web.bot.received


@pytest.mark.parametrize("age", [MOST_SECONDS + 1, 3600.0, -MOST_SECONDS - 1, -3600.0])
async def test_what_was_signed_long_ago_or_in_the_future_is_refused_and_the_log_names_the_clock(
    web: Web, age: float, caplog: pytest.LogCaptureFixture
) -> None:
    assert await web.bring(age=age) == 401
    assert not web.bot.received
    assert "is this machine's clock right?" in caplog.text


async def test_nothing_is_logged_of_what_anybody_can_send(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await web.post(b"{}", {})
    assert caplog.text == ""


@pytest.mark.parametrize("age", [MOST_SECONDS, 0.0, -MOST_SECONDS])
async def test_what_is_repeated_is_refused_for_as_long_as_it_would_be_in_time(web: Web, age: float) -> None:
    body = json.dumps(EVENT).encode()
    headers = web.discord.signed(body, int(web.clock.now() - age))
    assert await web.post(body, headers) == 202
    for _ in range(12):
        assert await web.post(body, headers) == 401
        web.clock.go_on(1.0)
    assert web.bot.received == [EVENT]


async def test_the_same_interaction_signed_anew_is_refused(web: Web) -> None:
    assert await web.bring() == 202
    web.clock.go_on(1.0)
    assert await web.bring() == 401
    assert await web.bring({**EVENT, "id": "7002"}) == 202
    assert len(web.bot.received) == 2


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"type": 2}', b"\xff", b"[" * 500])
async def test_what_is_no_interaction_is_refused_even_from_discord(web: Web, body: bytes) -> None:
    assert await web.bring(body) == 400
    assert not web.bot.received


async def test_what_is_too_large_is_refused_before_anything_is_made_of_it(web: Web) -> None:
    assert await web.bring(b" " * (MOST_BYTES + 1)) == 413

    async def without_a_length() -> AsyncIterator[bytes]:
        for _ in range(MOST_BYTES // 2**16 + 1):
            yield bytes(2**16)

    async with web.session.post(web.address, data=without_a_length()) as answer:
        assert answer.status == 413


async def test_what_arrives_too_slowly_is_given_up(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactions, "BODY_SECONDS", 0.01)
    over = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await over.wait()

    async with web.session.post(web.address, data=slow()) as answer:
        assert answer.status == 408
    over.set()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "PATCH"])
async def test_another_method_is_refused(web: Web, method: str) -> None:
    async with web.session.request(method, web.address) as answer:
        assert answer.status == 405


async def test_a_bot_that_begins_or_ends_leaves_the_command_to_another_process(web: Web) -> None:
    web.bot.signed_in.clear()
    assert await web.bring() == 503
    web.bot.signed_in.set()
    web.bot.closed = True
    assert await web.bring() == 503
    web.bot.closed, web.bot.hears = False, False
    assert await web.bring() == 503
    web.bot.hears = True
    assert await web.bring() == 202
