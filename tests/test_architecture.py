"""The dependency rule: cogs -> bot -> storage, never back, and each outside library behind its own door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for package in ("bot", "cogs", "storage") for path in (ROOT / package).rglob("*.py"))
MAY_IMPORT_DISCORD = (
    "bot/chat/",
    "bot/app/client.py",
    "bot/__main__.py",
)  # the connection, and what is posted through it
VAGUE_NAMES = {"utils", "helpers", "common", "constants", "misc"}


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def forbidden_in(name: str) -> set[str]:
    """Top-level modules that the file of this name (relative to the root) must not import."""
    forbidden: set[str] = set()
    if not name.startswith("cogs/"):
        forbidden.add("cogs")
    if name.startswith("storage/"):
        forbidden |= {"bot", "discord", "httpx", "aiohttp"}
    if name.startswith(("bot/providers/", "bot/media/")):
        forbidden |= {"discord", "storage"}
    if name.startswith("bot/") and not name.startswith((*MAY_IMPORT_DISCORD, "bot/sandbox/")):
        forbidden.add("discord")
    if name != "storage/engine/database.py":
        forbidden |= {"aiosqlite", "sqlite3"}
    if not name.startswith("bot/sandbox/"):
        forbidden |= {"simcord", "espeakng_loader"}
    if not name.startswith(("bot/sandbox/", "bot/media/")):
        forbidden.add("av")
    return forbidden


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_imports_only_what_its_place_allows(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    found = {module.partition(".")[0] for module in imports(path)}
    assert not found & forbidden_in(name)


def test_the_rule_would_notice_an_import_in_the_wrong_direction() -> None:
    assert "bot" in forbidden_in("storage/jobs/jobs.py")
    assert "cogs" in forbidden_in("bot/app/client.py")
    assert "discord" in forbidden_in("bot/jobs/worker.py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_is_small_enough_to_hold_one_idea(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    is_adapter = "(Provider)" in path.read_text(encoding="utf-8") and not name.startswith("bot/sandbox/")
    assert len(path.read_text(encoding="utf-8").splitlines()) <= (150 if is_adapter else 200)


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not {path.stem for path in SOURCES} & VAGUE_NAMES


def test_the_lock_files_pin_by_hash_and_name_no_registry() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")
