"""Opens the page in the browser, where there is one."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from contextlib import suppress
from pathlib import Path

TEXT_BROWSERS = {"www-browser", "links", "elinks", "lynx", "w3m"}


def has_browser() -> bool:
    """Whether there is one that opens in a window; one in this terminal would only be in the way."""
    if sys.platform not in {"darwin", "win32"} and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))):
        return False
    with suppress(webbrowser.Error):
        return Path(getattr(webbrowser.get(), "name", "")).name not in TEXT_BROWSERS
    return False


def open_in_browser(url: str) -> bool:
    """Open the address if there is a browser. Nothing waits for it: some don't return until they are closed."""
    if not has_browser():
        return False
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
    return True
