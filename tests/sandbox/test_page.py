"""The demo's page, as a newcomer uses it: in a real browser, on real videos."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from playwright.async_api import Page

from bot.sandbox import demo
from bot.sandbox.page.server import serve_page
from bot.sandbox.stage import Stage, open_stage
from tests.sandbox.browser import moving, open_page, screen


@asynccontextmanager
async def demo_page(folder: Path, samples: Path, *modes: str) -> AsyncIterator[tuple[Stage, str]]:
    """The demo as it is left open, with a video of each mode; the stage and the page's address."""
    async with open_stage(folder) as stage:
        await demo.prepare(stage)
        for mode in modes:
            assert await demo.make(stage, mode, samples)
        async with serve_page(stage, samples) as url:
            yield stage, url


async def plays(page: Page) -> None:
    """The newest video plays: its time moves, and it is as large as the clip that was attached."""
    video = page.locator("video").last
    await video.evaluate("video => { video.muted = true; return video.play(); }")
    await page.wait_for_function("video => video.currentTime > 0.3", arg=await video.element_handle())
    assert await video.evaluate("video => [video.videoWidth, video.videoHeight]") == [1280, 720]
    assert 4.5 < await video.evaluate("video => video.duration") < 7


async def be(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).first.click()
    await page.wait_for_selector(f"body[data-person={name.lower()}]")


async def test_a_newcomer_plays_the_video_reports_it_decides_and_makes_one_of_their_own(
    tmp_path: Path, samples: Path
) -> None:
    async with demo_page(tmp_path, samples, "text") as (_, url), open_page(url) as page:
        await plays(page)
        assert "your video is ready" in await page.inner_text("#messages")
        await moving(page, "thread")

        await page.get_by_role("button", name="Again", exact=True).dblclick()
        await page.wait_for_selector(".private:has-text('is on its way')")
        await page.wait_for_selector(".pinged >> nth=1")
        await plays(page)
        assert await page.locator(".private:has-text('is on its way')").count() == 1, "a double click counts once"
        await page.get_by_role("button", name="Report", exact=True).first.click()
        await page.wait_for_selector(".private >> text=blurred")
        await page.wait_for_selector(".attachment.blurred")

        await be(page, "Mira")
        await page.click("#channels a:has-text('mod-log')")
        await page.get_by_role("button", name="Restore", exact=True).click()
        await page.wait_for_selector("#messages >> text=is shown again · by")
        await screen(page, "moderators")
        await page.click("#channels a.thread >> nth=0")
        await page.wait_for_selector(".attachment:not(.blurred) video")

        await be(page, "Alex")
        await page.click("#suggestions button >> nth=0")
        await page.fill(".needed:has-text('text') input:not([type=file])", "This clip is my own.")
        own = shutil.copy(samples / "talking-head.mp4", tmp_path / "Übung (1) 😀.mp4")
        await page.set_input_files(".needed:has-text('video') input[type=file]", own)
        await page.click("#composer footer button")
        await page.click("#channels a.thread:has-text('This clip is my own') .ping")
        await plays(page)


PHONES = (320, 700, 390)  # pixels
# Whatever reaches beyond the window, except in a strip that is there to be pushed sideways; the strip itself may not.
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .map(element => element.closest("#channels, #tips ol") || element)
  .filter(element => {
    const { left, right, width } = element.getBoundingClientRect();
    return width && (left < -1 || right > innerWidth + 1);
  })
  .map(element => element.outerHTML.slice(0, 80))
  .concat(document.documentElement.scrollWidth > innerWidth ? ["the page"] : [])"""


async def too_wide(page: Page) -> list[tuple[int, str]]:
    """What is wider than the window of a phone or a small tablet, with the window's width."""
    found = []
    for width in PHONES:
        await page.set_viewport_size({"width": width, "height": 844})
        found += [(width, what) for what in await page.evaluate(TOO_WIDE)]
    return found


async def test_on_a_phone_nothing_is_wider_than_the_window(tmp_path: Path, samples: Path) -> None:
    async with demo_page(tmp_path, samples, "text") as (_, url), open_page(url) as page:
        await page.set_viewport_size({"width": PHONES[-1], "height": 844})
        await plays(page)
        assert await too_wide(page) == []
        await page.click("#suggestions button >> nth=0")
        await page.wait_for_selector("#composer .command")
        assert await too_wide(page) == [], "a command"
        await page.click("#composer [title=Close]")
        await page.fill("#composer .line", "/")
        assert await too_wide(page) == [], "the list of commands"
        await page.fill("#composer .line", "")
        await page.click("#channels a:has-text('studio')")
        await page.wait_for_selector(".thread-link")
        assert await too_wide(page) == [], "a channel"
        await be(page, "Mira")
        await page.click("#channels a:has-text('mod-log')")
        await page.wait_for_selector("#place:has-text('mod-log')")
        assert await too_wide(page) == [], "the log"


async def test_all_that_is_offered_to_try_fills_in_a_command_that_its_person_may_use(
    tmp_path: Path, samples: Path
) -> None:
    async with demo_page(tmp_path, samples) as (_, url), open_page(url) as page:
        assert await page.locator("#suggestions button").count() == 5
        for place in range(5):
            await page.click(f"#suggestions button >> nth={place}")
            command = (await page.inner_text(f"#suggestions button >> nth={place} >> small")).partition("· ")[2]
            await page.wait_for_selector(f"#composer .command:has-text('{command}')")
            assert await page.eval_on_selector("#composer", "form => form.checkValidity()")
            await page.click("#composer footer button")
            await page.wait_for_selector("#messages .private:last-child:not(:has(.thinking))")
            assert await page.is_hidden("#notice")
        assert "wrong" not in await page.inner_text("#messages")


async def test_a_refusal_is_an_answer_as_in_discord(tmp_path: Path, samples: Path) -> None:
    async with demo_page(tmp_path, samples) as (_, url), open_page(url) as page:
        await page.click("#suggestions button >> nth=0")
        notes = tmp_path / "notes.mp4"
        notes.write_text("no video at all")
        await page.set_input_files(".needed:has-text('video') input[type=file]", notes)
        await page.click("#composer footer button")
        await page.wait_for_selector("#messages .private:last-child >> text=notes.mp4")
        assert await page.is_hidden("#notice")
        await page.click("#suggestions button >> nth=0")
        await page.evaluate("() => { window.real = window.fetch; window.fetch = async () => ({ ok: false }); }")
        await page.click("#composer footer button")
        await page.wait_for_selector("#notice:has-text('couldn')")
        assert "pancakes" in await page.input_value(".needed:has-text('text') input:not([type=file])"), "all stays"
        await page.evaluate("() => { window.fetch = window.real; }")
        await page.click("#composer [title=Close]")
        await page.fill("#composer .line", "/lipsync-admin setup")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#notice:has-text('no such command')")


async def test_the_page_answers_nobody_but_itself_and_says_why_something_cannot_be_done(
    tmp_path: Path, samples: Path
) -> None:
    async with demo_page(tmp_path, samples) as (stage, url), httpx.AsyncClient(base_url=url) as client:
        act = {"as": "alex", "channel": str(stage.channel.id), "kind": "command", "given": {}}
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
            assert (await client.post("/act", data={"act": "{}"}, headers=headers)).status_code == 403
        assert (await client.get("/", headers={"Host": "localhost:1234"})).status_code == 200
        for nonsense in ("{", "[]", '{"as": "nobody"}'):
            assert (await client.post("/act", data={"act": nonsense})).status_code == 400
        gone = {**act, "command": "lipsync text", "samples": {"video": "../gone.mp4"}}
        body = {"act": httpx.Request("POST", url, json=gone).content.decode()}
        assert "isn't there any more" in (await client.post("/act", data=body)).json()["refused"]
        assert (await client.get("/commands?as=alex&channel=12")).json() == []
        for command in ("lipsync-admin setup", "nonsense"):
            body = {"act": httpx.Request("POST", url, json={**act, "command": command}).content.decode()}
            assert "can't use" in (await client.post("/act", data=body)).json()["refused"]
        assert (await client.get("/events?as=nobody&channel=1")).status_code == 404
        assert (await client.get("/files/nothing/here.mp4")).status_code == 404


async def test_files_come_in_the_parts_that_players_ask_for(tmp_path: Path, samples: Path) -> None:
    async with demo_page(tmp_path, samples) as (stage, url), httpx.AsyncClient(base_url=url) as client:
        sent = await stage.member.send(stage.channel, attachments=[("notes.html", b"0123456789")])
        path = sent.attachments[0].url.replace(stage.sandbox.attachments_url, "/files")
        whole = await client.get(path)
        assert (whole.content, whole.headers["Content-Security-Policy"]) == (b"0123456789", "sandbox")
        part = await client.get(path, headers={"Range": "bytes=3-5"})
        assert (part.status_code, part.content, part.headers["Content-Range"]) == (206, b"345", "bytes 3-5/10")
        for nonsense in ("bytes=20-", "bytes=5-2", "abc"):
            assert (await client.get(path, headers={"Range": nonsense})).status_code == 416
