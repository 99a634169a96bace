"""What the README says of the providers, and quotes of the bot, is what the code does and says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from bot.providers import provider_classes
from tests.provider_table import README, inserted
from tests.test_architecture import SOURCES

TROUBLE = README.read_text(encoding="utf-8").partition("### When something is wrong")[2].partition("\n## ")[0]
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


def test_the_table_of_providers_is_up_to_date() -> None:
    readme = README.read_text(encoding="utf-8")
    assert inserted(readme) == readme, "run `make docs`"


def test_the_table_names_every_provider_and_mode() -> None:
    readme = README.read_text(encoding="utf-8")
    for provider in provider_classes():
        for mode in {flow.mode for flow in provider.flows}:
            made_from = "a recording" if mode == "audio" else "a text"
            assert f"| {provider.label} | {made_from} |" in readme


@pytest.mark.parametrize("quote", QUOTES)
def test_what_people_look_up_when_something_is_wrong_is_what_the_bot_says(quote: str) -> None:
    words = re.sub(r"\*\*.+?\*\*", "…", quote)  # such as the name of a permission
    assert any(words in sentence for sentence in sentences())


def test_there_are_words_to_look_up() -> None:
    assert len(QUOTES) >= 10
