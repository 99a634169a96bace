"""What may spend money leaves only while it may: that is checked once the connection stands, before any byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.net.client import Http
from bot.net.faults import HeldBack, NotAccepted, UnknownOutcome
from bot.net.transport import leaving_while, open_transport
from tests.net.test_client import HEADERS, http_answer, serving


@dataclass
class FarEnd:
    """A server that notes who connects, and what it is sent."""

    url: str = ""
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    heard: bytes = b""


@asynccontextmanager
async def far_end() -> AsyncIterator[FarEnd]:
    end = FarEnd()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end.connected.set()
        while more := await reader.read(1000):
            end.heard += more
            if b"\r\n\r\n" in end.heard:
                writer.write(http_answer("200 OK", "{}").encode())
        end.closed.set()

    async with serving(hear) as end.url:
        yield end


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with open_transport({"127.0.0.1"}) as transport:
        yield Http(transport).at("http://127.0.0.1")


async def test_no_byte_of_a_paid_request_leaves_when_it_is_too_late(http: Http) -> None:
    async with far_end() as end:
        with leaving_while(lambda: False), pytest.raises(HeldBack):
            await http.request("POST", end.url, headers=HEADERS, body={}, paid=True)
        async with asyncio.timeout(60):
            await end.closed.wait()
        assert (end.connected.is_set(), end.heard) == (True, b"")


async def test_a_connection_that_took_too_long_is_not_used(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    is_open = True
    connect = asyncio.BaseEventLoop.create_connection

    async def slowly(*given: object, **named: object) -> object:
        nonlocal is_open
        made: object = await connect(*given, **named)  # type: ignore[call-overload]
        is_open = False
        return made

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", slowly)
    async with far_end() as end:
        with leaving_while(lambda: is_open), pytest.raises(HeldBack):
            await http.request("POST", end.url, headers=HEADERS, body={}, paid=True)
        async with asyncio.timeout(60):
            await end.closed.wait()
        assert end.heard == b""


async def test_what_costs_nothing_leaves_at_any_time(http: Http) -> None:
    async with far_end() as end:
        with leaving_while(lambda: False):
            assert (await http.request("GET", end.url, headers=HEADERS)).status == 200


async def test_only_what_is_sent_within_is_held_back(http: Http) -> None:
    async with far_end() as end:
        with leaving_while(lambda: False):
            pass
        assert (await http.request("POST", end.url, headers=HEADERS, body={}, paid=True)).status == 200


def test_what_was_held_back_had_no_effect() -> None:
    assert issubclass(HeldBack, NotAccepted)
    assert not issubclass(HeldBack, UnknownOutcome)
