"""Who may import whom: cogs -> bot -> storage, and the folders of bot in one order; and what keeps files findable."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for package in ("bot", "cogs", "storage") for path in (ROOT / package).rglob("*.py"))
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in SOURCES}
VAGUE_NAMES = {"utils", "helpers", "common", "constants", "misc"}
MOST_MODULES = 14  # in one folder
MOST_PARAMETERS = 8  # of a constructor

# What the modules under each prefix may import of our own, beside their own folder; the longest prefix counts. Types
# that a table of the database is read into, the base of all errors, the clock, fair queues, the version and the placing
# of files are free for all of bot.
FREE = ("storage", "bot.errors", "bot.clock", "bot.fair_queue", "bot.placing", "bot.version", "bot.domain")
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "bot.errors": (),
    "bot.clock": (),
    "bot.fair_queue": (),
    "bot.version": (),
    "bot.placing": ("bot.net.faults",),
    "bot.net": ("bot.errors", "bot.placing"),
    "bot.domain": ("storage",),
    "bot.media": ("bot.domain", "bot.placing", "bot.fair_queue"),
    "bot.media.inspect": ("bot.domain", "bot.media.child"),
    "bot.media.edit": ("bot.domain", "bot.media.child", "bot.media.inspect"),
    "bot.providers": ("bot.domain", "bot.net"),
    "bot.preflight": ("bot.domain", "bot.providers.base"),
    "bot.words": (*FREE, "bot.providers.base", "bot.preflight"),
    "bot.files": (*FREE, "bot.net", "bot.media.probe", "bot.words.refusals"),
    "bot.retention": (*FREE, "bot.files", "bot.words"),
    "bot.delivery": (*FREE, "bot.files", "bot.media", "bot.net", "bot.words", "bot.providers.base"),
    "bot.chat": (*FREE, "bot.words", "bot.files", "bot.net", "bot.providers.base"),
    "bot.jobs": (
        *(*FREE, "bot.chat", "bot.delivery", "bot.files", "bot.media", "bot.net", "bot.providers"),
        "bot.words.refusals",
    ),
    "bot.asking": (
        *(*FREE, "bot.jobs.worker", "bot.jobs.intervals", "bot.chat", "bot.preflight"),
        *("bot.files", "bot.words", "bot.providers", "bot.net.faults", "bot.media.probe"),
    ),
    "bot.moderation": (
        *(*FREE, "bot.jobs.worker", "bot.jobs.intervals", "bot.chat", "bot.preflight"),
        *("bot.files", "bot.words", "bot.providers", "bot.net.faults", "bot.media.probe"),
    ),
    "bot.app": ("bot", "storage"),
    "bot.__main__": ("bot", "storage"),
    "bot.sandbox": ("bot", "storage"),
    "bot": (),
    "cogs": (
        *("bot.app.client", "bot.asking.answers", "bot.chat", "bot.errors", "bot.words", "bot.domain"),
        *("bot.preflight", "bot.delivery", "bot.moderation", "bot.providers.base", "storage"),
    ),
    "storage": ("storage",),
    "storage.engine": (),
    "storage.servers": ("storage.engine",),
    "storage.jobs": ("storage.engine", "storage.servers"),
    "storage.people": ("storage.engine", "storage.servers", "storage.jobs"),
}
STEPS_MAY_BE_IMPORTED_BY = {"bot.jobs.runner", "bot.app.build_worker"}
MAY_IMPORT_DISCORD = ("bot.chat", "bot.app.client", "bot.app.connection", "cogs", "bot.sandbox")


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module


def under(module: str, prefixes: tuple[str, ...] | set[str]) -> bool:
    """Whether the module is one of these, or in one of these packages."""
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


def rule_of(module: str) -> str:
    """The prefix whose rule holds for this module."""
    return max((prefix for prefix in MAY_IMPORT if under(module, (prefix,))), key=len)


def is_allowed(importer: str, target: str) -> bool:
    """Whether this arrow may be."""
    rule = rule_of(importer)
    if under(target, ("bot.jobs.steps",)) and not under(importer, ("bot.jobs.steps",)):
        return importer in STEPS_MAY_BE_IMPORTED_BY
    if under(target, ("bot.sandbox",)) and not under(importer, ("bot.sandbox",)):
        return importer in {"bot.app.sandbox_mode", "bot.__main__"}  # both only when it is asked for
    return under(target, MAY_IMPORT[rule]) or (rule != "bot" and rule_of(target) == rule)


def forbidden_outside(module: str) -> set[str]:
    """Libraries that the module must not import."""
    forbidden: set[str] = set()
    if not under(module, MAY_IMPORT_DISCORD):
        forbidden.add("discord")
    if under(module, ("storage",)):
        forbidden |= {"httpx", "aiohttp"}
    if not module.startswith("storage.engine.sqlite"):
        forbidden |= {"aiosqlite", "sqlite3"}
    if module != "storage.engine.postgres.driver":
        forbidden.add("asyncpg")
    if module != "bot.files.bucket":
        forbidden.add("obstore")
    if not under(module, ("bot.sandbox",)):
        forbidden |= {"simcord", "espeakng_loader"}
    if not under(module, ("bot.sandbox", "bot.media")):
        forbidden.add("av")
    return forbidden


def id_of(path: Path) -> str:
    """What a test about the file is called."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_folder_allows(module: str) -> None:
    ours = {target for target in imported(MODULES[module]) if target.partition(".")[0] in {"bot", "cogs", "storage"}}
    assert [f"{module} -> {target}" for target in sorted(ours) if not is_allowed(module, target)] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_libraries_that_its_folder_allows(module: str) -> None:
    found = {target.partition(".")[0] for target in imported(MODULES[module])}
    assert not found & forbidden_outside(module)


def test_no_store_knows_which_engine_it_stands_on() -> None:
    stores = [module for module in MODULES if under(module, ("storage.jobs", "storage.servers", "storage.people"))]
    found = {target for module in stores for target in imported(MODULES[module]) if under(target, ("storage.engine",))}
    assert found == {"storage.engine.database", "storage.engine.encryption", "storage.engine.installation"}


def test_the_rules_would_notice_an_import_in_the_wrong_direction() -> None:
    assert not is_allowed("storage.jobs.jobs", "bot.domain.ask")
    assert not is_allowed("storage.servers.keys", "storage.jobs.job")
    assert not is_allowed("bot.app.client", "cogs.lipsync")
    assert not is_allowed("bot.providers.kling", "storage.jobs.job")
    assert not is_allowed("bot.media.inspect.measure", "bot.media.edit.encode")
    assert not is_allowed("bot.asking.service", "bot.moderation.decisions")
    assert not is_allowed("bot.asking.service", "bot.jobs.steps.submit")
    assert not is_allowed("bot.words.job_card", "bot.chat.card")
    assert not is_allowed("cogs.lipsync", "bot.jobs.worker")
    assert "discord" in forbidden_outside("bot.jobs.worker")
    assert "av" in forbidden_outside("bot.files.incoming")
    assert "obstore" in forbidden_outside("bot.files.depot")
    assert "asyncpg" in forbidden_outside("storage.engine.postgres.setup")


@pytest.mark.parametrize("path", SOURCES, ids=id_of)
def test_a_file_is_small_enough_to_hold_one_idea(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    is_adapter = "(Provider)" in text and "sandbox" not in path.parts
    assert len(text.splitlines()) <= (150 if is_adapter else 200)


def test_a_folder_is_small_enough_to_be_read_at_a_glance() -> None:
    folders = defaultdict(list)
    for path in SOURCES:
        if path.name != "__init__.py":
            folders[id_of(path.parent)].append(path.name)
    assert {folder: len(names) for folder, names in folders.items() if len(names) > MOST_MODULES} == {}


def test_a_class_is_made_from_a_few_things_only() -> None:
    found = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                found[f"{id_of(path)}:{node.lineno}"] = len(given) - 1
    assert {place: count for place, count in found.items() if count > MOST_PARAMETERS} == {}


def test_the_store_that_commands_read_themselves_changes_nothing() -> None:
    assert ".write(" not in MODULES["storage.jobs.ledger"].read_text(encoding="utf-8")


def is_private(node: ast.AST) -> bool:
    """Whether this is somebody's private attribute."""
    return isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")


def reaches(source: str) -> list[str]:
    """The private parts of private parts that the source reaches for."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if is_private(node):
            assert isinstance(node, ast.Attribute)
            inner: ast.AST = node.value
            while isinstance(inner, ast.Attribute | ast.Subscript | ast.Call) and not is_private(inner):
                inner = inner.func if isinstance(inner, ast.Call) else inner.value
            found += [ast.unparse(node)] if is_private(inner) else []
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=id_of)
def test_no_test_reaches_into_private_parts_of_private_parts(path: Path) -> None:
    assert reaches(path.read_text(encoding="utf-8")) == []


def test_the_rule_would_notice_a_reach_into_private_parts() -> None:
    assert reaches("service._admission._per_server = 1") == ["service._admission._per_server"]
    assert reaches("keys._providers['kling']._base") == ["keys._providers['kling']._base"]
    assert reaches("runner._keys.of(job)._infos") == ["runner._keys.of(job)._infos"]
    assert reaches("self._database.rows(); service._admission; _espeak()._library") == []


def test_no_two_public_classes_have_one_name() -> None:
    places = defaultdict(list)
    for path in SOURCES:
        if "sandbox" not in path.parts:  # its forms are named as the providers' documents name them
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(id_of(path))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


# What discord.py remembers of servers. It is empty until Discord has told, and elsewhere than in the process that asks.
CACHED = {
    *(
        "get_guild",
        "get_channel",
        "get_channel_or_thread",
        "get_member",
        "get_role",
        "get_thread",
        "get_user",
        "guilds",
    ),
    *("me", "guild_permissions", "permissions_for", "filesize_limit", "public_updates_channel"),
}
# The last asks what it has fetched itself just then.
MAY_ASK_THE_CACHE = ("cogs", "bot.app.client", "bot.sandbox", "bot.chat.server.permissions")


def asked_of_a_cache(source: str) -> list[str]:
    """Where code reads what discord.py remembers: attributes of these names, unless they are a store's or REST's."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute) and node.attr in CACHED]
    return [name for name in map(ast.unparse, found) if "stores." not in name and ".http." not in name]


@pytest.mark.parametrize("module", [module for module in MODULES if not under(module, MAY_ASK_THE_CACHE)])
def test_nothing_beneath_the_commands_asks_what_discord_py_remembers_of_a_server(module: str) -> None:
    assert asked_of_a_cache(MODULES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line", ["self._client.get_guild(1)", "guild.me", "client.guilds", "guild.filesize_limit", "c.get_channel(2)"]
)
def test_a_look_into_the_cache_is_seen(line: str) -> None:
    assert asked_of_a_cache(line) == [line.partition("(")[0]]


def test_the_roles_of_a_member_are_read_in_one_place() -> None:
    assert [module for module, path in MODULES.items() if "._roles" in path.read_text(encoding="utf-8")] == [
        "cogs.interactions"
    ]
    assert not [module for module, path in MODULES.items() if re.search(r"(?:user|member)\.roles\b", path.read_text())]


def test_one_module_alone_links_copies_and_renames_files() -> None:
    named = {"os.link", "os.rename", "os.replace", "shutil.copyfile", "shutil.copy", "shutil.copy2", "shutil.move"}
    methods = {"rename", "hardlink_to", "symlink_to"}
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(ast.Attribute(_, "replace"), [_], []):  # of a path: a text's takes two
                    found.add(id_of(path))
                case ast.Attribute(_, name) if ast.unparse(node) in named or name in methods:
                    found.add(id_of(path))
                case ast.Constant(str(text)) if text.endswith(".part"):
                    found.add(id_of(path))
    assert {path for path in found if "sandbox" not in path} == {"bot/placing.py"}


def test_every_custom_id_stands_in_the_one_table() -> None:
    found = {id_of(path) for path in SOURCES if re.search(r"[\"']v\d+:", path.read_text(encoding="utf-8"))}
    assert found == {"bot/chat/custom_ids.py"}


def test_every_answer_that_comes_later_is_kept_until_it_is_given() -> None:
    deferring = re.compile(r"response\.(?:defer\([^)]|edit_message\()")
    found = [module for module, path in MODULES.items() if deferring.search(path.read_text(encoding="utf-8"))]
    assert [module for module in found if "awaited_answers." not in MODULES[module].read_text()] == []
    assert sorted(found) == ["cogs.interactions", "cogs.offers"]


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not {path.stem for path in SOURCES} & VAGUE_NAMES
