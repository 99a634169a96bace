"""A child loads what works on media, and nothing else of the bot: each has to load it anew, and keeps it in memory."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from bot.media import editor, probe
from bot.media.child import Task
from bot.media.pool import WorkerPool
from tests.media.test_pool import BOUNDS

LIBRARIES = {"av"}
OF_THE_BOT = ("bot.domain.edits", "bot.domain.media_facts", "bot.media.child", "bot.media.worker")
ROOMS = ("bot.media.confinement.", "bot.media.inspect.", "bot.media.edit.")
PACKAGES = {"bot", "bot.domain", "bot.media", *(room.rstrip(".") for room in ROOMS)}
OF_CYTHON = ("cython_runtime", "_cython_")
HERE = Task("tests.media.loaded", "modules", list[str])


def tasks(*modules: ModuleType) -> list[Task[object]]:
    """Everything that a child is ever given to do."""
    return [value for module in modules for value in vars(module).values() if isinstance(value, Task)]


async def loaded(pool: WorkerPool) -> list[str]:
    """What a child has loaded that has done everything once."""
    assert len(tasks(editor, probe)) == 7
    for task in tasks(editor, probe):
        with pytest.raises(RuntimeError, match="argument"):  # it is loaded before it is seen that it has none
            await pool.run(task, BOUNDS, reads=[])
    return [name for name in await pool.run(HERE, BOUNDS, reads=[]) if name.partition(".")[0] != "tests"]


async def test_a_child_loads_one_library_and_nothing_of_discord_or_http(pool: WorkerPool) -> None:
    tops = {name.partition(".")[0] for name in await loaded(pool)}
    others = {name for name in tops - sys.stdlib_module_names if not name.startswith(OF_CYTHON)}
    assert others - {"__main__", "sitecustomize", "_distutils_hack"} == {"bot", *LIBRARIES}


async def test_a_child_loads_of_the_bot_only_what_works_on_media(pool: WorkerPool) -> None:
    own = [name for name in await loaded(pool) if name.partition(".")[0] == "bot"]
    assert [name for name in own if not name.startswith(ROOMS) and name not in {*OF_THE_BOT, *PACKAGES}] == []
    assert {*OF_THE_BOT} <= {*own}
