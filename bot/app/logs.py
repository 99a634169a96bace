"""The log: one line per event, for people or for machines, without secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Sequence

# Signed addresses and bearer tokens must not reach a log, whoever writes it. The bot's own invite link must.
_SIGNED = re.compile(r"(https?://(?!discord\.com/oauth2/)[^\s?'\"]+)\?[^\s'\"]+")
_BEARER = re.compile(r"(?i)\b(bearer|bot)\s+[\w.~+/=-]{8,}")


class _Formatter(logging.Formatter):
    def __init__(self, form: str, secrets: Sequence[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._json = form == "json"
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        if not self._json:
            return self._without_secrets(super().format(record))
        entry = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": self._without_secrets(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = self._without_secrets(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return _BEARER.sub(r"\1 [secret]", _SIGNED.sub(r"\1?[signed]", text))


def start_logging(level: str, form: str, secrets: Sequence[str] = ()) -> None:
    """Log to standard error. `secrets` are blotted out wherever they appear."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(form, secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for talkative in ("httpx", "httpcore", "aiosqlite", "asyncio", "discord"):
        # At DEBUG these write whole requests, keys included.
        logging.getLogger(talkative).setLevel(max(logging.INFO, logging.getLevelName(level)))
    logging.getLogger("httpx").setLevel(logging.WARNING)
