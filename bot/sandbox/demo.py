"""`python -m bot demo`: the unmodified bot in a simulated Discord, with a simulated provider, on real video and
audio files.

It makes one video from a text and one from a recording by itself, then leaves the simulated Discord open in the
browser.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory

from simcord.results import InteractionResult, ResponseMessage

from bot.sandbox.page.opening import open_in_browser
from bot.sandbox.page.server import serve_page, served_at
from bot.sandbox.samples.files import write_first, write_others
from bot.sandbox.stage import Stage, open_stage
from bot.sandbox.terminal import progress, step

OUTPUT = Path("demo-videos")
SAMPLES = OUTPUT / "to-try"
LINE = "Hello! I am only a drawing, but now I can talk."
PATIENCE = 90.0  # seconds until a video must be there
WAITING = 4.0  # seconds that a job stays in line while a person plays, so that Cancel can be tried
TICK = 0.5  # seconds between two looks at a job
DAILY, AT_ONCE = 500, 10  # the limits while somebody plays; the page names them


def main() -> int:
    """Run the demo; 0 when both videos arrived."""
    alone = bool(os.environ.get("CI")) or not sys.stdout.isatty()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # also into a file or pipe
    logging.basicConfig(level=logging.WARNING, format="  %(levelname)s %(name)s: %(message)s")
    try:
        return asyncio.run(_ended_by_signals(_demo(stay=not alone)))
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who presses it again while threads end has been heard
        print("\nBye.")
        return 0
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM
    except _NoRoom as error:
        print(f"The demo needs a folder for its videos: {error}", file=sys.stderr)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on, which is no reason to shout
    return 1


async def _ended_by_signals(work: Coroutine[None, None, int]) -> int:
    """Clean up when the terminal is closed or the machine stops, as after Ctrl+C."""
    task = asyncio.current_task()
    assert task
    for name in ("SIGHUP", "SIGTERM"):
        with suppress(AttributeError, NotImplementedError):  # which Windows hasn't
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), task.cancel)
    return await work


class _NoRoom(Exception):
    """The demo's files can't be written."""


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _NoRoom(error) from None


async def _demo(*, stay: bool) -> int:
    print("Mouthpiece demo: the real bot, a simulated Discord, a simulated provider. Nothing leaves this machine.\n")
    with TemporaryDirectory(prefix="mouthpiece-demo-") as folder:
        with step("Drawing a talking face, recording a voice"):
            await asyncio.to_thread(_write, write_first)
        others = asyncio.create_task(asyncio.to_thread(_write, write_others))
        async with open_stage(Path(folder)) as stage:
            await prepare(stage)
            made = [await _make(stage, mode) for mode in ("text", "audio")]
            if not all(made):
                print("\nThe demo failed: a video did not arrive.", file=sys.stderr)
                return 1
            await others
            print(f"\nBoth videos are in {OUTPUT}/ — play them: the face speaks the new words.")
            if stay:
                await _show(stage)
    return 0


def _write(samples: Callable[[Path], None]) -> None:
    with _writing():
        SAMPLES.mkdir(parents=True, exist_ok=True)
        samples(SAMPLES)


async def prepare(stage: Stage) -> None:
    """Set the server up as a moderator does: a key, a log channel, and limits that let people play."""
    async with stage.turn:
        form = await stage.moderator.slash(stage.channel, "lipsync-admin key add", provider="runcomfy")
        assert form.modal
        field = form.modal["components"][0]["component"]["custom_id"]
        answer = await stage.moderator.submit_modal(form, {field: "rc-demo-key-0001"})
        print(f"  moderator  /lipsync-admin key add → {_said(stage, answer)}")
        answer = await stage.moderator.slash(stage.channel, "lipsync-admin log", channel=stage.log)
        print(f"  moderator  /lipsync-admin log → {_said(stage, answer)}")
        for options in (
            {"most": DAILY, "unit": "jobs"},
            {"most": AT_ONCE, "unit": "active"},
            {"most": DAILY, "unit": "jobs", "whole_server": True},
        ):
            await stage.moderator.slash(stage.channel, "lipsync-admin quota set", **options)
        print(f"  moderator  /lipsync-admin quota set → {DAILY} videos a day for everyone, {AT_ONCE} at once")


async def make(stage: Stage, mode: str, folder: Path) -> str | None:
    """Have the member make a video from a text or from a recording; its address, or None when it did not arrive.

    `folder` holds the samples.
    """

    def file(name: str) -> tuple[str, bytes]:
        return name, (folder / name).read_bytes()

    began = time.monotonic()
    wish = {"text": LINE, "voice": "en:genshin_vindi2"} if mode == "text" else {"audio": file("recording.mp3")}
    async with stage.turn:
        answer = await stage.member.slash(stage.channel, f"lipsync {mode}", video=file("talking-head.mp4"), **wish)
        if answer.response and (confirm := _button(answer.response)):
            print(f"  member     /lipsync {mode} → asked once to confirm the rules, and does")
            answer = await stage.member.click(answer.response, label=confirm)
    print(f"  member     /lipsync {mode} → {_said(stage, answer)}")
    while stage.client.services.worker.open_jobs and time.monotonic() - began < PATIENCE:
        progress(f"             working … {time.monotonic() - began:.0f} s")
        await asyncio.sleep(TICK)
    progress("")
    files = [file for message in stage.channel.threads[-1].history() for file in message.attachments]
    return next((file.url for file in reversed(files) if file.filename.endswith(".mp4")), None)


async def _make(stage: Stage, mode: str) -> bool:
    began = time.monotonic()
    url = await make(stage, mode, SAMPLES)
    data = stage.env.backend.cdn.get(url) if url else None
    if url is None or data is None:
        print("             no video")
        return False
    target = OUTPUT / f"{mode}-{url.rpartition('/')[2]}"
    with _writing():
        await asyncio.to_thread(target.write_bytes, data)
    print(f"             done in {time.monotonic() - began:.1f} s → {target} ({len(data) / 2**20:.1f} MB)")
    return True


async def _show(stage: Stage) -> None:
    stage.sandbox.runs.queue_seconds = WAITING
    async with serve_page(stage, SAMPLES, *served_at(os.environ)) as url:
        opens = open_in_browser(url)
        print(
            f"\n{'It opens in your browser' if opens else 'Now open it in your browser'}: {url}\n"
            "Play the videos, press the buttons under them, be Alex the member or Mira the moderator.\n"
            "Ctrl+C ends the demo."
        )
        await asyncio.Event().wait()


def _button(message: ResponseMessage) -> str | None:
    """What stands on the first button under an answer."""
    return next((str(item["label"]) for row in message.components for item in row["components"]), None)


def _said(stage: Stage, answer: InteractionResult) -> str:
    """The first line of what somebody read."""
    text = answer.response.content if answer.response else ""
    names = {str(channel.id): f"#{channel.name}" for channel in (stage.channel, stage.log)}
    line = re.sub(r"<#(\d+)>", lambda found: names.get(found[1], found[0]), text.partition("\n")[0])
    return line.partition(": https:")[0].replace("**", "")
