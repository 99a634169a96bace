"""A headless Chromium for tests of pages: Debian's, or whichever is installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SCREENS = os.environ.get("SCREENS_DIR")  # where `make screens` wants the README's pictures
FRAMES, FRAME_MILLISECONDS = 24, 160  # about as long as it takes to take one
PATIENCE = 60_000  # milliseconds; the machines are noisy


@asynccontextmanager
async def open_page(url: str) -> AsyncIterator[Page]:
    """Open the address; a word on the page's console or an error in it fails the test."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail("these tests need a browser: `make browser` installs Chromium on Debian or says how")
    said: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1280, "height": 760}, device_scale_factor=1)
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        await page.goto(url)
        yield page
        assert said == [], said
        await browser.close()


async def screen(page: Page, name: str) -> None:
    """Take a picture of the conversation for the documentation, when it is wanted."""
    if SCREENS:
        async with _posing(page):
            await page.screenshot(path=str(Path(SCREENS, f"{name}.png")))


async def moving(page: Page, name: str) -> None:
    """Take a moving picture of the conversation while its newest video plays, when it is wanted."""
    if SCREENS:
        async with _posing(page):
            await page.locator("video").last.evaluate("video => { video.currentTime = 0; return video.play(); }")
            shots = [Image.open(BytesIO(await page.screenshot())) for _ in range(FRAMES)]
        first, *others = shots
        how: dict[str, Any] = {"duration": FRAME_MILLISECONDS, "loop": 0, "quality": 60, "method": 6}
        first.save(Path(SCREENS, f"{name}.webp"), save_all=True, append_images=others, **how)


@asynccontextmanager
async def _posing(page: Page) -> AsyncIterator[None]:
    """The page without what can be tried at the side, and in the pictures' size."""
    wide = page.viewport_size
    await page.evaluate("document.getElementById('tips').hidden = true")
    await page.set_viewport_size({"width": 1000, "height": 620})
    await page.mouse.move(0, 0)
    await page.wait_for_timeout(3500)  # until a player that plays hides its buttons
    yield
    assert wide
    await page.evaluate("document.getElementById('tips').hidden = false")
    await page.set_viewport_size(wide)
