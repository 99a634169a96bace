"""Answers that are made to hold up the bot or to break it, on real sockets: each is one of its own faults, or taken."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.net.client import MAX_JSON_BYTES, Http
from bot.net.faults import NotAccepted, UnknownOutcome
from bot.net.reply import MOST_PARTS
from bot.net.transport import open_transport
from tests.net.test_client import HEADERS, answering, http_answer, serving

MORE_THAN_THE_COMMON_THREADS = 40  # there are 32 at most


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with open_transport({"127.0.0.1", "localhost"}) as transport:
        yield Http(transport).at("http://127.0.0.1")


@pytest.mark.parametrize("reason", ["成功".encode("gbk"), b"\xff\xfe\xd8", b"\xed\xa0\x80", "é".encode()])
async def test_the_words_beside_a_status_may_be_in_any_encoding(http: Http, tmp_path: Path, reason: bytes) -> None:
    async with serving(answering(b"HTTP/1.1 200 " + reason + b'\r\nContent-Length: 8\r\n\r\n{"a": 1}')) as url:
        assert (await http.request("POST", url, headers=HEADERS, body={}, paid=True)).body == {"a": 1}
        await http.download(url, tmp_path / "x.mp4", most=100)


async def test_a_length_of_thousands_of_digits_is_a_download_that_failed(http: Http, tmp_path: Path) -> None:
    async with serving(answering(f"HTTP/1.1 200 OK\r\nContent-Length: {'0' * 5000}5\r\n\r\n12345")) as url:
        with pytest.raises(NotAccepted):
            await http.download(url, tmp_path / "x.mp4", most=100)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("part", ["[]", "{}", '{"":0}', "1", '""', "[" * 400 + "]" * 400])
async def test_an_answer_of_very_many_parts_is_not_gone_through(
    http: Http, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    body = f'{{"data":[{",".join([part] * (MAX_JSON_BYTES // (len(part) + 1) - 20))}]}}'
    parsed: list[Any] = []
    monkeypatch.setattr("bot.net.reply.json.loads", parsed.append)
    async with serving(answering(http_answer("200 OK", body))) as url:
        with pytest.raises(UnknownOutcome, match="not JSON"):
            await http.request("POST", url, headers=HEADERS, body={}, paid=True)
    assert not parsed


async def test_an_answer_may_have_as_many_parts_as_any_provider_sends(http: Http) -> None:
    body = {"data": [{"id": number} for number in range(MOST_PARTS // 2 - 2)], "text": "x" * 500_000}
    async with serving(answering(http_answer("200 OK", json.dumps(body)))) as url:
        assert (await http.request("GET", url, headers=HEADERS)).body == body


@pytest.fixture
def silent_nameserver(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A nameserver that never answers, and which names it was asked for."""
    system, asked, over = socket.getaddrinfo, list[str](), threading.Event()

    def looking(host: Any, *rest: Any, **named: Any) -> Any:
        if not str(host).endswith(".silent.example"):
            return system(host, *rest, **named)
        asked.append(host)
        over.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", looking)
    yield asked
    over.set()


async def test_names_whose_nameserver_never_answers_hold_up_no_other_work(
    http: Http, tmp_path: Path, silent_nameserver: list[str]
) -> None:
    addresses = [f"https://{number}.silent.example/v.mp4" for number in range(MORE_THAN_THE_COMMON_THREADS)]
    waiting = [asyncio.create_task(http.download(url, tmp_path / "none", most=100)) for url in addresses]
    async with asyncio.timeout(60):
        while len(silent_nameserver) < len(addresses):
            await asyncio.sleep(0.005)
        async with serving(answering(http_answer("200 OK", "made"))) as url:  # with names and files of its own
            await http.at("http://localhost").download(url.replace("127.0.0.1", "localhost"), tmp_path / "x", most=100)
    assert not any(task.done() for task in waiting)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
