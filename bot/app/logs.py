"""The log: one line per event, for people or for machines, without secrets.

Much of what is logged comes from outside, so nothing of it can begin a line of its own or steer a terminal.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any

# Signed addresses and bearer tokens must not reach a log, whoever writes it. The bot's own invite link must.
_SIGNED = re.compile(r"(https?://(?!discord\.com/oauth2/)[^\s?'\"]+)\?[^\s'\"]+")
# Control characters, what terminals take for one, line separators, marks that turn the direction of writing, and halves
# of characters.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_PLAIN = re.compile(r"[\w.:/+@-]+")  # a word that needs no quotes
_BEARER = re.compile(r"(?i)\b(bearer|bot)\s+[\w.~+/=-]{8,}")


class _Formatter(logging.Formatter):
    def __init__(self, form: str, secrets: Sequence[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._json = form == "json"
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        record = copy(record)
        record.msg, record.args = self._clean(record.getMessage()), ()
        record.exc_text = record.stack_info = None  # what another handler has made of them
        facts = {name: self._clean(fact) if isinstance(fact, str) else fact for name, fact in _facts(record).items()}
        if not self._json:
            record.msg = " ".join([record.msg, *(f"{name}={_word(fact)}" for name, fact in facts.items())])
            return super().format(record)
        entry = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.msg,
            **facts,
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        """Write the moment as ISO 8601 does, to the millisecond and with the zone."""
        return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the base class's name
        """Write a traceback in lines that are all indented: the text of an error may have some of its own."""
        text = self._without_secrets(super().formatException(ei))
        return "\n".join(f"    {_escaped(line)}" for line in text.split("\n"))

    def _clean(self, text: str) -> str:
        return _escaped(self._without_secrets(text))

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return _BEARER.sub(r"\1 [secret]", _SIGNED.sub(r"\1?[signed]", text))


def _facts(record: logging.LogRecord) -> Mapping[str, str | float | None]:
    """What was given to be logged as `extra={"facts": …}`: in JSON, each is a field of its own."""
    facts: Mapping[str, str | float | None] = getattr(record, "facts", {})
    return facts


def _word(fact: str | float | None) -> str:
    """Write a fact as one word; in quotes, if that takes some, and `-` for None."""
    if fact is None:
        return "-"
    text = str(fact)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _escaped(text: str) -> str:
    """Write unprintable characters as Python does in its strings, so that a line feed reads `\\n`."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def _lost_connection(record: logging.LogRecord) -> bool:
    """Make one line, a warning, of what discord.py writes with a traceback whenever it can't reach the gateway. Whether
    it is to be written.
    """
    if record.exc_info and str(record.msg).startswith(("Attempting a reconnect", "Failed to connect")):
        cause = record.exc_info[1]
        record.msg = f"Discord's gateway can't be reached (%s: %s). {record.msg}"
        record.args = (type(cause).__name__, cause, *(record.args if isinstance(record.args, tuple) else ()))
        record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
        return logging.getLogger(record.name).isEnabledFor(record.levelno)
    return True


def _ours(record: logging.LogRecord) -> bool:
    """Leave out what discord.py says of no bot of this kind: of an application whose commands come over HTTP, of which
    the bot says what is so, and of packages for voice channels, which it has no use for.
    """
    return not str(record.msg).startswith(
        (
            "Application has an interaction endpoint URL set",
            "PyNaCl is not installed, voice",
            "davey is not installed, voice",
        )
    )


def start_logging(level: str, form: str, secrets: Sequence[str] = ()) -> None:
    """Log to standard error. `secrets` are blotted out wherever they appear."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(form, secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for talkative in ("httpx", "httpcore", "aiosqlite", "asyncio", "discord"):
        # At DEBUG these write whole requests, keys included.
        logging.getLogger(talkative).setLevel(max(logging.INFO, logging.getLevelName(level)))
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("discord.shard").addFilter(_lost_connection)
    logging.getLogger("discord.client").addFilter(_ours)
