"""Counts the HTTP calls to Discord by their status."""

from __future__ import annotations

from types import SimpleNamespace

import aiohttp
from prometheus_client import Counter

NO_ANSWER = "none"


def count_discord_calls(trace: aiohttp.TraceConfig, calls: Counter) -> None:
    """Let the trace count each call, those that discord.py makes anew by itself among them."""

    async def answered(_: aiohttp.ClientSession, __: SimpleNamespace, done: aiohttp.TraceRequestEndParams) -> None:
        calls.labels(str(done.response.status)).inc()

    async def failed(_: aiohttp.ClientSession, __: SimpleNamespace, ___: aiohttp.TraceRequestExceptionParams) -> None:
        calls.labels(NO_ANSWER).inc()

    trace.on_request_end.append(answered)
    trace.on_request_exception.append(failed)
