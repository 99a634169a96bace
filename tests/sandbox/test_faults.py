"""The switchable faults reach every kind of answer: values, refusals and files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox.faults import Faults, Kind
from bot.sandbox.server import Sandbox

NO_SUCH_RUN = "/runcomfy/v1/requests/nothing/status"
HEADERS = {"Authorization": "Bearer rc-canary-0001"}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as opened:
        (opened.runs._folder / "file.bin").write_bytes(b"0123456789")
        yield opened


async def answer(sandbox: Sandbox, path: str) -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as session, session.get(sandbox.url + path, headers=HEADERS) as response:
        return response.status, await response.read()


@pytest.mark.parametrize("path", [NO_SUCH_RUN, "/files/file.bin"])
async def test_a_slow_answer_is_the_same_answer(sandbox: Sandbox, path: str) -> None:
    usual = await answer(sandbox, path)
    sandbox.faults.add("drip")
    assert await answer(sandbox, path) == usual


@pytest.mark.parametrize("path", [NO_SUCH_RUN, "/files/file.bin"])
async def test_a_truncated_answer_is_half_of_it(sandbox: Sandbox, path: str) -> None:
    status, whole = await answer(sandbox, path)
    sandbox.faults.add("truncate")
    assert await answer(sandbox, path) == (status, whole[: len(whole) // 2])


@pytest.mark.parametrize("kind", ["cut before", "cut after"])
@pytest.mark.parametrize("path", [NO_SUCH_RUN, "/files/file.bin"])
async def test_a_cut_connection_answers_nothing(sandbox: Sandbox, kind: Kind, path: str) -> None:
    sandbox.faults.add(kind, times=9)
    with pytest.raises(aiohttp.ClientError):
        await answer(sandbox, path)


async def test_a_fault_is_used_up(sandbox: Sandbox) -> None:
    sandbox.faults.add("answer", "GET", "/files/*", status=418, body="tea", times=2)
    assert [(await answer(sandbox, "/files/file.bin"))[0] for _ in range(3)] == [418, 418, 200]


@pytest.mark.parametrize("kind", ["drip", "truncate"])
async def test_a_file_keeps_its_type_and_one_that_is_missing_stays_missing(sandbox: Sandbox, kind: Kind) -> None:
    (sandbox.runs._folder / "clip.mp4").write_bytes(b"0123456789")
    sandbox.faults.add(kind, times=2)
    async with aiohttp.ClientSession(sandbox.url) as session:
        async with session.get("/files/clip.mp4") as found:
            assert (found.status, found.content_type) == (200, "video/mp4")
        async with session.get("/files/nothing.mp4") as missing:
            assert (missing.status, await missing.read()) == (404, b"")


async def test_a_large_file_comes_slowly_but_to_its_end(sandbox: Sandbox) -> None:
    large = bytes(range(256)) * 2000
    (sandbox.runs._folder / "large.bin").write_bytes(large)
    sandbox.faults.add("drip")
    async with asyncio.timeout(60):
        assert await answer(sandbox, "/files/large.bin") == (200, large)


@pytest.mark.parametrize("kind", ["drip", "truncate"])
async def test_a_refusal_keeps_its_headers(kind: Kind) -> None:
    async def refuse(_: web.Request) -> web.Response:
        raise web.HTTPTooManyRequests(text='{"wait": 7}', content_type="application/json", headers={"Retry-After": "7"})

    faults = Faults()
    faults.add(kind)
    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_get("/", refuse)
    async with TestClient(TestServer(app)) as client:
        refused = await client.get("/")
        assert (refused.status, refused.content_type) == (429, "application/json")
        assert refused.headers["Retry-After"] == "7"
    assert faults.armed == 0


async def test_an_answer_that_has_begun_to_leave_is_cut() -> None:
    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        return response

    faults = Faults()
    faults.add("truncate")
    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_post("/", stream)
    async with TestClient(TestServer(app)) as client:
        answered = await client.post("/")
        with pytest.raises(aiohttp.ClientPayloadError, match="not completed"):
            await answered.read()
