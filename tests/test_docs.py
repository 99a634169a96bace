"""What README and docs/ say of commands, settings and providers, and quote of the bot, is what the code says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from discord import app_commands

from bot.app.settings import Settings
from bot.providers import provider_classes
from tests.provider_table import DOCS, PROVIDERS, README, inserted
from tests.test_architecture import SOURCES
from tests.world import World

PAGES = sorted([README, *README.parent.glob("*.md"), *DOCS.glob("*.md"), *README.with_name(".github").glob("*.md")])
MOST_WORDS = 900  # of the README: what a newcomer reads before they decide


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


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


def test_the_table_of_providers_is_up_to_date() -> None:
    assert inserted(text_of(PROVIDERS)) == text_of(PROVIDERS), "run `make docs`"


def test_the_table_names_every_provider_and_mode() -> None:
    for provider in provider_classes():
        for mode in {flow.mode for flow in provider.flows}:
            made_from = "a recording" if mode == "audio" else "a text"
            assert f"| {provider.label} | {made_from} |" in text_of(PROVIDERS)


def commands_in(page: Path) -> set[str]:
    """The commands in the first cells of a page's tables; of several in a cell, all but one by their last word."""
    found = set()
    for row in re.findall(r"^\| (.+?) \|", text_of(page), flags=re.MULTILINE):
        named = re.findall("`(/?[a-z -]+)`", row)
        if named and named[0].startswith("/lipsync"):
            found.add(named[0][1:])
            found |= {f"{named[0][1:].rpartition(' ')[0]} {last}" for last in named[1:]}
    return found


async def test_every_command_is_described_and_none_that_is_not_there(world: World) -> None:
    commands = {
        command.qualified_name
        for command in world.client.tree.walk_commands()
        if isinstance(command, app_commands.Command)
    }
    assert commands_in(DOCS / "members.md") | commands_in(DOCS / "moderators.md") == commands


def described_settings() -> dict[str, str]:
    """What the tables give as the default of each setting, by its name; several in a row have theirs in that order."""
    found: dict[str, str] = {}
    for page in (DOCS / "hosting.md", DOCS / "scaling.md"):
        for names, default in re.findall(r"^\| (`[A-Z].+?) \| (.*?) ?\|", text_of(page), flags=re.MULTILINE):
            named = re.findall("`([A-Z_]+)`", names)
            defaults = default.split(", ") if default.count(", ") == len(named) - 1 else [default] * len(named)
            found |= dict(zip(named, defaults, strict=True))
    return found


def test_every_setting_is_described_and_none_that_is_not_there() -> None:
    settings = {name.upper() for name in Settings.model_fields if not name.endswith("_file")}
    assert settings <= set(described_settings())
    assert set(described_settings()) <= settings | {"MASTER_KEYS"}


def test_every_default_is_the_one_that_the_documentation_says() -> None:
    described = described_settings()
    told = {
        name.upper(): field.default for name, field in Settings.model_fields.items() if field.default not in ("", None)
    }
    values = {name: default for name, default in told.items() if isinstance(default, int | str | Decimal | Path)}
    said = {name: described[name].split(";")[0].strip("`") for name in values}
    shown = {name: "off" if default is False else str(default) for name, default in values.items()}
    assert said == shown


def test_every_command_of_the_command_line_is_described_and_none_that_is_not_there() -> None:
    table = text_of(DOCS / "hosting.md").partition("## Commands")[2].partition("## ")[0]
    described = set(re.findall(r"^\| `([a-z-]+)", table, flags=re.MULTILINE))
    main = README.with_name("bot").joinpath("__main__.py").read_text(encoding="utf-8")
    assert described == set(re.findall(r'add_parser\(\s*"([a-z-]+)"', main))


@pytest.mark.parametrize("quote", QUOTES)
def test_what_people_look_up_when_something_is_wrong_is_what_the_bot_says(quote: str) -> None:
    words = re.sub(r"\*\*.+?\*\*", "…", quote)  # such as the name of a permission
    assert any(words in sentence for sentence in sentences())


def test_there_are_words_to_look_up() -> None:
    assert len(QUOTES) >= 10
