"""Counts the calls to providers by what became of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from prometheus_client import Counter

from bot.net.faults import ProviderError
from bot.providers.base import Provider

CALLS = ("submit", "poll", "poll_many", "find", "cancel", "upload", "check_key")


def count_calls(provider: Provider, calls: Counter) -> None:
    """From now on, count each call of the adapter: as `ok` where it was answered, else by the code of its fault."""
    for name in CALLS:
        setattr(provider, name, _counted(provider, name, calls))


def _counted(provider: Provider, name: str, calls: Counter) -> Callable[..., Awaitable[Any]]:
    @wraps(getattr(type(provider), name))
    async def counted(*given: Any, **named: Any) -> Any:
        result = "error"  # one of ours, unless it turns out otherwise
        try:
            answer = await getattr(type(provider), name)(provider, *given, **named)
        except ProviderError as fault:
            result = fault.code
            raise
        else:
            result = "ok"
            return answer
        finally:
            calls.labels(provider.name, name, result).inc()

    return counted
