"""The pages with generated parts, which stand between two comments each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from discord.app_commands import CommandTree

from bot.app.client import Mouthpiece
from bot.files.settings import FilesSettings
from tests.docs import DOCS, text_of
from tests.docs.commands import slash_commands, terminal_commands
from tests.docs.providers import providers
from tests.docs.settings import EXAMPLE, KINDS, example, settings_table

SECTION = "<!-- {name}: made by `make docs` -->\n{text}\n<!-- /{name} -->"


def generated(tree: CommandTree[Mouthpiece]) -> Mapping[Path, str]:
    """Each page as it should be; `tree` holds the commands that the bot registers."""
    sections: Mapping[str, Mapping[str, str]] = {
        "members.md": {"commands": slash_commands(tree, "lipsync")},
        "moderators.md": {"commands": slash_commands(tree, "lipsync-admin")},
        "hosting.md": {"settings": settings_table(*KINDS), "commands": terminal_commands()},
        "scaling.md": {"settings": settings_table(FilesSettings)},
        "providers.md": {"providers": providers()},
    }
    pages = {DOCS / name: filled(text_of(DOCS / name), parts) for name, parts in sections.items()}
    return {**pages, EXAMPLE: example()}


def filled(page: str, sections: Mapping[str, str]) -> str:
    """The page's text with these sections in it. `ValueError` where one has no place."""
    for name, text in sections.items():
        places = re.findall(rf"<!-- {name}: .*?<!-- /{name} -->", page, re.DOTALL)
        if len(places) != 1:
            raise ValueError(f"there is not one place for “{name}”")
        page = page.replace(places[0], SECTION.format(name=name, text=text))
    return page
