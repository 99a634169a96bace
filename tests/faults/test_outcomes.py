"""Every call that the bot makes, with every answer it can get: what becomes of the job.

The table is the documentation. It is complete by construction: the calls are those that a life makes, and a call or an
answer without a row fails.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Refusal
from bot.sandbox.faults import Faults
from bot.sandbox.server import Sandbox
from tests.canned import CannedStudio
from tests.crash.doom import Doom
from tests.crash.test_crash import Outside, over
from tests.discord_server.server import DiscordServer

# What a call is called here: who answers it, its method, and a pattern of its path.
CALLS = {
    "price": ("provider", "GET", "*/text-to-video"),
    "submit": ("provider", "POST", "*/models/*"),
    "status": ("provider", "GET", "*/status"),
    "result": ("provider", "GET", "*/result"),
    "download": ("provider", "GET", "/files/*"),
    "card": ("discord", "POST", "*/channels/[0-9]*/messages"),
    "thread": ("discord", "POST", "*/threads"),
    "outcome": ("discord", "POST", "*/channels/[0-9]*/messages"),
    "edit": ("discord", "PATCH", "*/messages/*"),
}
ANSWERS: dict[str, dict[str, Any]] = {
    "429 with a header": {"kind": "answer", "status": 429, "body": '{"retry_after": 0.01, "message": "x"}',
                          "headers": {"Retry-After": "1", "X-RateLimit-Scope": "user", "Via": "1.1 google"}},
    "429 without one": {"kind": "answer", "status": 429, "body": '{"retry_after": 0.01, "message": "x"}'},
    "500": {"kind": "answer", "status": 500, "body": "{}"},
    "502": {"kind": "answer", "status": 502, "body": "<html>bad gateway</html>"},
    "503": {"kind": "answer", "status": 503, "body": "{}"},
    "504": {"kind": "answer", "status": 504, "body": "{}"},
    "401": {"kind": "answer", "status": 401, "body": '{"message": "x", "code": 0}'},
    "403": {"kind": "answer", "status": 403, "body": '{"message": "Missing Access", "code": 50001}'},
    "404": {"kind": "answer", "status": 404, "body": '{"message": "Unknown Channel", "code": 10003}'},
    "HTML": {"kind": "answer", "status": 200, "body": "<html>hello</html>"},
    "truncated": {"kind": "truncate"},
    "slow": {"kind": "drip"},
    "cut before the effect": {"kind": "cut before"},
    "cut after the effect": {"kind": "cut after"},
}  # fmt: skip
VIDEO, UNKNOWN, REFUSED = "the video", "unknown", "refused at once"
AMBIGUOUS = ("500", "502", "503", "504", "HTML", "truncated", "cut before the effect", "cut after the effect")
# What a single such answer leads to; what isn't named here leads to the video.
OUTCOMES = {
    **{("submit", answer): UNKNOWN for answer in AMBIGUOUS},
    ("submit", "401"): "failed: bad_key",
    ("submit", "403"): "failed: bad_key",
    ("submit", "404"): "failed: gone",
    ("card", "401"): REFUSED,
    ("card", "403"): REFUSED,
    ("card", "404"): REFUSED,
}


ROWS = [pytest.param(call, answer, id=f"{call}-{answer}") for call in CALLS for answer in ANSWERS]


def arm(faults: Faults, call: str, answer: str, times: int = 1) -> None:
    """Let the next such call get this answer. An outcome's post is the second of its kind."""
    _, method, path = CALLS[call]
    given = dict(ANSWERS[answer])
    faults.add(given.pop("kind"), method, path, times=times, **given)


async def became(folder: Path) -> tuple[str, int]:
    """What became of the one job, and how many there are."""
    with closing(sqlite3.connect(folder / "bot.db")) as connection:
        jobs = connection.execute("SELECT state, failure FROM jobs").fetchall()
    ((state, failure),) = jobs
    if failure == "cannot_post":
        return REFUSED, len(jobs)
    return {"succeeded": VIDEO, "unknown": UNKNOWN}.get(state, f"{state}: {failure}"), len(jobs)


@pytest.mark.parametrize(("call", "answer"), ROWS)
async def test_a_single_bad_answer_has_this_outcome(tmp_path: Path, call: str, answer: str) -> None:
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        outside = Outside(discord, sandbox, tmp_path)
        await outside.prepare()
        faults = discord.faults if CALLS[call][0] == "discord" else sandbox.faults
        async with outside.life(Doom()) as client:
            if call != "outcome":
                arm(faults, call, answer)
                with suppress(Refusal):
                    await outside.ask(client)
            else:
                await outside.ask(client)
                arm(faults, call, answer)
            await over(client, Doom())
        how, _ = await became(tmp_path)
        assert how == OUTCOMES.get((call, answer), VIDEO)
        assert len(sandbox.runs.ledger) <= 1
        told = [message for message in discord.outcomes() if message["channel_id"] != "0"]
        assert len(told) == (0 if how == REFUSED else 1)
        assert bool(told and told[0]["attachments"]) == (how == VIDEO)


async def test_every_call_of_a_life_has_its_rows(tmp_path: Path) -> None:
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        outside = Outside(discord, sandbox, tmp_path)
        await outside.prepare()
        doom = Doom()
        async with outside.life(doom) as client:
            await outside.ask(client)
            await over(client, doom)
    effects = {name.removeprefix("before ") for name in doom.passed if name.startswith("before ")}
    calls = {effect for effect in effects if not effect.startswith("commit")}
    known = {
        "GET text-to-video": "price",
        "POST text-to-video": "submit",
        "GET status": "status",
        "GET result": "result",
        "download": "download",
        "Discord POST messages": "card",
        "Discord POST threads": "thread",
    }
    assert calls == set(known)
    assert set(CALLS) == set(known.values()) | {"outcome", "edit"}
