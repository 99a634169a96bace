"""A file on its way to disk: what happens beside it, and what is left of one that never came whole."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx_aiohttp.transport import AiohttpResponseStream

from bot.net.client import Http
from bot.net.download import PIECE_BYTES
from bot.net.transport import open_transport
from tests.net.test_client import answering, http_answer, serving

PATIENCE = 30.0  # seconds; nothing waits so long unless it is at fault


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with open_transport({"127.0.0.1"}) as transport:
        yield Http(transport).at("http://127.0.0.1")


async def test_the_bot_goes_on_while_a_piece_is_written_and_digested(http: Http, tmp_path: Path) -> None:
    loop, size, goes_on = asyncio.get_running_loop(), 3 * PIECE_BYTES, list[bool]()

    def digest(_: bytes) -> None:
        beside = threading.Event()
        loop.call_soon_threadsafe(beside.set)
        goes_on.append(beside.wait(PATIENCE))

    async with serving(answering(http_answer("200 OK", "x" * size))) as url:
        await http.download(url, tmp_path / "x.mp4", most=size, also=digest)
    assert goes_on
    assert all(goes_on)


async def test_nothing_is_left_of_a_download_that_is_cancelled_in_the_middle(http: Http, tmp_path: Path) -> None:
    came, loop, digested = asyncio.Event(), asyncio.get_running_loop(), threading.Event()

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 2 * PIECE_BYTES)
        await writer.drain()
        await reader.read()  # until the bot hangs up

    def digest(_: bytes) -> None:
        loop.call_soon_threadsafe(came.set)
        assert digested.wait(PATIENCE)

    async with serving(half) as url, asyncio.timeout(PATIENCE):
        download = asyncio.create_task(http.download(url, tmp_path / "x.mp4", most=9_999_999, also=digest))
        await came.wait()
        assert len(list(tmp_path.iterdir())) == 1
        download.cancel()
        for _ in range(10):
            await asyncio.sleep(0)
        assert not download.done()  # a thread has the file
        digested.set()
        with pytest.raises(asyncio.CancelledError):
            await download
    assert not list(tmp_path.iterdir())


async def test_what_the_connection_has_is_read_at_once_and_not_in_many_small_chunks(http: Http, tmp_path: Path) -> None:
    size, chunks = 16 * PIECE_BYTES, list[bytes]()
    async with serving(answering(http_answer("200 OK", "x" * size))) as url:
        await http.download(url, tmp_path / "x.mp4", most=size, also=chunks.append)
    assert max(map(len, chunks)) > AiohttpResponseStream.CHUNK_SIZE
