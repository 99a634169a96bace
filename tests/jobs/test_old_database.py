"""A database that an earlier version of the bot has left goes on working: what was open ends as well as it can, nothing
is paid for twice, and what was kept, decided and set is still there.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storage.engine.schema import migrations
from storage.engine.sqlite import migrate
from storage.jobs.job import SAFE_FILE_BYTES
from tests.canned import real_clip
from tests.jobs.old_database import (
    ALEX,
    BEA,
    CARO,
    CAST,
    CLUB,
    DENIS,
    EDDA,
    LOG,
    MIRA,
    NAMED,
    STAGE,
    STUDIO,
    THEATRE,
    OldWorld,
    load,
    open_old_world,
    rows,
    said,
)
from tests.storage.engines import emptied


@dataclass(frozen=True)
class End:
    """How a job ends: as the row says it, with how many orders more, told in so many messages, with a video or not."""

    state: str
    failure: str | None = None
    orders: int = 0
    messages: int = 1
    video: bool = False
    counts: bool = True


MADE = End("succeeded", video=True)  # at no further cost
ORDERED = End("succeeded", orders=1, video=True)
UNCLEAR = End("unknown", "unknown_outcome")  # may have been taken: never sent again
GONE = End("unknown", "gone")
LATE = End("unknown", "took_too_long")

ENDS = {  # by the name of the clip
    "held-to-approve": ORDERED,
    "held-to-deny": End("cancelled", "denied", counts=False),
    "held-to-cancel": End("cancelled", "cancelled", counts=False),
    "held-too-long": End("failed", "approval_expired", counts=False),
    "queued": ORDERED,
    "queued-unseen": ORDERED,
    "queued-again": ORDERED,
    "queued-too-long": End("failed", "never_sent", counts=False),
    "queued-for-its-second-step": ORDERED,
    "queued-with-others": End("succeeded", orders=2, video=True),  # speech and video, at the third one
    "queued-without-a-key": End("failed", "no_key", counts=False),
    "queued-to-be-uploaded": End("succeeded", orders=2, video=True),  # face and video
    "queued-in-its-second-part": ORDERED,
    "queued-with-an-old-face": End("succeeded", orders=2, video=True),  # the session is gone: face and video
    "queued-before-a-backup": End("failed", "restored"),
    "queued-by-somebody-who-goes": ORDERED,
    "sending-at-runcomfy": UNCLEAR,
    "sending-at-alad": UNCLEAR,
    "sending-at-a-gateway": UNCLEAR,
    "sending-at-runninghub": UNCLEAR,
    "sending-at-kling": UNCLEAR,
    "sending-never-arrived": ORDERED,  # the provider's word is proof
    "sending-arrived": MADE,
    "sending-never-arrived-at-kling": ORDERED,
    "sending-too-long": UNCLEAR,
    "sending-a-file": End("succeeded", orders=2, video=True),  # handing it over costs nothing
    "running": MADE,
    "running-in-line": End("cancelled", "cancelled", counts=False),
    "running-lost-at-runcomfy": GONE,
    "running-speech-lost-at-runninghub": GONE,
    "running-lost-at-runninghub": GONE,
    "running-lost-at-runware": LATE,
    "running-sound-lost-at-runware": LATE,
    "running-lost-at-kling": GONE,
    "running-long-lost-at-kling": GONE,
    "running-sound-lost-at-kling": GONE,
    "running-lost-at-alad": GONE,
    "running-sound-lost-at-alad": GONE,
    "running-lost-at-a-gateway": GONE,
    "running-sound-lost-at-a-gateway": GONE,
    "running-with-a-replaced-key": MADE,
    "running-with-a-removed-key": MADE,
    "running-without-a-key": LATE,
    "made": MADE,
    "made-and-being-posted": MADE,
    "made-and-posted": End("succeeded"),  # long ago, and found again
    "made-and-posted-a-moment-ago": End("succeeded"),
    "made-and-on-the-shelf": MADE,
    "made-and-gone": End("succeeded", "result_lost"),
    "made-and-kept": End("succeeded", "kept"),
    "made-for-a-direct-message": MADE,
    "made-for-nowhere": End("succeeded", "kept", messages=0),
    "made-without-a-thread": MADE,
    "made-for-the-middle": MADE,
    "failed-untold": End("failed", "provider_failed", counts=False),
    "cancelled-untold": End("cancelled", "cancelled", counts=False),
    "unknown-untold": UNCLEAR,
    "failed-in-its-second-part": End("failed", "content_refused", video=True),  # of its first part
    "failed-unseen": End("failed", "cannot_post", messages=0, counts=False),
}
ENDED_BY_TIME = {"running-lost-at-runware", "running-sound-lost-at-runware", "running-without-a-key"}
ENDED_BY_PEOPLE = {"held-to-approve", "held-to-deny", "held-to-cancel", "running-in-line"}


async def until(found: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(60):
        while not found():
            await asyncio.sleep(0.05)


def test_the_old_schema_is_what_its_migrations_make(tmp_path: Path) -> None:
    load(tmp_path / "old.db")
    with closing(sqlite3.connect(tmp_path / "made.db", isolation_level=None)) as connection:
        for number in range(1, 7):
            connection.executescript(f"BEGIN;\n{migrations()[number]}\nCOMMIT;")
    schema = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
    assert [tuple(row) for row in rows(tmp_path / "old.db", schema)] == [
        tuple(row) for row in rows(tmp_path / "made.db", schema)
    ]


def test_what_is_expected_of_the_old_jobs_leaves_none_out(tmp_path: Path) -> None:
    load(tmp_path / "old.db")
    assert [row["name"] for row in rows(tmp_path / "old.db", NAMED) if row["closed_at"] is None] == list(ENDS)


def test_the_newest_schema_keeps_every_old_row(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    load(file)
    before = _counts(file)
    migrate(file)
    assert _counts(file) | before == _counts(file)
    assert rows(file, "PRAGMA integrity_check")[0][0] == "ok"
    assert rows(file, "PRAGMA foreign_key_check") == []


def test_old_jobs_may_post_what_every_place_takes_and_try_to_open_their_thread(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    load(file)
    migrate(file)
    found = rows(file, "SELECT DISTINCT file_bytes, opens_thread FROM jobs")
    assert [tuple(row) for row in found] == [(SAFE_FILE_BYTES, 1)]


def _counts(file: Path) -> dict[str, int]:
    """How many rows each table has."""
    tables = rows(file, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {name: len(rows(file, f"SELECT 1 FROM {name}")) for (name,) in tables}  # noqa: S608 - the tables' names


@pytest.fixture(params=["in its file", "moved to PostgreSQL"])
def url(request: pytest.FixtureRequest) -> str:
    """Where the old database is moved to; empty where it isn't."""
    return "" if request.param == "in its file" else str(request.getfixturevalue("postgres")["newest schema"])


@pytest.mark.timeout(300)
async def test_every_open_job_of_an_old_database_ends_as_well_as_it_can_and_nothing_is_paid_twice(
    tmp_path: Path, url: str
) -> None:
    if url:
        async with emptied(url):
            pass
    async with open_old_world(tmp_path, url=url) as world:
        texts = {row["name"]: json.loads(row["request"]).get("text") for row in world.named()}
        await until(lambda: world.job("held-too-long")["closed_at"])  # what was open has been taken on
        assert "is approved, and starts now" in said(await world.press("approve", "held-to-approve", by=MIRA))
        assert "is denied" in said(await world.press("deny", "held-to-deny", by=MIRA))
        assert "is cancelled" in said(await world.press("cancel", "held-to-cancel"))
        assert "is cancelled" in said(await world.press("cancel", "running-in-line"))
        await world.closed(*ENDED_BY_TIME)
        world.clock.skipped += 3600.0
        await world.closed()
        found = {name: await _end(world, name) for name in ENDS}
        assert found == {
            name: (end.state, end.failure, end.messages, end.video, end.counts) for name, end in ENDS.items()
        }
        assert len(world.orders()) == sum(end.orders for end in ENDS.values())
        for name in [name for name, end in ENDS.items() if not end.orders]:
            assert not [order for order in world.orders() if f"/{name}." in order.video_url + order.audio_url]
            assert not [order for order in world.orders() if order.text and order.text == texts[name]]
        await _everybody_was_told(world)
        await _keys_that_nobody_needs_are_gone(world)
    async with open_old_world(tmp_path, later=3 * 3600.0, url=url) as world:
        await world.closed()
        await until(lambda: all(row["forgotten_at"] for row in world.named() if row["member_id"] == EDDA))
        assert world.orders() == []
        assert world.named()[0]["forgotten_at"]  # a hundred days old
        assert "Forget me when this is done" not in str([tuple(row) for row in world.named()])


async def _end(world: OldWorld, name: str) -> tuple[str, str | None, int, bool, bool]:
    """How a job has ended, in its row, its history and in Discord."""
    job, outcomes = world.job(name), world.outcomes(name)
    if outcomes:
        assert job["reply_id"] == outcomes[0].id
        assert job["reply_channel_id"] == outcomes[0].channel.id
    if outcomes and outcomes[0].guild:
        assert outcomes[0].channel.id == (job["thread_id"] or job["channel_id"])
    assert job["moved_to"] == job["state"]
    assert not [message.content for message in outcomes if "-# ⚠️" in message.content]  # nothing odd about a video
    has_video = any(message.attachments for message in outcomes)
    return job["state"], job["failure"], len(outcomes), has_video, job["counted_at"] is not None


async def _everybody_was_told(world: OldWorld) -> None:
    """Moderators in the log and of their key, members in their direct messages; no prepared file stays."""
    await until(lambda: not world.rows("SELECT * FROM log_entries"))
    told = str([component.to_dict() for message in world.history(LOG) for component in message.components])
    assert "„spam“ & other's 💥" in told
    assert world.code("queued") in told
    await until(
        lambda: not world.rows("SELECT * FROM undecided LEFT JOIN cases USING (kind, subject_id) WHERE told IS NULL")
    )
    (bea, mira) = (world.people[CLUB, who].user.dm_channel.history() for who in (BEA, MIRA))
    assert [message.content.endswith(world.code("made-for-a-direct-message")) for message in bea] == [True]
    assert sorted(message.content[:60].split(" of ")[0] for message in mira) == [
        "⚠️ The Kling gateway key ending **…0011**",
        "⚠️ The RunComfy key ending **…0007**",
        "❓ A video in **Theatre** has ended, and nobody knows if it w",
    ]
    middle = world.history(world.job("made-for-the-middle")["thread_id"])
    assert not [message for message in middle if "prepared file" in message.content]


async def _keys_that_nobody_needs_are_gone(world: OldWorld) -> None:
    """Retired keys go with the last job that needs them; the others are kept, and why they are off."""
    keys = world.rows("SELECT hint, off_reason FROM keys WHERE guild_id = 1102000000000000002 ORDER BY id")
    assert [tuple(key) for key in keys] == [("0007", "out_of_credit"), ("0008", None), ("0011", "bad_key")]


@pytest.mark.timeout(300)
async def test_the_buttons_on_old_messages_still_answer(tmp_path: Path) -> None:
    async with open_old_world(tmp_path) as world:
        await world.closed(*ENDED_BY_TIME, *ENDED_BY_PEOPLE)
        ordered = len(world.orders())
        answers = [
            (await world.press("again", "posted"), "is on its way"),
            (await world.press("again", "posted", by=BEA), "Only the person who asked for"),
            (await world.press("again", "lost"), "I keep clips for a day"),
            (await world.press("again", "reported"), "moderators decide about it first"),
            (await world.press("full", "smaller-copy", by=CARO), "The full video of"),
            (await world.press("full", "kept"), "The full video of"),
            (await world.press("full", "kept", by=CARO), "Only the person who asked for"),
            (await world.press("full", "kept-too-long"), "isn't kept any more"),
            (await world.press("report", "given-back", by=CARO), "It's blurred until a moderator reviews it"),
            (await world.press("report", "reported", by=CARO), "Someone has already reported this video"),
            (await world.press("report", "posted", by=DENIS), "moderators don't let you use me"),
            (await world.press("delete", "posted-in-the-channel", by=CARO), "or a moderator, can delete it"),
            (await world.press("delete", "posted-in-the-channel"), "It is deleted here and from my storage"),
            (await world.press("delete", "reported"), "moderators decide about it first"),
            (await world.press("cancel", "posted"), "has already ended"),
            (await world.press("cancel", "running-lost-at-runware"), "can't be stopped any more"),
            (await world.press("cancel", "running-in-line", by=CARO), "or a moderator, can cancel it"),
            (await world.press("approve", "held-to-approve", by=BEA), "Manage Server"),
            (await world.press("approve", "held-to-approve", by=MIRA), "is approved, and starts now"),
            (await world.press("deny", "held-to-deny", by=MIRA), "is denied; nothing was charged"),
            (await world.press("restore", "reported", by=MIRA), "It is shown again"),
            (await world.press("block", "reported-too", by=MIRA), f"<@{BEA}> is blocked"),
            (await world.press("refund", "posted", by=MIRA), "is given back to"),
            (await world.press("charged", "unknown", by=MIRA), "is settled: it was charged"),
            (await world.press("free", "unknown-untold", by=MIRA), "is settled: it was not charged"),
        ]
        assert [said(result) for result, words in answers if words not in said(result)] == []
        form = await world.press("voice", "smaller-copy")
        assert form.modal
        assert "Every word of this was said before." in str(form.modal)
        await world.closed(*ENDED_BY_TIME, "held-to-cancel", "running-in-line")
        new = [order.text for order in world.orders()[ordered:]]
        text = '„Grüße aus Köln“ 🎉 — it\'s 100 % "quoted", 日本語も; DROP TABLE jobs; \\ @everyone <@1> `x`'
        assert sorted(new) == sorted([text, "Please let me say “héllo” 👋"])


@pytest.mark.timeout(300)
async def test_old_limits_rules_and_keys_still_bind_and_open(tmp_path: Path) -> None:
    async with open_old_world(tmp_path) as world:
        await world.closed(*ENDED_BY_TIME, *ENDED_BY_PEOPLE)
        wish: dict[str, Any] = {"video": real_clip(5.0), "text": "One more.", "voice": "en:genshin_vindi2"}
        asked = [
            (await world.told("lipsync text", by=CARO, **wish), "is on its way"),
            (await world.told("lipsync text", by=CARO, **wish), "1 video a day (for you alone)"),
            (await world.told("lipsync text", by=DENIS, **wish), "moderators don't let you use me"),
            (await world.told("lipsync text", by=CARO, at=STAGE, **wish), "6 videos a day (for the whole server)"),
            (await world.told("lipsync text", by=EDDA, at=STAGE, **wish), f"members with the role <@&{CAST}> only"),
            (await world.told("lipsync usage", at=STAGE), "On top: **2 videos** left"),
            (
                await world.told("lipsync usage", at=STAGE),
                "5 s of video a day (for you alone): **0 s of video** left (more than the limit",
            ),
            (await world.told("lipsync-admin quota list", by=MIRA), f"**<@&{CAST}>**: 5,000 s of video a week"),
            (await world.told("lipsync-admin quota list", by=MIRA, at=STAGE), "„première“ 🎭 it's her's"),
            (await world.told("lipsync-admin access status", by=MIRA), "„spam“ & other's 💥"),
            (await world.told("lipsync-admin access status", by=MIRA, at=STAGE), f"<#{STAGE}>"),
            (await world.told("lipsync-admin access status", by=MIRA, at=STAGE), "30 days"),
        ]
        assert [said(result) for result, words in asked if words not in said(result)] == []
        for provider in ("runcomfy", "runware", "runninghub", "kling", "alad", "kling_gateway"):
            tested = said(await world.told("lipsync-admin key test", by=MIRA, provider=provider))
            assert "key works, and is switched on" in tested
        listed = said(await world.told("lipsync-admin key list", by=MIRA))
        assert [hint for hint in ("0001", "0002", "0003", "ough", "0005", "0006") if f"…{hint}" not in listed] == []


@pytest.mark.timeout(300)
async def test_everything_in_an_old_database_can_be_read(tmp_path: Path) -> None:
    async with open_old_world(tmp_path) as world:
        await world.closed(*ENDED_BY_TIME, *ENDED_BY_PEOPLE)
        own = await world.told("lipsync jobs")
        assert [code for code in map(world.code, ("smaller-copy", "kept")) if f"[`{code}`]" not in said(own)] == []
        assert "Under way" in said(await world.told("lipsync usage"))
        assert "of this server and" in said(await world.told("lipsync privacy"))
        month = await world.told("lipsync-admin report", by=MIRA, month="2026-03")
        assert "people who were forgotten" in said(await world.told("lipsync-admin report", by=MIRA, month="2026-01"))
        assert "**Without a video**" in said(month)
        assert f"<@{ALEX}>" in said(month)
        await _open_all(world, await world.told("lipsync-admin settle", by=MIRA), STUDIO)
        reported = said(await world.told("lipsync-admin jobs", by=MIRA, state="reported"))
        assert world.code("reported") in reported
        for at in (STUDIO, STAGE):
            for state in ("waiting for approval", "under way", "finished", "failed", "cancelled", "unknown"):
                await _open_all(world, await world.told("lipsync-admin jobs", by=MIRA, at=at, state=state), at)


async def _open_all(world: OldWorld, listed: Any, at: int) -> None:
    """Open every job of a list."""
    if said(listed) == "No videos here.":
        return
    menu = listed.response.components[0]["components"][0]
    moderator = world.people[THEATRE if at == STAGE else CLUB, MIRA]
    for option in menu["options"]:
        opened = said(await moderator.select(listed.response, [option["value"]], custom_id=menu["custom_id"]))
        assert option["label"].split()[1] in opened
        assert "asked for <t:" in opened
