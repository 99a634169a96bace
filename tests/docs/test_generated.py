"""The generated parts of the documentation are those of today, and everything there is stands in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from discord.app_commands import Command, ContextMenu, Group

from bot.app.settings import Settings, read_settings
from bot.files.settings import FilesSettings
from tests.docs import DOCS, text_of
from tests.docs.pages import filled, generated
from tests.docs.settings import EXAMPLE, KINDS, all_settings
from tests.world import World

MOST_CHARS = 100  # Discord's limit of a description
NEED_ANOTHER = {"DATABASE_URL"}  # setting besides
PAGES = [
    *(DOCS / name for name in ("members.md", "moderators.md", "hosting.md", "scaling.md", "providers.md")),
    EXAMPLE,
]


async def test_no_page_is_stale(world: World) -> None:
    pages = generated(world.client.tree)
    assert set(pages) == set(PAGES)
    assert [page.name for page, text in pages.items() if text != text_of(page)] == [], "run `make docs`"


def test_a_section_that_says_something_else_is_stale() -> None:
    page = "Before.\n<!-- a: made by `make docs` -->\n| old |\n<!-- /a -->\nAfter.\n"
    assert filled(page, {"a": "| new |"}) == page.replace("old", "new")


@pytest.mark.parametrize("page", ["None.", "<!-- a: -->\n<!-- /a -->\n<!-- a: -->\n<!-- /a -->"])
def test_a_section_has_one_place_in_its_page(page: str) -> None:
    with pytest.raises(ValueError, match="not one place for “a”"):
        filled(page, {"a": "new"})


async def test_every_command_is_in_a_table_or_is_described_beside_it(world: World) -> None:
    text = "".join(text_of(DOCS / name) for name in ("members.md", "moderators.md"))
    for command in world.client.tree.walk_commands():
        if isinstance(command, Command):
            assert f"| `/{command.qualified_name}` | {command.description} |" in text
        else:
            assert isinstance(command, Group)
    menus = [command.name for command in world.client.tree.get_commands() if isinstance(command, ContextMenu)]
    assert menus
    assert all(f"*Apps ▸ {name}*" in text for name in menus)


async def test_discord_takes_every_description_and_none_is_left_out(world: World) -> None:
    for command in world.client.tree.walk_commands():
        options = command.parameters if isinstance(command, Command) else []
        for description in [command.description, *(str(option.description) for option in options)]:
            assert 1 < len(description) <= MOST_CHARS, description


def test_every_setting_is_in_one_table_and_in_the_example() -> None:
    named = [setting.name for setting in all_settings(*KINDS, FilesSettings)]
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields if not name.endswith("_file"))
    lines = text_of(EXAMPLE).splitlines()
    assert all(any(line.lstrip("#").startswith(f"{name}=") for line in lines) for name in named)


def test_the_bot_takes_every_value_of_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for setting in all_settings(*KINDS, FilesSettings):
        if setting.example and setting.name not in NEED_ANOTHER:
            (tmp_path / ".env").write_text(f"DISCORD_TOKEN=token\n{setting.name}={setting.example}\n", encoding="utf-8")
            read_settings()
