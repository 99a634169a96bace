"""What a file really holds, found out where a bomb or a crash does no harm."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import av
import pytest

from bot.domain.media_facts import MediaFacts
from bot.fair_queue import Owner
from bot.media.probe import Probe, Unreadable
from bot.sandbox.sample import write_sample_audio, write_sample_clip
from tests.conftest import GUILD, OTHER_GUILD, SOMEBODY
from tests.world import open_world


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    write_sample_clip(folder / "clip.mp4", 2.0)
    write_sample_audio(folder / "voice.mp3", "Hello there.")
    return folder


async def test_a_clip_is_measured(media: Path, probe: Probe) -> None:
    facts = await probe.look(media / "clip.mp4", SOMEBODY)
    assert "mp4" in facts.formats
    assert (facts.width, facts.height, facts.has_sound) == (1280, 720, True)
    assert facts.seconds == pytest.approx(2.0, abs=0.05)


async def test_a_recording_has_no_picture(media: Path, probe: Probe) -> None:
    facts = await probe.look(media / "voice.mp3", SOMEBODY)
    assert facts.formats == {"mp3"}
    assert (facts.width, facts.height, facts.has_sound) == (0, 0, True)
    with av.open(media / "voice.mp3") as container:
        assert container.duration is not None
        assert facts.seconds == pytest.approx(container.duration / av.time_base, abs=0.1)


async def test_a_cover_picture_makes_no_clip_of_a_song(media: Path, probe: Probe, tmp_path: Path) -> None:
    song = tmp_path / "song.m4a"
    with av.open(media / "voice.mp3") as source, av.open(song, "w", format="mp4") as target:
        sound = target.add_stream_from_template(source.streams.audio[0])
        cover = target.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        target.mux(cover.encode(av.VideoFrame(64, 64, "yuvj420p")))
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = sound
                target.mux(packet)
        target.mux(cover.encode(None))
    assert (await probe.look(song, SOMEBODY)).width == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"just words", b"\x00" * 5000, b"\xff\xfej\x00", b"\x89PNG\r\n\x1a\n", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n"],
)
async def test_of_what_is_no_media_that_is_said(probe: Probe, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "clip.mp4"
    file.write_bytes(content)
    with pytest.raises(Unreadable, match=r"^it is not a video or a recording$"):
        await probe.look(file, SOMEBODY)


@pytest.mark.parametrize("content", [b"\x00\x00\x00\x18ftypmp42", b"ID3\x04", b"RIFF\x24\x00\x00\x00WAVEfmt "])
async def test_of_a_file_that_is_damaged_or_cut_off_that_is_said(probe: Probe, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "clip.mp4"
    file.write_bytes(content)
    with pytest.raises(Unreadable, match=r"^it is damaged or cut off$"):
        await probe.look(file, SOMEBODY)


@pytest.mark.parametrize("percent", [1, 3, 10])
async def test_of_a_clip_without_its_pictures_it_is_said_that_it_is_damaged(
    media: Path, probe: Probe, tmp_path: Path, percent: int
) -> None:
    whole = (media / "clip.mp4").read_bytes()
    file = tmp_path / "clip.mp4"
    file.write_bytes(whole[: len(whole) * percent // 100])
    with pytest.raises(Unreadable, match=r"^it is damaged or cut off$"):
        await probe.look(file, SOMEBODY)


async def test_a_clip_that_was_cut_short_is_unreadable_or_shorter(media: Path, probe: Probe, tmp_path: Path) -> None:
    whole = (media / "clip.mp4").read_bytes()
    file = tmp_path / "cut.mp4"
    for share in (3, 10, 50, 90):
        file.write_bytes(whole[: len(whole) * share // 100])
        try:
            facts = await probe.look(file, SOMEBODY)
        except Unreadable:
            continue
        assert facts.seconds <= 2.05


async def test_whatever_is_looked_into_passes_the_same_bound(tmp_path: Path) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        incoming, finishing = world.parts.incoming, world.parts.assembler
        assert finishing.look == incoming._probe.look


async def test_what_one_server_has_looked_into_holds_up_no_other_server() -> None:
    looking: list[Path] = []

    class Pool:
        async def run(self, _task: object, _bounds: object, file: Path, **_: object) -> MediaFacts:
            looking.append(file)
            if file.name == "slow":
                await asyncio.Event().wait()
            return MediaFacts(frozenset({"mp4"}), 1.0, 720, 720, has_sound=True)

    pool: Any = Pool()
    probe = Probe(pool)
    slow = [asyncio.create_task(probe.look(Path("slow"), Owner(GUILD, member))) for member in range(20)]
    async with asyncio.timeout(60):
        while not looking:
            await asyncio.sleep(0)
        for _ in range(3):
            await probe.look(Path("other"), Owner(OTHER_GUILD, 1))
    assert looking.count(Path("slow")) == 1
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
