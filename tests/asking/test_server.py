"""What a server is to a command is read once, and again only where the job is counted."""

from __future__ import annotations

from collections import Counter
from contextvars import ContextVar
from typing import Any

import pytest

from storage.engine.encryption import MasterKeys
from storage.servers import quota
from storage.servers.access import Access
from storage.servers.guilds import Guilds
from storage.servers.keys import Keys
from tests.scripted import start
from tests.world import World

COMMAND: ContextVar[str] = ContextVar("command", default="")


class Calls(Counter[str]):
    """Counts the calls that are made within a command; the worker's are made outside."""

    def of(self, patch: pytest.MonkeyPatch, owner: Any, *names: str) -> None:
        """Count the calls of these functions."""
        for name in names:
            patch.setattr(owner, name, self._counted(name, getattr(owner, name)))

    def _counted(self, name: str, function: Any) -> Any:
        def counting(*args: Any, **named: Any) -> Any:
            self[name] += bool(COMMAND.get())
            return function(*args, **named)

        return counting


async def test_policy_keys_and_limits_are_read_once_and_limits_again_where_they_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.add_key()
    calls = Calls()
    calls.of(monkeypatch, Keys, "sealed", "shown")
    calls.of(monkeypatch, quota, "usage_of")
    calls.of(monkeypatch, Access, "seen_by")
    calls.of(monkeypatch, Guilds, "join")
    calls.of(monkeypatch, MasterKeys, "unseal")
    COMMAND.set("a command")
    await start(world, provider="runcomfy")
    once = dict.fromkeys(("seen_by", "sealed", "unseal"), 1)
    assert calls == {**once, "usage_of": 2}
    await world.quiet()
