"""The log: readable, and without secrets, whoever writes it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.app.logs import start_logging


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.level, root.handlers[:])
    yield
    root.level, root.handlers[:] = before


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_reaches_the_log(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("INFO", form, ["token-canary"])
    log = logging.getLogger("anything")
    log.info("the token is token-canary")
    log.info("Authorization: Bearer rc-canary-0123456789")
    log.info("got https://cdn.example/v.mp4?ex=1&hm=canary")
    log.error("failed", exc_info=ValueError("token-canary in an error"))
    written = capsys.readouterr().err
    assert "canary" not in written
    assert "https://cdn.example/v.mp4?[signed]" in written
    assert "ValueError" in written


def test_the_invite_link_is_logged_whole(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("INFO", "text")
    invite = "https://discord.com/oauth2/authorize?client_id=1&scope=bot+applications.commands&permissions=2"
    logging.getLogger("bot").info("invite it with %s", invite)
    assert invite in capsys.readouterr().err


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("INFO", "json")
    logging.getLogger("x").warning("one\ntwo", exc_info=ValueError("three"))
    (line,) = capsys.readouterr().err.split("\n")[:-1]
    assert json.loads(line)["message"] == "one\\ntwo"
    assert json.loads(line)["level"] == "WARNING"
    assert "ValueError: three" in json.loads(line)["exception"]


@pytest.mark.parametrize(
    ("message", "given"),
    [
        ("Attempting a reconnect for shard ID %s in %.2fs", (3, 1.5)),
        ("Failed to connect for shard_id: %s. Retrying...", (3,)),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_outage_of_the_gateway_is_one_line(
    form: str, message: str, given: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging("INFO", form)
    start_logging("INFO", form)
    logging.getLogger("discord.shard").error(message, *given, exc_info=OSError("no route to host"))
    (line,) = capsys.readouterr().err.splitlines()
    assert f"Discord's gateway can't be reached (OSError: no route to host). {message % given}" in line
    assert "WARNING" in line


def test_what_discord_py_says_of_commands_over_http_and_of_voice_channels_is_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start_logging("INFO", "text")
    discord_py = logging.getLogger("discord.client")
    discord_py.warning("Application has an interaction endpoint URL set, this means registered components and…")
    discord_py.warning("PyNaCl is not installed, voice will NOT be supported")
    discord_py.warning("davey is not installed, voice will NOT be supported")
    discord_py.warning("Something else")
    (line,) = capsys.readouterr().err.splitlines()
    assert "Something else" in line


HOSTILE = (
    "x\n2026-01-01 00:00:00,000 ERROR   bot: forged",
    "x\r\x1b[2K\x1b[31mred",
    "x\x9b31m\x85y\x00\x7f",
    "x\u202egnp.exe\u2066\u200f\u061c",
    "x\u2028y\u2029z\ud800",
)
STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_text_from_outside_neither_begins_a_line_nor_steers_a_terminal(
    form: str, hostile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging("INFO", form)
    log = logging.getLogger("bot")
    log.info("a provider says %s", hostile)
    log.info(hostile)
    written = capsys.readouterr().err
    assert written.count("\n") == 2
    assert not STEERING.search(written)
    messages = [json.loads(line)["message"] if form == "json" else line for line in written.splitlines()]
    assert not any(STEERING.search(message) or "\n" in message for message in messages)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_the_text_of_an_error_stays_within_its_traceback(
    form: str, hostile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging("INFO", form)
    logging.getLogger("bot").error("failed", exc_info=ValueError(hostile))
    first, *others = capsys.readouterr().err.split("\n")[:-1]
    assert all(line.startswith("    ") for line in others)
    assert not STEERING.search("".join([first, *others]))
    assert form == "text" or not STEERING.search(json.loads(first)["exception"])


def test_libraries_that_log_whole_requests_are_kept_quiet_at_debug() -> None:
    start_logging("DEBUG", "text")
    assert not logging.getLogger("discord.http").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)


FACTS = {"job": "LS-1", "cost": 0.5, "remote": None, "failure": "two words"}


def test_the_facts_of_an_event_are_fields_of_their_own_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("INFO", "json")
    logging.getLogger("x").info("job moved", extra={"facts": FACTS})
    entry = json.loads(capsys.readouterr().err)
    assert {name: entry[name] for name in ("message", *FACTS)} == {"message": "job moved", **FACTS}


def test_the_facts_of_an_event_are_words_of_its_line_in_text(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("INFO", "text")
    logging.getLogger("x").info("job moved", extra={"facts": FACTS})
    line = capsys.readouterr().err
    assert line.endswith(' INFO    x: job moved job=LS-1 cost=0.5 remote=- failure="two words"\n')


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_a_fact_from_outside_neither_begins_a_line_nor_gives_a_secret_away(
    form: str, hostile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging("INFO", form, ["token-canary"])
    facts = {"remote": f'{hostile} job=forged" https://cdn.example/v.mp4?hm=canary token-canary'}
    logging.getLogger("bot").info("job moved", extra={"facts": facts})
    (line,) = capsys.readouterr().err.split("\n")[:-1]
    assert not STEERING.search(line)
    assert "canary" not in line
    remote = json.loads(line)["remote"] if form == "json" else json.loads(line.partition(" remote=")[2])
    assert not STEERING.search(remote)


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_time_is_iso_8601_with_its_zone(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("INFO", form)
    logging.getLogger("bot").info("x")
    line = capsys.readouterr().err
    time = datetime.fromisoformat(json.loads(line)["time"] if form == "json" else line.split()[0])
    assert time.tzinfo
    assert abs(time - datetime.now(UTC)) < timedelta(seconds=10)
