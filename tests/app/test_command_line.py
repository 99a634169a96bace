"""The command line: what is loaded for a command, and that Ctrl+C is heard meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
# Ctrl+C at the moment when the module that is named first is imported.
INTERRUPTED = """
import sys

class Pressed:
    def find_spec(self, name, *_):
        if name == module:
            raise KeyboardInterrupt

module = sys.argv.pop(1)
sys.meta_path.insert(0, Pressed())
from bot.__main__ import main
sys.exit(main())
"""
LOADED = """
import sys
from bot.__main__ import command_line
command_line()
print(*sorted({"discord", "aiohttp", "httpx", "pydantic", "aiosqlite", "asyncio"} & set(sys.modules)))
"""
RUNNING = """
import sys
import bot.app.process, bot.app.settings
print(*sorted({"av", "asyncpg", "obstore", "PIL", "simcord", "discord.ext", "bot.app.doctor"} & set(sys.modules)))
"""


def run(script: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A process that has ended."""
    command = [sys.executable, "-c", script, *arguments]
    environment = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("module", "command"),
    [
        ("discord", "run"),
        ("bot.app.process", "run"),
        ("bot.app.doctor.examine", "doctor"),
        ("bot.sandbox.demo", "demo"),
        ("storage.engine.backup", "backup copy.db"),
    ],
)
def test_ctrl_c_while_a_command_is_loaded_ends_it_without_a_traceback(
    tmp_path: Path, module: str, command: str
) -> None:
    ended = run(INTERRUPTED, module, *command.split(), cwd=tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_nothing_that_only_one_command_needs_is_loaded_before_it_is_known_which(tmp_path: Path) -> None:
    assert run(LOADED, cwd=tmp_path).stdout.split() == []


def test_the_bot_loads_nothing_that_its_settings_or_another_process_may_do_without(tmp_path: Path) -> None:
    loaded = run(RUNNING, cwd=tmp_path)
    assert (loaded.returncode, loaded.stdout.split()) == (0, []), loaded.stderr
