"""What people attached: fetched, and looked into."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from bot.asking.inspect import Inspector
from bot.domain.ask import Ask, Asker, Place
from bot.domain.media_facts import MediaFacts
from bot.domain.request import Media
from bot.files.incoming import Incoming
from bot.media.pool import WorkerPool
from bot.media.probe import Probe
from bot.net.client import Http
from bot.net.transport import open_transport
from bot.words.refusals.files import FileNotFetched, NoMedia
from tests.conftest import SOMEBODY
from tests.fast_clock import FastClock
from tests.net.test_client import answering, http_answer, serving


class Anything:
    """Finds a video in every file."""

    async def look(self, _: Path, __: object) -> MediaFacts:
        return MediaFacts(frozenset({"mp4"}), 1.0, 720, 720, has_sound=True)


@pytest.mark.parametrize(
    ("status", "kind", "refusal"),
    [
        ("200 OK", "text/plain; charset=utf-8", NoMedia),
        ("200 OK", "application/json", NoMedia),
        ("404 Not Found", "text/plain", FileNotFetched),
        ("503 Service Unavailable", "text/html", FileNotFetched),
    ],
)
async def test_a_text_is_told_from_a_file_that_discord_does_not_hand_over(
    pool: WorkerPool, tmp_path: Path, status: str, kind: str, refusal: type[Exception]
) -> None:
    answer = http_answer(status, "just words", f"Content-Type: {kind}")
    async with serving(answering(answer)) as url, open_transport({"127.0.0.1"}) as transport:
        incoming = Incoming(Http(transport).at(url), tmp_path, url, Probe(pool), FastClock())
        inspector = Inspector(incoming, cast("Any", None))
        with pytest.raises(refusal):
            await inspector._look(Media(url=f"{url}/notes.txt", name="notes.txt", size=10), tmp_path / "clip", SOMEBODY)


@pytest.mark.parametrize("failures", [1, 2])
async def test_a_fetch_of_an_attachment_that_fails_is_made_once_more_before_anybody_is_told(
    tmp_path: Path, failures: int
) -> None:
    answers = [http_answer("503 Service Unavailable", "away")] * failures + [http_answer("200 OK", "a clip")]

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answering(answers.pop(0))(reader, writer)

    async with serving(handler) as url, open_transport({"127.0.0.1"}) as transport:
        incoming = Incoming(Http(transport).at(url), tmp_path, url, cast("Any", Anything()), FastClock())
        look = Inspector(incoming, cast("Any", None))._look(
            Media(url=f"{url}/c.mp4", name="c.mp4", size=6), tmp_path / "c", SOMEBODY
        )
        if failures == 1:
            assert (await look).digest == hashlib.sha256(b"a clip").hexdigest()
        else:
            with pytest.raises(FileNotFetched):
                await look
            assert len(answers) == 1


class AnyRoom:
    """There is room."""

    @asynccontextmanager
    async def for_files(self, *_: object) -> AsyncIterator[None]:
        yield


def asking(url: str) -> Ask:
    clip, sound = Media(url=f"{url}/clip", name="c.mp4", size=4), Media(url=f"{url}/sound", name="s.mp3", size=5)
    place, asker = Place(guild_id=1, channel_id=2, channel_name="here"), Asker(member_id=3)
    return Ask(place, asker, interaction_id=4, video=clip, audio=sound)


async def test_a_clip_and_its_recording_are_fetched_beside_each_other(tmp_path: Path) -> None:
    both = asyncio.Barrier(2)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        await both.wait()
        writer.write(http_answer("200 OK", path[1:]).encode())
        await writer.drain()

    async with serving(handler) as url, open_transport({"127.0.0.1"}) as transport, asyncio.timeout(30):
        incoming = Incoming(Http(transport).at(url), tmp_path, url, cast("Any", Anything()), FastClock())
        seen = await Inspector(incoming, cast("Any", AnyRoom())).look(asking(url), tmp_path)
    assert seen.audio
    assert (seen.video.digest, seen.audio.digest) == tuple(
        hashlib.sha256(what).hexdigest() for what in (b"clip", b"sound")
    )


async def test_a_recording_is_not_waited_for_when_its_clip_is_refused(tmp_path: Path) -> None:
    asked, hung_up = asyncio.Event(), asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        if path == b"/clip":
            await asked.wait()
            writer.write(http_answer("404 Not Found", "").encode())
            await writer.drain()
        else:
            asked.set()
            await reader.read()  # until the bot hangs up
            hung_up.set()

    async with serving(handler) as url, open_transport({"127.0.0.1"}) as transport, asyncio.timeout(30):
        incoming = Incoming(Http(transport).at(url), tmp_path, url, cast("Any", Anything()), FastClock())
        with pytest.raises(FileNotFetched):
            await Inspector(incoming, cast("Any", AnyRoom())).look(asking(url), tmp_path)
        await hung_up.wait()
    assert not list(tmp_path.iterdir())
