"""Two servers of Discord with a key each at one host: nothing of the one's calls goes with the other's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.net.client import Http
from bot.net.transport import open_transport
from tests.net.test_client import http_answer, serving

FIRST, SECOND = ({"Authorization": f"Bearer key-of-the-{which}-server"} for which in ("first", "second"))
COOKIES = (
    "Set-Cookie: session=first; Path=/",
    "Set-Cookie: account=first; Domain=localhost; Path=/",
    "Set-Cookie: wide=first; Domain=.gateway.localhost; Path=/; Max-Age=9999",
)


@pytest.fixture
async def heard() -> AsyncIterator[tuple[str, list[str]]]:
    """A host that sets cookies with every answer: its port, and the heads of the requests it got."""
    heads: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if "content-length: 2" in head.lower():
                await reader.readexactly(2)
            heads.append(head)
            writer.write(http_answer("200 OK", "{}", *COOKIES).encode())
            await writer.drain()

    async with serving(answer) as url:
        yield url.rpartition(":")[2], heads


@pytest.mark.parametrize("paid", [True, False])
async def test_no_cookie_of_one_servers_call_goes_with_anothers(heard: tuple[str, list[str]], paid: bool) -> None:
    port, heads = heard
    async with open_transport({"localhost", "127.0.0.1"}) as transport:
        http = Http(transport)
        for host, headers in (("localhost", FIRST), ("127.0.0.1", FIRST), ("localhost", SECOND), ("127.0.0.1", SECOND)):
            url = f"http://{host}:{port}/x"
            await http.at(url).request("POST", url, headers=headers, body={}, paid=paid)
    assert len(heads) == 4
    assert "cookie" not in "".join(heads).lower()
    assert not any("first" in head for head in heads[2:])
