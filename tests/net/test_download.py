"""A file on its way to disk: what happens beside it, and what is left of one that never came whole."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
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


async def test_a_piece_is_digested_while_it_is_written(
    http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digested, beside = threading.Event(), list[bool]()

    @contextmanager
    def slowly(_: Path) -> Iterator[Callable[[Iterable[bytes]], None]]:
        yield lambda _: beside.append(digested.wait(PATIENCE))

    monkeypatch.setattr("bot.net.download.writing", slowly)
    async with serving(answering(http_answer("200 OK", "x" * PIECE_BYTES))) as url:
        await http.download(url, tmp_path / "x.mp4", most=PIECE_BYTES, also=lambda _: digested.set())
    assert beside
    assert all(beside)


async def test_nothing_is_left_of_a_download_that_is_cancelled_in_the_middle(http: Http, tmp_path: Path) -> None:
    came, loop = asyncio.Event(), asyncio.get_running_loop()

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 2 * PIECE_BYTES)
        await writer.drain()
        await reader.read()  # until the bot hangs up

    async with serving(half) as url, asyncio.timeout(PATIENCE):
        download = asyncio.create_task(
            http.download(url, tmp_path / "x.mp4", most=9_999_999, also=lambda _: loop.call_soon_threadsafe(came.set))
        )
        await came.wait()
        assert len(list(tmp_path.iterdir())) == 1
        download.cancel()
        with pytest.raises(asyncio.CancelledError):
            await download
    assert not list(tmp_path.iterdir())


async def test_what_the_connection_has_is_read_at_once_and_not_in_many_small_chunks(http: Http, tmp_path: Path) -> None:
    size, chunks = 16 * PIECE_BYTES, list[bytes]()
    async with serving(answering(http_answer("200 OK", "x" * size))) as url:
        await http.download(url, tmp_path / "x.mp4", most=size, also=chunks.append)
    assert max(map(len, chunks)) > AiohttpResponseStream.CHUNK_SIZE
