"""The commands that look after the database: what they need, and what they can do in a container."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.media.confinement import landlock
from bot.words.admin.mistakes import NOT_SET
from storage.engine.encryption import MasterKeys
from storage.engine.sqlite import open_database
from storage.servers.cases import Cases
from storage.servers.keys import Keys
from tests.conftest import GUILD
from tests.fresh_database import make_database
from tests.welcome import welcome

ROOT = Path(__file__).parent.parent.parent
LIST = 1 << 3  # Landlock's right to read a folder
# As in a container of compose.yaml: nothing but the data can be written, whoever the process is.
READ_ONLY_ROOT = f"""
import runpy, sys
from pathlib import Path
from bot.media.confinement import landlock
from bot.media.confinement.kernel import gain_nothing
data, *sys.argv[1:] = sys.argv[1:]
gain_nothing()
read, fill = landlock.TO_READ | {LIST}, landlock.TO_FILL | {LIST}
landlock.allow_only({{Path("/"): read, Path(data): fill}})
runpy.run_module("bot", run_name="__main__", alter_sys=True)
"""


# As an ordinary user, whoever the process is: root may read and write everything.
ORDINARY = """
import ctypes, runpy
ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
runpy.run_module("bot", run_name="__main__", alter_sys=True)
"""
COMMANDS = ["run", "doctor", "backup copy.db", "rotate-keys", "migrate"]


async def keep_key(path: Path, master: MasterKeys) -> None:
    """A server saves a key."""
    async with open_database(make_database(path)) as database:
        await welcome(database, GUILD)
        await Keys(database, master).put(GUILD, "runcomfy", {"api_key": "canary"}, hint="nary", added_by=1, now=1.0)


async def kept_key(path: Path, master: MasterKeys) -> Mapping[str, str] | None:
    """What the server has saved."""
    async with open_database(path) as database:
        keys = Keys(database, master)
        (info,) = await keys.shown(GUILD)
        return await keys.open(GUILD, info.id)


def command(*arguments: str, cwd: Path, script: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """One that has ended; of what the tests' own environment holds, it sees nothing."""
    start = ("-c", script) if script else ("-m", "bot")
    return subprocess.run(
        [sys.executable, "-B", *start, *arguments],
        cwd=cwd, env={"PYTHONPATH": str(ROOT), **environment}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
async def test_keys_are_sealed_anew_in_a_container_with_a_read_only_root_and_settings_from_files(
    tmp_path: Path,
) -> None:
    data, secrets = tmp_path / "data", tmp_path / "secrets"
    data.mkdir()
    secrets.mkdir()
    old, new = MasterKeys.generate("old"), MasterKeys.generate("new")
    await keep_key(data / "mouthpiece.db", MasterKeys.parse(old))
    (secrets / "master_keys").write_text(f"{new},{old}\n")
    (secrets / ".env").write_text(f"MASTER_KEYS_FILE={secrets / 'master_keys'}\n")
    done = command(
        *(str(data), "rotate-keys"),
        cwd=secrets, script=READ_ONLY_ROOT, DATABASE_PATH=str(data / "mouthpiece.db"),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1 key was sealed anew with “new”; other master keys are no longer needed.\n"
    assert await kept_key(data / "mouthpiece.db", MasterKeys.parse(new)) == {"api_key": "canary"}


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_a_root_that_is_read_only_in_these_tests_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    make_database(tmp_path / "elsewhere.db")
    done = command(
        *(str(tmp_path / "data"), "migrate"),
        cwd=tmp_path, script=READ_ONLY_ROOT, DATABASE_PATH=str(tmp_path / "elsewhere.db"),
    )  # fmt: skip
    assert done.returncode == 2
    assert "Permission denied" in done.stderr


@pytest.mark.parametrize("name", ["rotate-keys", "migrate"])
def test_where_there_is_no_database_none_is_made(tmp_path: Path, name: str) -> None:
    done = command(name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "DATABASE_PATH: there is no database at data/mouthpiece.db\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keys", ["", MasterKeys.generate("another")], ids=["none set", "another set"])
async def test_a_lost_master_key_is_given_up_by_a_command_that_the_refusal_names(tmp_path: Path, keys: str) -> None:
    path = tmp_path / "data" / "mouthpiece.db"
    path.parent.mkdir()
    old = MasterKeys.generate("lost")
    await keep_key(path, MasterKeys.parse(old))
    refused = command("rotate-keys", cwd=tmp_path, MASTER_KEYS=keys)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "rotate-keys --give-up-lost" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not (path.parent / "master.key").exists()
    done = command("rotate-keys", "--give-up-lost", cwd=tmp_path, MASTER_KEYS=keys)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1 key of 1 server can't be opened, and was switched off.")
    assert (path.parent / "master.key").exists() == (not keys)
    again = command("rotate-keys", "--give-up-lost", cwd=tmp_path, MASTER_KEYS=keys)
    assert again.stdout.startswith("Every key can be opened, so none was given up.")
    async with open_database(path) as database:
        (told,) = await Cases(database).to_tell(GUILD)
    assert told.kind == "key_off"


async def test_a_lost_master_key_that_no_stored_key_needs_is_made_anew(tmp_path: Path) -> None:
    make_database(tmp_path / "bot.db")
    (tmp_path / "master.key").unlink(missing_ok=True)
    done = command("rotate-keys", cwd=tmp_path, DATABASE_PATH="bot.db")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("0 keys were sealed anew with “local”")
    assert (tmp_path / "master.key").exists()


async def test_a_backup_needs_no_token_and_says_that_no_video_is_in_it(tmp_path: Path) -> None:
    make_database(tmp_path / "bot.db")
    done = command("backup", "copy.db", cwd=tmp_path, DATABASE_PATH="bot.db", LOG_LEVEL="loud")
    assert (done.returncode, done.stderr) == (0, "")
    assert "No video is in it" in done.stdout
    assert (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_settings_that_cant_be_read_are_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / ".env").touch(mode=0)
    said_in_a_line(command(*name.split(), cwd=tmp_path, script=ORDINARY), ".env: can't be read: Permission denied")
    (tmp_path / ".env").unlink()
    (tmp_path / ".env").write_bytes(b"CONTACT=\xff\n")
    said_in_a_line(command(*name.split(), cwd=tmp_path), ".env: can't be read: it is not UTF-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_database_out_of_reach_is_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / "closed" / "x" / "bot.db"
    path.parent.mkdir(parents=True)
    path.parent.parent.chmod(0)
    done = command(*name.split(), cwd=tmp_path, script=ORDINARY, DISCORD_TOKEN="t", DATABASE_PATH=str(path))
    path.parent.parent.chmod(0o700)
    said_in_a_line(done, f"DATABASE_PATH: {path} can't be used: Permission denied")


def test_a_master_key_that_cant_be_read_is_one_line(tmp_path: Path) -> None:
    make_database(tmp_path / "bot.db")
    (tmp_path / "master.key").touch(mode=0)
    done = command("rotate-keys", cwd=tmp_path, script=ORDINARY, DATABASE_PATH="bot.db")
    said_in_a_line(done, "MASTER_KEYS: master.key can't be read: Permission denied")


def test_what_a_backup_meets_is_said_of_what_it_is_about(tmp_path: Path) -> None:
    make_database(tmp_path / "bot.db")
    (tmp_path / "closed").mkdir(mode=0)
    for target, words in {
        "bot.db": "exists already; name another file",
        "closed/b.db": "can't be written: Permission denied",
        "nowhere/b.db": "can't be written: No such file or directory",
    }.items():
        done = command("backup", target, cwd=tmp_path, script=ORDINARY, DATABASE_PATH="bot.db")
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{target} {words}\n")
    (tmp_path / "rubbish.db").write_bytes(b"rubbish" * 1000)
    done = command("backup", "copy.db", cwd=tmp_path, DATABASE_PATH="rubbish.db")
    said_in_a_line(done, "DATABASE_PATH: rubbish.db is not a database of this bot")
    assert not (tmp_path / "copy.db").exists()


def said_in_a_line(done: subprocess.CompletedProcess[str], words: str) -> None:
    """A mistake in the settings is a line on its own, or one of the doctor's."""
    assert done.returncode == 2
    if done.stdout:
        assert f"settings        {words}" in done.stdout
        assert done.stderr == ""
    else:
        (line,) = done.stderr.splitlines()
        assert line.startswith(words)


def test_what_serves_discord_needs_a_token(tmp_path: Path) -> None:
    done = command("run", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"DISCORD_TOKEN: {NOT_SET['DISCORD_TOKEN']}\n")
