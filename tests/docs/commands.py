"""The tables of commands: those of Discord from what the bot registers there, those of the terminal from its help."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Command, CommandTree, Group

from bot.__main__ import command_line
from bot.app.client import Mouthpiece
from tests.docs import table


def slash_commands(tree: CommandTree[Mouthpiece], group: str) -> str:
    """The commands of a group, with their options."""
    found = tree.get_command(group)
    assert isinstance(found, Group)
    commands = [command for command in found.walk_commands() if isinstance(command, Command)]
    rows = [
        [f"`/{command.qualified_name}`", command.description, "<br>".join(map(_option, command.parameters))]
        for command in commands
    ]
    return table(["command", "what it does", "options"], *rows)


def _option(option: app_commands.Parameter) -> str:
    name = option.display_name if option.required else f"[{option.display_name}]"
    choices = [choice.name for choice in option.choices if choice.name not in option.description]
    return f"`{name}` {option.description}" + (f" ({', '.join(choices)})" if choices else "")


def terminal_commands() -> str:
    """The commands of `python -m bot`, with what each takes."""
    _, commands = command_line()
    rows = []
    for name, parser in commands.items():
        taken = parser.format_usage().partition("[-h]")[2].strip()
        rows.append([f"`{f'{name} {taken}'.strip()}`", parser.description or ""])
    return table(["command", "what it does"], *rows)
