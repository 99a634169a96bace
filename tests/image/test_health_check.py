"""The image's health check says what `/healthz` says, and costs next to nothing."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest
from aiohttp import web

from bot.app.http_server.server import serving

ROOT = Path(__file__).parent.parent.parent
COMMAND = json.loads(re.search(r"HEALTHCHECK .*\\\n +CMD (\[.+\])", (ROOT / "Dockerfile").read_text())[1])  # type: ignore[index]


async def check(*options: str, **settings: str) -> tuple[int, str]:
    """The exit code of what the Dockerfile names as the health check, and what it says."""
    python, *arguments = COMMAND
    assert python == "python"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *(*options, *(argument.replace("/app/", f"{ROOT}/", 1) for argument in arguments)),
        env={name: value for name, value in os.environ.items() if name == "PATH"} | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.parametrize(
    ("status", "text", "code"), [(200, "ok\n", 0), (503, "the worker is silent\nthe disk is full\n", 1)]
)
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - as in the image
async def test_the_health_check_passes_on_what_the_bot_says(
    unused_tcp_port: int, status: int, text: str, code: int, host: str
) -> None:
    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text=text, status=status)

    async with serving([web.get("/healthz", healthz)], host, unused_tcp_port):
        assert await check(HTTP_HOST=host, HTTP_PORT=str(unused_tcp_port)) == (code, text)


async def test_a_bot_that_does_not_answer_is_not_well(unused_tcp_port: int) -> None:
    code, said = await check(HTTP_HOST="", HTTP_PORT=str(unused_tcp_port))
    assert code == 1
    assert said.startswith("/healthz doesn't answer: ")


async def test_without_a_port_there_is_nothing_to_ask() -> None:
    assert await check(HTTP_PORT="") == (1, "HTTP_PORT is empty, so there is no /healthz to ask\n")


async def test_the_health_check_imports_next_to_nothing() -> None:
    _, told = await check("-X", "importtime", HTTP_PORT="")
    modules = {line.rpartition("|")[2].strip() for line in told.splitlines() if line.startswith("import time:")}
    assert "socket" in modules
    assert not modules & {"asyncio", "email", "http", "site", "ssl", "urllib", "bot"}
