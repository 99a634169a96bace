"""The files to try the bot with are what their names say, and the bot can use each of them."""

from __future__ import annotations

from pathlib import Path

import av
import httpx
import pytest

from bot.domain.ask import Ask, Asker, Place
from bot.domain.fixes import OF_SOUND
from bot.domain.media_facts import MediaFacts, Seen
from bot.domain.request import Media
from bot.media.pool import open_pool
from bot.media.probe import Probe
from bot.net.client import Http
from bot.preflight.fit import fit, mended
from bot.providers.runcomfy import RunComfy
from tests.conftest import SOMEBODY

CLIPS = ("talking-head.mp4", "another-head.mp4", "upright-phone.mp4", "too-long.mp4", "two-people.mp4", "waving.gif")
SOUNDS = ("recording.mp3", "voice-message.ogg")


async def facts(path: Path) -> MediaFacts:
    async with open_pool() as pool:
        return await Probe(pool).look(path, SOMEBODY)


def media(path: Path) -> Media:
    return Media(url=f"https://cdn.example/{path.name}", name=path.name, size=path.stat().st_size)


def test_there_is_nothing_but_what_is_to_be_tried(samples: Path) -> None:
    assert {path.name for path in samples.iterdir()} == {*CLIPS, *SOUNDS}


@pytest.mark.parametrize(
    ("name", "seconds", "sides", "has_sound"),
    [
        ("talking-head.mp4", 5.0, (1280, 720), True),
        ("another-head.mp4", 5.0, (1280, 720), True),
        ("upright-phone.mp4", 4.0, (720, 1280), True),
        ("too-long.mp4", 14.0, (1280, 720), True),
        ("two-people.mp4", 5.0, (1280, 720), True),
        ("waving.gif", 3.2, (480, 270), False),
    ],
)
async def test_a_clip_is_what_its_name_says(
    samples: Path, name: str, seconds: float, sides: tuple[int, int], has_sound: bool
) -> None:
    found = await facts(samples / name)
    assert found.seconds == pytest.approx(seconds, abs=0.15)
    assert (found.width, found.height) == sides
    assert found.has_sound == has_sound
    assert found.turned == (name == "upright-phone.mp4")
    assert name.rpartition(".")[2] in found.formats


def test_the_upright_clip_is_stored_on_its_side_as_phones_do(samples: Path) -> None:
    with av.open(samples / "upright-phone.mp4") as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height, frame.rotation) == (1280, 720, -90)


@pytest.mark.parametrize(("name", "codec"), [("recording.mp3", "mp3"), ("voice-message.ogg", "opus")])
async def test_a_recording_is_what_its_name_says(samples: Path, name: str, codec: str) -> None:
    found = await facts(samples / name)
    assert (found.width, found.audio_codec) == (0, codec)
    assert 2.0 <= found.seconds <= 6.0


@pytest.mark.parametrize(
    ("clip", "needed"),
    [
        ("talking-head.mp4", set()),
        ("another-head.mp4", set()),
        ("upright-phone.mp4", {"turn"}),
        ("too-long.mp4", {"trim"}),
        ("two-people.mp4", set()),
        ("waving.gif", {"convert", "scale"}),
    ],
)
async def test_every_clip_fits_or_can_be_mended(samples: Path, clip: str, needed: set[str]) -> None:
    runcomfy = RunComfy(Http(httpx.AsyncBaseTransport()))
    for recording in (None, *SOUNDS):
        sound = samples / recording if recording else None
        ask = Ask(
            place=Place(1, 2, "<#2>"),
            asker=Asker(3),
            interaction_id=4,
            video=media(samples / clip),
            text=None if sound else "Hello there",
            voice=None if sound else "en:genshin_vindi2",
            audio=media(sound) if sound else None,
        )
        seen = Seen(await facts(samples / clip), await facts(sound) if sound else None)
        against = fit(ask, runcomfy, seen).problems
        assert {misfit.fix for misfit in against} - OF_SOUND == needed
        assert mended(ask, runcomfy, seen).request
