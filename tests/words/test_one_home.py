"""No sentence that people read in Discord is put together outside of bot/words/."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping

import pytest

from bot.errors import Refusal
from tests.test_architecture import MODULES, id_of, under

# What these say is read in the terminal and in the log, or is said by the simulated providers. No module of storage
# speaks to people: what it is given comes from elsewhere, and the rest is SQL.
ELSEWHERE = ("bot.words", "bot.sandbox", "bot.app", "bot.__main__", "storage")
LOGGED = {"debug", "info", "warning", "error", "exception", "critical"}  # methods of a log
# discord.py wants the names and descriptions of commands and of their options where these are defined.
DEFINING = {"command", "describe", "choices", "Choice"}
# Details of a fault, and notes on a job's way: kept in its row for whoever looks into a provider's console.
DETAILED = {"ended", "Failed"}
DETAIL_ARGUMENTS = {"note"}

# Files, folders or texts that stand elsewhere, and why.
ALLOWED: Mapping[str, str] = {
    "bot/providers": "an adapter is one file: the labels of its key form and stages, and its details for the log",
    "bot/media": "why a file can't be used, in words that go on from those of `UnreadableFile`; the child says them",
    "bot/net": "details of a call for the log",
    "bot/chat/errors.py": "for the log: a post that fails is mended, or becomes a refusal",
    "bot/jobs/lanes.py": "the name of a lane",
    "it has no picture": "the detail of a fault, for the log",
    "the call was given up": "the detail of a fault, for the log",
    "no key": "the detail of a fault, for the log",
    "Make the person in a video say something else": "the description of a command",
    "Set up lip-sync for this server": "the description of a command",
    "Who may use lip-sync, and where": "the description of a command",
    "This server's provider keys": "the description of a command",
    "How much everyone may make": "the description of a command",
    "A clip of one person, seen from the front (mp4, mov, webm, mkv, gif…)": "the description of an option",
    "Hello everyone, it's good to see you all here today.": "what nobody reads: a text for a rehearsal",
    "waiting for approval": "a choice of a command",
    "under way": "a choice of a command",
    "a member's first video": "a choice of a command",
    "above a price": "a choice of a command",
    "every video": "a choice of a command",
    "%B %Y": "how a month is written",
}


def refusals() -> set[str]:
    """The names of all errors whose sentence people read."""
    for module in MODULES:
        if under(module, ("bot.words.refusals",)):
            importlib.import_module(module)
    found, names = [Refusal], set()
    while found:
        cls = found.pop()
        names.add(cls.__name__)
        found += cls.__subclasses__()
    return names


REFUSALS = refusals()


def called(node: ast.AST | None) -> str:
    """The name of what is called."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
            return name
    return ""


def is_spared(node: ast.AST) -> bool:
    """Whether what stands in this part of the code is read by nobody in Discord, or has to stand there."""
    match node:
        case ast.Call():
            return called(node) in LOGGED | DEFINING | DETAILED
        case ast.Raise():
            return called(node.exc) not in REFUSALS
        case ast.keyword():
            return node.arg in DETAIL_ARGUMENTS
        case ast.Subscript(value=ast.Name(id="Literal")):
            return True  # the choices of a command
        case ast.Expr(value=ast.Constant()):
            return True  # a docstring
    return False


def spoken(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text with a space that somebody may read, and its line."""
    if is_spared(node):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
        yield node.lineno, node.value
    for child in ast.iter_child_nodes(node):
        yield from spoken(child)


def allowed(file: str, text: str) -> set[str]:
    """What allows the text to stand there."""
    return {entry for entry in ALLOWED if entry in {text, file} or file.startswith(f"{entry}/")}


FOUND = [
    (id_of(path), line, text)
    for module, path in MODULES.items()
    if not under(module, ELSEWHERE)
    for line, text in spoken(ast.parse(path.read_text(encoding="utf-8")))
]


def test_every_text_for_people_stands_in_the_folder_of_words() -> None:
    assert [f"{file}:{line}: {text!r}" for file, line, text in FOUND if not allowed(file, text)] == []


@pytest.mark.parametrize("entry", ALLOWED)
def test_nothing_is_allowed_longer_than_it_is_needed(entry: str) -> None:
    assert any(entry in allowed(file, text) for file, _, text in FOUND)


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ('await reply(interaction, f"{job} is cancelled.")', [" is cancelled."]),
        ('button = Button(label="Add a key")', ["Add a key"]),
        ('raise NoSuchJob(job="That job")', ["That job"]),
        ('raise ValueError("for the log")', []),
        ('log.warning("%s is odd", job)', []),
        ('def act():\n    """Do it now."""', []),
        ('@command(description="Do it now")\ndef act(): ...', []),
    ],
)
def test_the_search_tells_what_people_read_from_what_they_do_not(code: str, texts: list[str]) -> None:
    assert [text for _, text in spoken(ast.parse(code))] == texts
