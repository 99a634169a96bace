"""A file that would make FFmpeg open others, or go to the network, is refused whatever it is called."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.domain.edits import ClipEdit
from bot.media.editor import Editor
from bot.media.probe import Probe, Unreadable
from tests.conftest import SOMEBODY
from tests.media.conftest import Make
from tests.media.odd_files import Odd

PLAYLIST = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\n{}\n#EXT-X-ENDLIST\n"
SCRIPTS = {
    "playlist": PLAYLIST.format("inside.mp4"),
    "playlist of an absolute path": PLAYLIST.format("file:///etc/passwd"),
    "playlist of an address": PLAYLIST.format("http://127.0.0.1:9/x.mp4"),
    "concat": "ffconcat version 1.0\nfile inside.mp4\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    '<Representation id="1" bandwidth="1"><BaseURL>inside.mp4</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>",
    "session description": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
    "metadata": ";FFMETADATA1\ntitle=x\n",
    "subtitles": "1\n00:00:00,000 --> 00:00:01,000\nhello\n",
}


@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_script_is_no_clip(name: str, make: Make, probe: Probe, editor: Editor, tmp_path: Path) -> None:
    shutil.copy(make(Odd()), tmp_path / "inside.mp4")
    for ending in ("mp4", "m3u8", "ffconcat", "mpd", "sdp"):
        file = tmp_path / f"clip.{ending}"
        file.write_text(SCRIPTS[name])
        with pytest.raises(Unreadable):
            await probe.look(file, SOMEBODY)
        with pytest.raises(Unreadable):
            await editor.clip(file, ClipEdit(seconds=1, width=64, height=64, most_bytes=2**20), tmp_path / "out")
    assert not (tmp_path / "out").exists()


async def test_a_name_is_no_pattern_and_no_address(make: Make, probe: Probe, tmp_path: Path) -> None:
    shutil.copy(make(Odd(format="mov", video="png", pixels="rgb24", codec_options={})), tmp_path / "clip001.png")
    for name in ("clip%03d.png", "clip*.png", "http:clip001.png", "concat:clip001.png", "pipe:0"):
        with pytest.raises(Unreadable):
            await probe.look(tmp_path / name, SOMEBODY)


async def test_odd_characters_in_a_path_do_no_harm(make: Make, probe: Probe, tmp_path: Path) -> None:
    for name in ("clip%03d.mp4", "concat:a|b", "ü 'quoted' \"x\" [1]?#.mov"):
        shutil.copy(make(Odd()), tmp_path / name)
        assert (await probe.look(tmp_path / name, SOMEBODY)).video_codec == "h264"
