"""The log: readable, and without secrets, whoever writes it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

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
    logging.getLogger("x").warning("one\ntwo")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "one\ntwo"
    assert json.loads(line)["level"] == "WARNING"


def test_libraries_that_log_whole_requests_are_kept_quiet_at_debug() -> None:
    start_logging("DEBUG", "text")
    assert not logging.getLogger("discord.http").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
