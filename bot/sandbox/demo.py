"""`python -m bot demo`: the unmodified bot in a simulated Discord, with a simulated provider, on real video and
audio files.

It makes one video from a text and one from a recording by itself, then leaves the simulated Discord open in the
browser.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from simcord.results import ResponseMessage

from bot.sandbox.sample import write_sample_audio, write_sample_clip
from bot.sandbox.stage import Stage, open_stage

OUTPUT = Path("demo-videos")
LINE = "Hello! I am only a drawing, but now I can talk."
RECORDED_LINE = "And this is a recording, spoken by somebody else."
PATIENCE = 90.0  # seconds until a video must be there
WAITING = 8.0  # seconds that a job stays in line while a person plays
TICK = 0.5  # seconds between two looks at a job


def main() -> int:
    """Run the demo; 0 when both videos arrived."""
    alone = bool(os.environ.get("CI")) or not sys.stdout.isatty()
    logging.basicConfig(level=logging.WARNING, format="  %(levelname)s %(name)s: %(message)s")
    try:
        return asyncio.run(_demo(stay=not alone))
    except KeyboardInterrupt:
        print("\nBye.")
        return 0


async def _demo(*, stay: bool) -> int:
    print("Mouthpiece demo: the real bot, a simulated Discord, a simulated provider. Nothing leaves this machine.\n")
    with TemporaryDirectory(prefix="mouthpiece-demo-") as folder:
        clip, recording = Path(folder, "clip.mp4"), Path(folder, "recording.mp3")
        with _step("Drawing a talking face, recording a voice"):
            await asyncio.to_thread(write_sample_clip, clip)
            await asyncio.to_thread(write_sample_audio, recording, RECORDED_LINE)
        async with open_stage(Path(folder)) as stage:
            key = await _add_key(stage)
            print(f"  moderator  /lipsync-admin key add → {key}")
            wishes: dict[str, dict[str, object]] = {
                "text": {"text": LINE, "voice": "en:genshin_vindi2"},
                "audio": {"audio": (recording.name, await asyncio.to_thread(recording.read_bytes))},
            }
            video = (clip.name, await asyncio.to_thread(clip.read_bytes))
            made = [await _make(stage, mode, {"video": video, **wish}) for mode, wish in wishes.items()]
            if not all(made):
                print("\nThe demo failed: a video did not arrive.", file=sys.stderr)
                return 1
            print(f"\nBoth videos are in {OUTPUT}/ — play them: the face speaks the new words.")
            if stay:
                await _show(stage)
    return 0


async def _add_key(stage: Stage) -> str:
    async with stage.turn:
        form = await stage.moderator.slash(stage.channel, "lipsync-admin key add", provider="runcomfy")
        assert form.modal
        field = form.modal["components"][0]["component"]["custom_id"]
        answer = await stage.moderator.submit_modal(form, {field: "rc-demo-key-0001"})
    return _first_line(answer.response.content if answer.response else "")


async def _make(stage: Stage, mode: str, options: dict[str, object]) -> bool:
    began = time.monotonic()
    async with stage.turn:
        answer = await stage.member.slash(stage.channel, f"lipsync {mode}", **options)
        if answer.response and (confirm := _button(answer.response)):
            print(f"  member     /lipsync {mode} → asked once to confirm the rules, and does")
            answer = await stage.member.click(answer.response, label=confirm)
    print(f"  member     /lipsync {mode} → {_first_line(answer.response.content if answer.response else '')}")
    video = None
    while stage.client.worker.open_jobs and time.monotonic() - began < PATIENCE:
        _progress(f"             working … {time.monotonic() - began:.0f} s")
        await asyncio.sleep(TICK)
    for message in stage.channel.threads[-1].history():
        video = next((file for file in message.attachments if file.filename.endswith(".mp4")), video)
    data = stage.env.backend.cdn.get(video.url) if video else None
    _progress("")
    if video is None or data is None:
        print("             no video")
        return False
    target = OUTPUT / f"{mode}-{video.filename}"
    await asyncio.to_thread(_save, target, data)
    print(f"             done in {time.monotonic() - began:.1f} s → {target} ({len(data) / 2**20:.1f} MB)")
    return True


async def _show(stage: Stage) -> None:
    stage.sandbox.runs.queue_seconds = WAITING
    viewers = [stage.member, stage.moderator]
    async with stage.env.preview(stage.channel, viewers=viewers, layout="channel") as page:
        print(
            f"\nNow try it yourself: open {page.url}\n"
            "  · Alex is a member: type /lipsync text, attach a video (one from that folder will do), pick a voice\n"
            "  · a few seconds later press Refresh preview: the video is in the thread under the card\n"
            f"  · a job stays {WAITING:.0f} s in line, so that its Cancel button can be tried\n"
            "  · Mira is a moderator: switch to her, type /lipsync-admin setup\n"
            "Ctrl+C ends the demo."
        )
        await page.wait_closed()


def _button(message: ResponseMessage) -> str | None:
    """What stands on the first button under an answer."""
    return next((str(item["label"]) for row in message.components for item in row["components"]), None)


def _save(target: Path, data: bytes) -> None:
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(data)


@contextmanager
def _step(what: str) -> Iterator[None]:
    began = time.monotonic()
    _progress(f"  {what} …")
    yield
    _progress("")
    print(f"  {what}: {time.monotonic() - began:.1f} s")


def _progress(text: str) -> None:
    """One line that is rewritten in place; nothing where nobody is watching."""
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)


def _first_line(text: str) -> str:
    return text.partition("\n")[0].partition(": https:")[0].replace("**", "")
