"""The whole bot on PostgreSQL: what it does there as in a file, and what it leaves to PostgreSQL's own tools."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

import storage.engine.postgres
from bot.__main__ import _backup, _migrate, _move, _rotate
from bot.app.heartbeats import Heartbeats
from bot.errors import SettingsError
from storage.engine.backup import reconcile
from storage.engine.database import StorageError
from storage.engine.encryption import MasterKeys
from storage.engine.opening import open_database, open_reader
from storage.engine.schema import migrations
from storage.jobs.job import NewJob, Position
from storage.jobs.overview import count_alive
from tests.conftest import GUILD
from tests.docs import README
from tests.fresh_database import make_database
from tests.jobs.old_database import MASTER_KEYS, load
from tests.storage.engines import Schema, emptied
from tests.storage.plain import open_jobs, plain_jobs
from tests.welcome import welcome
from tests.world import open_world

KEYS = MasterKeys.generate("first")
SCALING = README.with_name("docs") / "scaling.md"


@pytest.fixture
async def url(postgres: Mapping[Schema, str]) -> str:
    """The address of an empty database."""
    async with emptied(postgres["newest schema"]):
        return postgres["newest schema"]


async def test_a_job_goes_from_a_command_to_its_video_and_no_file_is_missed(url: str, tmp_path: Path) -> None:
    data = tmp_path / "not there" / "yet"
    async with open_world(data, database_url=SecretStr(url), master_keys=SecretStr(KEYS)) as world:
        assert "works and is saved" in await world.add_key()
        assert "is on its way" in await world.text()
        await world.quiet()
        assert world.outcomes()[0].attachments
        heartbeats = Heartbeats(world.client, None, world.parts.stores.installation, world.clock)
        await heartbeats._probe()
        assert not [fault for fault in heartbeats.faults() if "database" in fault]
    assert not list(data.glob("bot.db*"))


async def test_a_copy_that_is_marked_as_one_has_nothing_sent_again(url: str, tmp_path: Path) -> None:
    async with open_database(tmp_path / "bot.db", url) as database:
        await welcome(database, GUILD)
        await plain_jobs(database).enqueue(
            NewJob(guild_id=GUILD, interaction_id=1, member_id=1, channel_id=1, provider="p", request="{}",
                   position=Position("s"), created_at=1.0, deadline_at=2.0)
        )  # fmt: skip
        assert await reconcile(database) is None
        mark = "INSERT INTO facts (name, value) VALUES ('is_a_backup', '1')"
        assert mark in SCALING.read_text(encoding="utf-8")
        await database.write(lambda tx: tx.row(mark), guild_id=None)
        assert await reconcile(database) == 1
        (left,) = await open_jobs(plain_jobs(database))
        assert left.restored


async def test_a_backup_is_left_to_pg_dump_and_said_to_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "token")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:canary@db.example/bot")
    assert _backup(argparse.Namespace(file=tmp_path / "copy.db")) == 2
    said = capsys.readouterr().err
    assert said.startswith("DATABASE_URL: ")
    assert "pg_dump" in said
    assert "canary" not in said
    assert list(tmp_path.iterdir()) == []


async def test_a_process_that_couldnt_start_is_not_at_work(url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = {"database_url": SecretStr(url), "master_keys": SecretStr(KEYS), "http_port": taken.getsockname()[1]}
        with pytest.raises(SettingsError, match="HTTP_PORT"):
            async with open_world(tmp_path, **given):
                pass
    async with open_reader(tmp_path, url) as reader:
        assert await count_alive(reader) == 0


def test_the_schema_is_changed_by_a_command_which_says_how_far(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    set_to_move(monkeypatch, tmp_path / "bot.db", url)
    assert _migrate(argparse.Namespace()) == 0
    monkeypatch.setenv("DATABASE_URL", "")
    make_database(tmp_path / "bot.db")
    assert _migrate(argparse.Namespace()) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [f"The database has schema {max(migrations())}, and this version of the bot can work on it."] * 2


def test_the_setting_is_named_where_the_server_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "token")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:canary@/bot?host=/nowhere")
    monkeypatch.setenv("MASTER_KEYS", KEYS)
    assert _rotate(argparse.Namespace(give_up_lost=False)) == 2
    said = capsys.readouterr().err
    assert said.startswith("DATABASE_URL: the server can't be used now: ")
    assert "canary" not in said


def test_the_image_has_the_driver() -> None:
    assert "-r /requirements.lock" in README.with_name("Dockerfile").read_text(encoding="utf-8")
    assert "\nasyncpg==" in README.with_name("requirements.lock").read_text(encoding="utf-8")


async def test_without_the_driver_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    for name in ("driver", "database"):
        monkeypatch.delitem(sys.modules, f"storage.engine.postgres.{name}", raising=False)
        monkeypatch.delattr(storage.engine.postgres, name, raising=False)
    with pytest.raises(StorageError, match="pip install asyncpg"):
        async with open_database(tmp_path / "bot.db", "postgresql://db.example/bot"):
            pass


def set_to_move(monkeypatch: pytest.MonkeyPatch, file: Path, url: str) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "token")
    monkeypatch.setenv("DATABASE_PATH", str(file))
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("MASTER_KEYS", MASTER_KEYS)


def test_everything_is_moved_and_said_to_be(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    load(tmp_path / "bot.db")
    set_to_move(monkeypatch, tmp_path / "bot.db", url)
    assert _move(argparse.Namespace()) == 0
    said = capsys.readouterr().out
    assert "job_events" in said
    assert "start the bot" in said
    monkeypatch.delenv("DATABASE_URL")
    assert _rotate(argparse.Namespace(give_up_lost=False)) == 2
    assert "what was in it has been moved to PostgreSQL, so set DATABASE_URL" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("DATABASE_URL", "", "DATABASE_URL: is not set"),
        ("DATABASE_URL", "postgresql://me:canary@/bot?host=/nowhere", "DATABASE_URL: the server can't be used now"),
        ("DATABASE_PATH", "/nowhere/bot.db", "DATABASE_PATH: there is no database at /nowhere/bot.db"),
        ("MASTER_KEYS", KEYS, "MASTER_KEYS: master key “"),
        ("MASTER_KEYS", "", "MASTER_KEYS: is not set"),
    ],
    ids=["no target", "no server there", "no file there", "another master key", "no master key"],
)
def test_what_keeps_everything_from_being_moved_is_said_by_the_name_of_its_setting(
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    setting: str,
    value: str,
    words: str,
) -> None:
    load(tmp_path / "bot.db")
    set_to_move(monkeypatch, tmp_path / "bot.db", url)
    monkeypatch.setenv(setting, value)
    assert _move(argparse.Namespace()) == 2
    said = capsys.readouterr().err
    assert said.startswith(words)
    assert "canary" not in said
