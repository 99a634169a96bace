"""Whatever is written to the log has words: an entry without them would hold up all that come after it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from bot.words.log_entries import KINDS
from storage.jobs.job_events import _LOGGED

ROOT = Path(__file__).parent.parent.parent
WRITERS = (ROOT / "storage", ROOT / "bot" / "jobs")


def written() -> Iterator[str]:
    """Every kind of entry that is written, as it stands in the code."""
    for path in (file for folder in WRITERS for file in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                place = {"note": 2, "_change": 2}.get(name)
                given = [node.args[place]] if place is not None and len(node.args) > place else []
                given += [keyword.value for keyword in node.keywords if keyword.arg == "kind"]
                yield from (one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str))


def test_every_entry_that_is_written_has_words_and_every_word_is_used() -> None:
    decisions = {"lost", "restored", "removed", "settled_charged", "settled_free", "channels_allowed", "roles_allowed"}
    found = set(written()) - {""} | set(_LOGGED.values()) | decisions
    assert found == KINDS
    assert {"blocked", "key_on", "budget", "restored", "started"} <= found
