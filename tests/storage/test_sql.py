"""What all SQL of the stores has in common."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import storage

FILES = sorted(Path(storage.__file__).parent.rglob("*.py"))
EVERY_COLUMN = re.compile(r"(?:\b(?:SELECT|RETURNING|DISTINCT)|,)\s*\*|\w\.\*", re.IGNORECASE)
UNNAMED_INSERT = re.compile(r"\bINSERT\s+(?:OR\s+\w+\s+)?INTO\s+\w+\b(?!\s*\()", re.IGNORECASE)


def texts(source: str) -> Iterator[str]:
    """Every text in a module; what is put into one stands there as `{}`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_statement_names_its_columns(file: Path) -> None:
    found = list(texts(file.read_text(encoding="utf-8")))
    assert [text for text in found if EVERY_COLUMN.search(text) or UNNAMED_INSERT.search(text)] == []


@pytest.mark.parametrize(
    ("statement", "names_them"),
    [
        ("SELECT * FROM keys", False),
        ("SELECT id, * FROM keys", False),
        ("SELECT keys.* FROM keys", False),
        ("UPDATE keys SET hint = '' RETURNING *", False),
        ("INSERT INTO keys VALUES (1)", False),
        ("SELECT count(*) AS jobs, 2 * id AS twice FROM jobs", True),
        ("INSERT OR REPLACE INTO facts (name) VALUES ('x')", True),
    ],
)
def test_a_statement_without_names_of_columns_is_told_apart(statement: str, *, names_them: bool) -> None:
    assert names_them is not bool(EVERY_COLUMN.search(statement) or UNNAMED_INSERT.search(statement))


def test_no_statement_stands_twice() -> None:
    statements = Counter(
        " ".join(text.split())
        for file in FILES
        for text in texts(file.read_text(encoding="utf-8"))
        if re.match(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b.*[:{]", text, re.DOTALL)
    )
    assert [statement for statement, times in statements.items() if times > 1] == []


CHANGES = {"add", "append", "clear", "discard", "extend", "pop", "remove", "setdefault", "update"}


def effects_outside(source: str) -> list[str]:
    """What functions that are given a transaction change besides the database: an engine may run them again."""
    found = []
    for work in ast.walk(ast.parse(source)):
        if not isinstance(work, ast.AsyncFunctionDef) or "tx" not in {each.arg for each in work.args.args}:
            continue
        names = [node for node in ast.walk(work) if isinstance(node, ast.Name)]
        own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        for node in ast.walk(work):
            match node:
                case ast.Nonlocal() | ast.Global():
                    found.append(ast.unparse(node))
                case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                    found.append(ast.unparse(node))
                case ast.Call(ast.Attribute(ast.Name(name), method)) if method in CHANGES and name not in own:
                    found.append(ast.unparse(node.func))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_unit_of_work_changes_nothing_but_the_database(file: Path) -> None:
    assert effects_outside(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("line", "effects"),
    [
        ("found.append(1)", ["found.append"]),
        ("self.count += 1", ["self.count"]),
        ("known[1] = 2", ["known[1]"]),
        ("nonlocal count", ["nonlocal count"]),
        ("own = []; own.append(1)", []),
        ("await tx.row('DELETE FROM facts')", []),
    ],
)
def test_an_effect_outside_of_the_database_is_seen(line: str, effects: list[str]) -> None:
    assert effects_outside(f"async def work(tx):\n    {line}") == effects
