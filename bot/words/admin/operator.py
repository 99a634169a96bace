"""What the operator reads when the bot has no connection to Discord, and will get none by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.words.english import counted

BAD_TOKEN = "DISCORD_TOKEN: Discord refused this token; copy it again from the developer portal"  # noqa: S105 - words
NOT_A_TOKEN = "A token has three parts with dots between them, no quotes or spaces, and no “Bot” before it"  # noqa: S105

UNREACHABLE = "Discord can't be reached, so check this machine's network, then start the bot again: {why}"

WRONG_PUBLIC_KEY = (
    "INTERACTIONS_PUBLIC_KEY: this is not the application's Public Key; copy it again from the developer portal"
)
COMMANDS_GO_ELSEWHERE = (
    "Discord sends commands to {address}, so none comes here: delete that Interactions Endpoint URL in the developer "
    "portal, or set INTERACTIONS_PUBLIC_KEY"
)
ON_WINDOWS = "the bot doesn't run on Windows itself; there, use Docker or WSL"
NO_ADDRESS = (
    "Discord doesn't know yet where to send commands: in the developer portal, set the Interactions Endpoint URL to "
    "the public https address of this bot's /interactions"
)

SANDBOX_IS_ON = "SANDBOX is on: every server can use the free provider inside the bot, whose videos are samples"
NEEDS_MASTER_KEYS = "MASTER_KEYS: is not set; with DATABASE_URL, none is made on the first start"

_IF_LOST = (
    "put it back; if it is lost, run `python -m bot rotate-keys --give-up-lost`, and moderators save their keys again"
)
MASTER_KEY_MISSING = f"MASTER_KEYS: {{file}} is missing, and the provider keys in {{database}} need it: {_IF_LOST}"
WRONG_MASTER_KEY = f"MASTER_KEYS: {{why}}; nothing was changed. If another master key was in use, {_IF_LOST}"

ANOTHERS_BUCKET = (
    "FILES_URL: holds the files of another database, so name another prefix; or delete the object “database” there if "
    "that database is gone for good"
)

CLOSED: Mapping[int, str] = {  # by the gateway's close codes
    4004: BAD_TOKEN,
    4010: "SHARDS: Discord doesn't know these shards (close code 4010); leave it empty, or name others",
    4011: (
        "SHARDS: the bot is in more servers than Discord lets so few shards serve (close code 4011); leave it empty, "
        "or name more, then start the bot again"
    ),
    4013: (
        "Discord doesn't know the events that the bot asks for (close code 4013); update the bot, or look at the "
        "proxy in DISCORD_GATEWAY_URL if there is one"
    ),
    4014: (
        "Discord doesn't allow the events that the bot asks for (close code 4014), though it asks for no privileged "
        "ones; update the bot, or look at the proxy in DISCORD_GATEWAY_URL if there is one"
    ),
}
CLOSED_OTHERWISE = "Discord has closed the connection (close code {code}); update the bot, then start it again"


def is_token(text: str) -> bool:
    """Whether it looks like a token of Discord's."""
    return re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", text.strip(), re.ASCII) is not None


def refused(token: str) -> str:
    """Discord takes it for no token; and why that may be, where it doesn't look like one."""
    return BAD_TOKEN if is_token(token) else f"{BAD_TOKEN}. {NOT_A_TOKEN}"


def stopped(jobs: int) -> str:
    """The bot has ended, with so many jobs open."""
    if not jobs:
        return "stopped; no job was under way here"
    return f"stopped; {counted(jobs, 'open job')} {'goes' if jobs == 1 else 'go'} on at the next start"
