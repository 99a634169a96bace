"""The tables of settings, and .env.example: each field with its default, and with the text that stands below it."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from bot.app.database.settings import DatabaseSettings
from bot.app.settings import Settings
from bot.files.settings import FilesSettings
from bot.net.settings import NetworkSettings
from tests.docs import ROOT, table

KINDS: Sequence[type[BaseSettings]] = (DatabaseSettings, Settings, NetworkSettings)  # in the table of all
EXAMPLE = ROOT / ".env.example"
HEAD = """\
# Copy to .env and fill in the token; everything else has a default that works.
# Each secret can also be read from a file: {files}.
"""
WIDTH = 118


@dataclass(frozen=True)
class Setting:
    """A setting as the operator reads of it."""

    name: str
    description: str
    field: FieldInfo

    @property
    def default(self) -> str:
        """Its default as it would be written into .env; empty where it is not set."""
        return _written(self.field.get_default(call_default_factory=True, validated_data={}))

    @property
    def example(self) -> str:
        """What may stand in .env."""
        return str(self.field.examples[0]) if self.field.examples else self.default


def _written(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    return str(value) if value is not False and isinstance(value, int | str | Decimal | Path) else ""


def settings_of(kind: type[BaseSettings]) -> Iterator[Setting]:
    """The settings that a class declares itself, in its order; `…_FILE` is none of its own."""
    (body,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(body, ast.ClassDef)
    for statement, following in zip(body.body, [*body.body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name = statement.target.id
            match following:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield Setting(name.upper(), " ".join(text.split()), kind.model_fields[name])
                case _:
                    assert name.endswith("_file"), f"{name.upper()} has no description below it"


def all_settings(*kinds: type[BaseSettings]) -> list[Setting]:
    """Those of the classes, those first that have to be set."""
    found = [setting for kind in kinds for setting in settings_of(kind)]
    return sorted(found, key=lambda setting: not setting.field.is_required())


def settings_table(*kinds: type[BaseSettings]) -> str:
    """The settings in Markdown."""
    in_container = dict(re.findall(r"^ +([A-Z_]+)=(\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    rows = []
    for setting in all_settings(*kinds):
        default = f"`{setting.default}`" if setting.default else ""
        if setting.name in in_container:
            default = f"{f'{default}; ' if default else ''}`{in_container[setting.name]}` in the container"
        rows.append([f"`{setting.name}`", default, _linked(setting.description)])
    return table(["name", "default", "meaning"], *rows)


def _linked(text: str) -> str:
    """The text with links from docs/ to the pages that it names."""
    text = re.sub(r"docs/(\w+\.md)", r"[docs/\1](\1)", text)
    return re.sub(r"(?<![/\w(])([A-Z]+\.md)", r"[\1](../\1)", text)


def example() -> str:
    """What stands in .env.example."""
    found = all_settings(DatabaseSettings, FilesSettings, Settings, NetworkSettings)
    files = ", ".join(f"{one.name}_FILE" for one in found if f"{one.name.lower()}_file" in Settings.model_fields)
    parts = [
        "\n".join(textwrap.wrap(line, WIDTH, subsequent_indent="# ")) for line in HEAD.format(files=files).splitlines()
    ]
    head = "\n".join(parts)
    texts = [head]
    for setting in found:
        comment = textwrap.fill(
            setting.description,
            WIDTH,
            initial_indent="# ",
            subsequent_indent="# ",
            break_on_hyphens=False,
            break_long_words=False,
        )
        sign = "" if setting.field.is_required() else "#"
        texts.append(f"{comment}\n{sign}{setting.name}={setting.example}")
    return "\n\n".join(texts) + "\n"
