"""The bot needs what `requirements.lock` installs; the sandbox and the demo need more, and say so in a line."""

from __future__ import annotations

import signal

import pytest

from tests.app.test_run import CLIP, Outside, ended, outside  # noqa: F401 - a fixture

BARE = "tests.app.bare"


async def test_the_bot_serves_with_nothing_installed_but_its_own_lock(outside: Outside) -> None:  # noqa: F811
    async with outside.bot(module=BARE) as process:
        assert "works and is saved" in await outside.add_key()
        asked = await outside.discord.people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        assert "is on its way" in await asked.answer()
        await outside.discord.until(outside.discord.outcomes)
        process.send_signal(signal.SIGTERM)
        code, _ = await ended(process)
    assert code == 0


@pytest.mark.parametrize(
    ("command", "settings", "line"),
    [
        ("run", {"SANDBOX": "1"}, "SANDBOX: needs the extra “sandbox” installed (PIL is missing); the image whose tag"),
        ("demo", {}, "demo: needs the extra “demo” installed (simcord"),
    ],
)
async def test_what_needs_more_than_that_says_so_in_a_line_and_exits_with_code_2(
    outside: Outside,  # noqa: F811
    command: str,
    settings: dict[str, str],
    line: str,
) -> None:
    code, log = await ended(await outside.start(command, module=BARE, **settings))
    assert code == 2
    assert log.startswith(line)
    assert log.count("\n") == 1
