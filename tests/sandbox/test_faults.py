"""The switchable faults reach every kind of answer: values, refusals and files."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

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
async def test_a_cut_connection_answers_nothing(sandbox: Sandbox, kind: str, path: str) -> None:
    sandbox.faults.add(kind, times=9)  # type: ignore[arg-type]
    with pytest.raises(aiohttp.ClientError):
        await answer(sandbox, path)


async def test_a_fault_is_used_up(sandbox: Sandbox) -> None:
    sandbox.faults.add("answer", "GET", "/files/*", status=418, body="tea", times=2)
    assert [(await answer(sandbox, "/files/file.bin"))[0] for _ in range(3)] == [418, 418, 200]
