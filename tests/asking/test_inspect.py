"""What people attached: fetched, and looked into."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from bot.asking.inspect import Inspector
from bot.clock import Clock
from bot.domain.request import Media
from bot.files.incoming import Incoming
from bot.media.pool import WorkerPool
from bot.media.probe import Probe
from bot.net.client import Http
from bot.net.transport import open_client
from bot.words.refusals.files import FileNotFetched, NoMedia
from tests.net.test_client import answering, http_answer, serving


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
    async with serving(answering(answer)) as url, open_client({"127.0.0.1"}) as client:
        incoming = Incoming(Http(client).at(url), tmp_path, url, Probe(pool), Clock())
        inspector = Inspector(incoming, cast("Any", None))
        with pytest.raises(refusal):
            await inspector._look(Media(url=f"{url}/notes.txt", name="notes.txt", size=10), tmp_path / "clip")
