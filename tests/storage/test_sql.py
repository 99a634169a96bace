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
