"""What README and docs/ link to and name is there, and what they quote of the bot is what it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.providers import provider_classes
from tests.docs import DOCS, README, text_of
from tests.test_architecture import SOURCES

PAGES = sorted([README, *README.parent.glob("*.md"), *DOCS.glob("*.md"), *README.with_name(".github").glob("*.md")])
MOST_WORDS = 900  # of the README: what a newcomer reads before they decide


TROUBLE = text_of(DOCS / "hosting.md").partition("## When something is wrong")[2].partition("\n## ")[0]
QUOTES = [
    said or printed
    for row in TROUBLE.splitlines()
    if row.startswith("| ")
    for said, printed in re.findall("“(.+?)”|`(.+?)`", row.split(" | ")[0])
]


def sentences() -> Iterator[str]:
    """Every text in the code, with … for what is filled in."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.sub(r"\{\w+\}", "…", node.value)


def test_the_readme_is_read_in_a_few_minutes() -> None:
    assert len(text_of(README).split()) < MOST_WORDS


def test_the_readme_speaks_of_several_machines_by_one_link_alone() -> None:
    speaking = re.compile("postgres|bucket|several processes|scaling", re.IGNORECASE)
    assert len([line for line in text_of(README).splitlines() if speaking.search(line)]) == 1


def headings(page: Path) -> set[str]:
    """What can follow the # of a link to the page, as GitHub makes it."""
    found = re.findall(r"^#+ (.+)$", text_of(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text_of(page)):
        name, _, heading = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not heading or heading in headings(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_with_its_folder_is_there(page: Path) -> None:
    for name in re.findall(r"`((?:bot|cogs|storage|tests)/[a-z0-9_/.]+)`", text_of(page)):
        assert README.with_name(name.split("/")[0]).joinpath(*name.split("/")[1:]).exists(), name


def test_the_table_names_every_provider_and_mode() -> None:
    for provider in provider_classes():
        for mode in {flow.mode for flow in provider.flows}:
            made_from = "a recording" if mode == "audio" else "a text"
            assert f"| {provider.label} | {made_from} |" in text_of(DOCS / "providers.md")


@pytest.mark.parametrize("quote", QUOTES)
def test_what_people_look_up_when_something_is_wrong_is_what_the_bot_says(quote: str) -> None:
    words = re.sub(r"\*\*.+?\*\*", "…", quote)  # such as the name of a permission
    assert any(words in sentence for sentence in sentences())


def test_there_are_words_to_look_up() -> None:
    assert len(QUOTES) >= 10
