"""The parts of the documentation that are made from the code: `make docs` writes them, and a test finds stale ones."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"


def text_of(page: Path) -> str:
    """What stands in the page."""
    return page.read_text(encoding="utf-8")


def table(*rows: list[str]) -> str:
    """A table in Markdown; the first row is its head."""
    head, *lines = [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join([head, f"|{' --- |' * len(rows[0])}", *lines])
