"""`python -m bot doctor` as its own process: beside a running bot and without one, in a table, without a secret."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx
import pytest

from bot.providers import provider_classes
from bot.words.admin import doctor as words
from bot.words.admin.finding import Finding, Level, ill, ok, warning
from tests.app.doctor.conftest import KEY, Installation
from tests.app.doctor.test_ill_states import free_port
from tests.app.test_run import Outside, ended, outside  # noqa: F401 - a fixture
from tests.discord_server.state import TOKEN

ROOT = Path(__file__).parent.parent.parent.parent


async def doctor(folder: Path, **environment: str) -> tuple[int, str]:
    """The exit code, and all that was said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "doctor"),
        cwd=folder, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, said.decode()


def settings_now() -> dict[str, str]:
    """What the process is given."""
    names = ("DISCORD_API_URL", "DISCORD_GATEWAY_URL", "DATABASE_PATH", "MASTER_KEYS", "PROVIDER_URLS", "TRUSTED_HOSTS")
    return {"DISCORD_TOKEN": TOKEN, **{name: os.environ[name] for name in names}}


async def test_the_exit_code_is_that_of_the_worst_and_nothing_secret_is_said(installation: Installation) -> None:
    given, folder = settings_now(), installation.folder
    before = installation.database.read_bytes()
    code, said = await doctor(folder, **given)
    assert (code, said.splitlines()[-1]) == (0, "All is well.")
    assert (await doctor(folder, **given, LOG_LEVL="x"))[0] == 1
    code, ill_said = await doctor(folder, **{**given, "DISCORD_TOKEN": "canary-token", "LOG_LEVL": "x"})
    assert (code, ill_said.splitlines()[-1]) == (2, "1 ill and 1 to look at.")
    for secret in (TOKEN, "canary-token", installation.master, installation.master.partition(":")[2], KEY):
        assert secret not in said + ill_said
    assert installation.database.read_bytes() == before


async def test_beside_a_running_bot_it_finds_all_well_and_disturbs_nothing(outside: Outside) -> None:  # noqa: F811
    port = str(free_port())
    urls = ", ".join(f'"{kind.name}": "{outside.sandbox.url}/{kind.name}"' for kind in provider_classes())
    given = {"HTTP_PORT": port, "PROVIDER_URLS": f"{{{urls}}}"}
    async with outside.bot(**given) as process:
        async with httpx.AsyncClient() as client, asyncio.timeout(60):
            while (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code != 200:
                await asyncio.sleep(0.05)  # it has just started
        code, said = await doctor(
            outside.folder,
            DISCORD_TOKEN=TOKEN, DISCORD_API_URL=outside.discord.api_url,
            DISCORD_GATEWAY_URL=outside.discord.gateway_url, DATABASE_PATH=str(outside.folder / "data" / "bot.db"),
            TRUSTED_HOSTS=f"{outside.sandbox.host},{outside.discord.host}", **given,
        )  # fmt: skip
        assert (code, said.splitlines()[-1]) == (0, "All is well.")
        assert "is the bot's that runs, and it is well" in said
        assert "a bot is at work on the file" in said
        assert "works and is saved" in await outside.add_key()
        process.send_signal(signal.SIGTERM)
        code, log = await ended(process)
    assert code == 0
    assert "ERROR" not in log


@pytest.mark.parametrize(
    ("findings", "end"),
    [
        ([ok("disk", "there is room")], "All is well."),
        ([warning("disk", "little", "make room"), ok("port", "off")], "1 to look at."),
        ([ill("disk", "full", "make room"), ill("port", "taken", "free it")], "2 ill."),
    ],
)
def test_the_table_has_a_line_for_each_part_and_one_of_advice_where_it_is_needed(
    findings: list[Finding], end: str
) -> None:
    *lines, _, last = words.table(findings).splitlines()
    assert last == end
    assert len(lines) == len(findings) + sum(found.level is not Level.OK for found in findings)
    assert all(found.advice in words.table(findings) for found in findings)
