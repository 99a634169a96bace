"""Where the bot can't run, it says so in one line, and not in a traceback."""

from __future__ import annotations

import asyncio
import sys

from tests.test_architecture import MODULES

# What Windows lacks is missing before anything of the bot is imported; asyncio itself asks which system this is.
AS_ON_WINDOWS = """
import asyncio, subprocess, sys
import aiohttp.web, discord, pydantic_settings, aiosqlite, asyncpg, av, httpx, obstore, simcord  # these run on Windows
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
sys.platform = "win32"
"""
RUN = """
from bot import __main__ as program
sys.argv = ["mouthpiece", "run"]
sys.exit(program.main())
"""
EVERYTHING = """
from importlib import import_module
for name in sys.argv[1:]:
    import_module(name)
print("imported", len(sys.argv[1:]))
"""


async def as_on_windows(script: str, *arguments: str) -> tuple[int | None, str, str]:
    """The exit code, and what was said and complained of."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", AS_ON_WINDOWS + script, *arguments),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, errors = await process.communicate()
    return process.returncode, said.decode(), errors.decode()


async def test_windows_is_told_where_the_bot_runs_instead() -> None:
    assert await as_on_windows(RUN) == (2, "", "the bot doesn't run on Windows itself; there, use Docker or WSL\n")


async def test_no_module_needs_what_another_system_lacks_to_be_imported() -> None:
    modules = [name for name in MODULES if not name.endswith("__main__")]
    code, said, errors = await as_on_windows(EVERYTHING, *modules)
    assert (code, said) == (0, f"imported {len(modules)}\n"), errors
