"""Where the bot can't run, it says so in one line, and not in a traceback."""

from __future__ import annotations

import asyncio
import sys

# What Windows lacks is missing before anything of the bot is imported; asyncio itself asks which system this is.
AS_ON_WINDOWS = """
import asyncio, subprocess, sys
import aiohttp, discord, pydantic_settings, aiosqlite, av, httpx  # these run on Windows
sys.modules["fcntl"] = sys.modules["resource"] = None
sys.platform = "win32"
from bot import __main__ as program
import bot.media.worker
sys.argv = ["mouthpiece", "run"]
sys.exit(program.main())
"""


async def test_windows_is_told_where_the_bot_runs_instead() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", AS_ON_WINDOWS), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    assert errors.decode() == "the bot doesn't run on Windows itself; there, use Docker or WSL\n"
    assert process.returncode == 2
