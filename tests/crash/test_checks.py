"""Each check of the campaign finds what it is there for, and nothing in a world that is as it should be."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.runs import Run
from bot.sandbox.studio import Order
from bot.words import job_card
from bot.words.answers import asked
from storage.servers.usage import HOUR
from tests.crash import checks
from tests.crash import world as crash_world
from tests.crash.checks import CHECKS, Check, violations
from tests.crash.evidence import Death, Evidence, providers
from tests.crash.people import MODAL, Command
from tests.crash.points import ANY_MOMENT, Aim, Point
from tests.crash.processes import left_of
from tests.crash.world import Life
from tests.discord_server.interactions import Interaction
from tests.discord_server.state import COMPONENTS_V2, Json
from tests.words.test_job_card import a_job

NOW = 2000.0
JOB = a_job(
    "succeeded", thread_id=5, card_id=4, reply_id=6, ended_at=1100.0, closed_at=1100.0, cost_usd=Decimal("0.05"),
    spent_micros=50_000, micros=50_000,
)  # fmt: skip
OUTCOME = f"<@42> your video is ready.\n-# AI-generated lip-sync · {JOB.code}"


def message(number: int, content: str = "", card: str = "", **more: Any) -> Json:
    """One in Discord."""
    parts = [{"type": 17, "components": [{"type": 10, "content": card}]}] if card else []
    flags = COMPONENTS_V2 if card else 0
    return {"id": str(number), "content": content, "components": parts, "flags": flags, "attachments": [], **more}


CARD = message(4, card=job_card.card(JOB, providers, None))
RUN = Run("run-1", "rc-key", Order("https://cdn.example/v.mp4"), status="completed", result=Path("run-1.mp4"))
CLEAN = Evidence(
    jobs=[JOB],
    usage={int(1000 // HOUR): (1, 5000, 50_000)},
    undecided=[],
    messages=[CARD, message(6, OUTCOME)],
    runs=[RUN],
    books={"run-1": f"{JOB.id}/runcomfy/text"},
    files=[
        Path(name) for name in ("bot.db", "files", "intake", "files/7", "files/7/clip", "files/7/video-0123456789ab")
    ],
    commands=[],
    deaths=[Death(NOW - 50, {2})],
    ready_at=NOW,
    now=NOW,
)


def with_job(**changes: Any) -> Evidence:
    return replace(CLEAN, jobs=[replace(JOB, **changes)])


def with_file(*names: str, **changes: Any) -> Evidence:
    return replace(with_job(**changes), files=[*CLEAN.files, *map(Path, names)])


def with_run(**changes: Any) -> Evidence:
    again = replace(RUN, id="run-2", **changes)
    return replace(CLEAN, runs=[RUN, again], books={**CLEAN.books, "run-2": CLEAN.books["run-1"]})


def with_message(*messages: Json) -> Evidence:
    return replace(CLEAN, messages=messages)


def with_command(
    callback: Json | None, original: Json | None = None, at: float = NOW - 200, number: int = 1
) -> Evidence:
    interaction = Interaction(number)
    interaction.callback, interaction.original, interaction.acknowledged_at = callback, original, at
    return replace(CLEAN, commands=[Command("text", at, interaction)])


def settled() -> Evidence:
    unknown = replace(
        JOB, state="unknown", failure="unknown_outcome", charge="unclear", cost_usd=None, spent_micros=None
    )
    card = message(4, card=job_card.card(replace(unknown, spent_micros=None), providers, None))
    job = replace(unknown, charge="free", settled_at=1200.0, counted_at=None, spent_micros=0)
    return replace(with_message(card, message(6, OUTCOME)), jobs=[job], usage={})


CANCEL = {"type": 1, "components": [{"type": 2, "custom_id": "v1:cancel:7"}]}
RESTORE = {"type": 1, "components": [{"type": 2, "custom_id": "v1:restore:7"}]}
ASKING = message(9, components=[RESTORE])
PREPARED: Json = {"attachments": [{"filename": "prepared-LS-7-video.mp4"}]}
THINKING: Json = {"type": 5}
STARTING: Json = {"type": 7, "data": {"content": asked.STARTING}}
MADE: dict[str, tuple[Check, Evidence]] = {
    "a job that is still open": (checks.lost, with_job(state="running", closed_at=None, ended_at=None)),
    "a job whose end was never told": (checks.lost, with_message(CARD)),
    "a job that is gone": (checks.lost, replace(CLEAN, jobs=[])),
    "a stage that was paid twice": (checks.paid_twice, with_run()),
    "an outcome told twice": (checks.posted_twice, with_message(CARD, message(6, OUTCOME), message(8, OUTCOME))),
    "a second card": (checks.posted_twice, with_message(CARD, {**CARD, "id": "9"}, message(6, OUTCOME))),
    "an outcome of no job": (checks.posted_twice, with_message(CARD, message(6, OUTCOME), message(8, "<@42> LS-2222"))),
    "a paid job that counts nothing": (checks.usage_differs, with_job(counted_at=None, micros=0)),
    "a video for which nobody was paid": (checks.usage_differs, replace(CLEAN, runs=[])),
    "other costs than in the provider's books": (checks.usage_differs, with_job(spent_micros=60_000)),
    "other costs than in Runware's books": (
        checks.usage_differs,
        replace(with_job(provider="runware"), runs=[replace(RUN, account="rw-key")]),
    ),
    "sums that differ from the rows": (checks.usage_differs, replace(CLEAN, usage={0: (2, 10_000, 100_000)})),
    "the part file of a download": (checks.files_left, with_file("files/7/part-0.mp4.1234.abc.part")),
    "a part file beside the database": (checks.files_left, with_file("bot.db.part")),
    "the file of a result that is being shown": (checks.files_left, with_file("files/shown-x", "files/shown-x/video")),
    "the files of a command without a job": (checks.files_left, with_file("intake/asked-x", "intake/asked-x/clip")),
    "a folder with pieces": (checks.files_left, with_file("files/7/pieces-x")),
    "the folder of no job": (checks.files_left, with_file("files/9", "files/9/clip")),
    "a finished video that is posted": (checks.files_left, with_file("files/7/video.mp4")),
    "a smaller copy of one": (checks.files_left, with_file("files/7/copy.mp4", kept_until=NOW + 1)),
    "a kept video whose time is over": (checks.files_left, with_file("files/7/video.mp4", kept_until=NOW - 1)),
    "a clip that can't be used again any more": (checks.files_left, with_job(closed_at=NOW - 100_000)),
    "a card that says something else": (
        checks.stale_cards,
        with_message(message(4, card=job_card.card(a_job("running"), providers, None)), message(6, OUTCOME)),
    ),
    "a card that is gone": (checks.stale_cards, with_message(message(6, OUTCOME))),
    "a card that still offers to cancel": (
        checks.stale_cards,
        with_message({**CARD, "components": [*CARD["components"], CANCEL]}, message(6, OUTCOME)),
    ),
    "a report of which no moderator knows": (checks.moderators_asked, replace(CLEAN, undecided=[("reported", 7)])),
    "a report that is told twice": (
        checks.moderators_asked,
        replace(with_message(*CLEAN.messages, ASKING, ASKING), undecided=[("reported", 7)]),
    ),
    "a card about a report that is decided": (checks.moderators_asked, with_message(*CLEAN.messages, ASKING)),
    "a prepared file in its thread": (checks.prepared_left, with_message(*CLEAN.messages, message(8, **PREPARED))),
    "a command left at thinking": (checks.unanswered, with_command(THINKING)),
    "a command that was written down": (checks.unanswered, with_command(THINKING, at=NOW - 51, number=2)),
    "an offer left at starting": (checks.unanswered, with_command(STARTING, STARTING["data"])),
    "a process that outlived the bot": (checks.orphans, replace(CLEAN, orphans=["process 1"])),
}  # fmt: skip
NEVER_SHOWN = a_job("failed", failure="cannot_post", card_id=None, counted_at=None, ended_at=1100.0, closed_at=1100.0)
FINE: dict[str, Evidence] = {
    "everything": CLEAN,
    "a job that couldn't be shown": replace(CLEAN, jobs=[NEVER_SHOWN], messages=[], runs=[], books={}, usage={}),
    "a second stage": replace(with_run(result=None), books={**CLEAN.books, "run-2": f"{JOB.id}/runcomfy/face"}),
    "a job of which moderators have said that it was free": settled(),
    "a report of which moderators know": replace(with_message(*CLEAN.messages, ASKING), undecided=[("reported", 7)]),
    "a kept video": with_file("files/7/video.mp4", kept_until=NOW + 1),
    "a command that Discord itself says was lost": with_command(None),
    "a command with an answer": with_command(THINKING, {"content": "LS-7 is on its way"}),
    "a command that could not be answered any more": with_command(THINKING, at=NOW - 1000),
    "a command that was acknowledged right before the bot was killed": with_command(THINKING, at=NOW - 51),
    "a button that opened a form": with_command({"type": MODAL}),
}  # fmt: skip


@pytest.mark.parametrize("what", MADE)
def test_a_check_finds_what_it_is_there_for(what: str) -> None:
    check, evidence = MADE[what]
    assert list(check(evidence))


@pytest.mark.parametrize("what", FINE)
def test_nothing_is_found_where_everything_is_as_it_should_be(what: str) -> None:
    assert violations(FINE[what]) == []


def test_every_check_is_tried() -> None:
    assert {check for check, _ in MADE.values()} >= set(CHECKS)


async def test_what_a_bot_leaves_running_is_found_by_its_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash_world, "END_SECONDS", 0.01)
    sleeps = "import time; time.sleep(60)"
    starts = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {sleeps!r}]); {sleeps}"
    leader = await asyncio.create_subprocess_exec(*(sys.executable, "-c", starts), start_new_session=True)
    while len(left_of(leader.pid)) < 2:
        await asyncio.sleep(0.01)
    life = Life(leader, Aim(Point(ANY_MOMENT), alone=True), asyncio.ensure_future(leader.wait()))
    life.kill()
    await life.over
    (orphan,) = await life.children_left()
    assert "has outlived the bot" in orphan
    while left_of(leader.pid):  # it was killed
        await asyncio.sleep(0.01)
