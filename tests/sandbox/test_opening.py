"""The page opens by itself where somebody has a browser with windows, and nothing ever waits for it."""

from __future__ import annotations

import webbrowser
from queue import Queue
from threading import Event

import pytest

from bot.sandbox.page.opening import has_browser, open_in_browser


@pytest.mark.parametrize(
    ("display", "browser", "opens"),
    [("", "firefox", False), (":0", "firefox", True), (":0", "/usr/bin/w3m", False), (":0", "www-browser", False)],
)
def test_a_page_opens_only_in_a_window(
    monkeypatch: pytest.MonkeyPatch, display: str, browser: str, opens: bool
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser(browser))
    monkeypatch.setattr(webbrowser, "open", lambda _: True)
    assert has_browser() == open_in_browser("http://127.0.0.1:1/") == opens


def test_a_machine_without_any_browser_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_there() -> webbrowser.BaseBrowser:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "get", none_there)
    assert not has_browser()


def test_nothing_waits_for_a_browser_that_does_not_return(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: Queue[str] = Queue()
    closed = Event()

    def browse(url: str) -> bool:
        opened.put(url)
        return closed.wait()

    monkeypatch.setattr(webbrowser, "open", browse)
    monkeypatch.setattr("bot.sandbox.page.opening.has_browser", lambda: True)
    assert open_in_browser("http://127.0.0.1:1/")
    assert opened.get(timeout=60) == "http://127.0.0.1:1/"
    closed.set()
