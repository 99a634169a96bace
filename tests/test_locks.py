"""What is installed where: the bot alone, the sandbox and the demo on top of it, and what developers need besides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.app.bare import locked

ROOT = Path(__file__).parent.parent
LOCKS = {name: ROOT / f"requirements{name}.lock" for name in ("", "-demo", "-dev")}
BOT, DEMO, DEV = (locked(path) for path in LOCKS.values())
# What Renovate repeats of the command at the top of a lock; it gives up on any other option (its pip-compile manager).
READ = {
    "--universal",
    "--generate-hashes",
    "--python-version",
    "--extra",
    "--all-extras",
    "--constraint",
    "--output-file",
}


def test_what_only_the_sandbox_and_the_demo_need_is_not_installed_with_the_bot() -> None:
    assert DEMO.keys() - BOT.keys() == {"espeakng-loader", "pillow", "simcord"}
    assert not BOT.keys() - DEMO.keys()


def test_each_lock_pins_what_the_one_before_it_pins() -> None:
    assert BOT.items() <= DEMO.items() <= DEV.items()


@pytest.mark.parametrize("path", LOCKS.values(), ids=lambda path: path.name)
def test_the_lock_files_pin_by_hash_and_name_no_registry(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert text.count("==") <= text.count("--hash=sha256:")


@pytest.mark.parametrize("path", LOCKS.values(), ids=lambda path: path.name)
def test_renovate_can_read_how_a_lock_was_made(path: Path) -> None:
    command = re.match(r"(?:#.*\n)+?# {4}(uv pip compile .+)\n", path.read_text(encoding="utf-8"))
    assert command
    options = [word.partition("=") for word in command[1].split() if word.startswith("-")]
    assert {name for name, _, _ in options} <= READ
    assert ("--output-file", "=", path.name) in options
