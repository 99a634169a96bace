"""What the small Discord remembers, and how it looks on the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from time import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Json = dict[str, Any]

TOKEN = "test-token"
DISCORD_EPOCH = 1_420_070_400
ALL_PERMISSIONS = (1 << 50) - 1
EPHEMERAL = 64
COMPONENTS_V2 = 1 << 15


@dataclass
class State:
    """One bot, one server with one text channel, everything posted in it, and every command registered. `now` is the
    time at Discord, in seconds since 1970.
    """

    now: Callable[[], float] = time
    file_limit: int = 10 * 2**20
    permissions: int = ALL_PERMISSIONS
    messages: dict[int, Json] = field(default_factory=dict)
    threads: dict[int, Json] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    commands: list[Json] = field(default_factory=list)
    nonces: dict[tuple[int, str], int] = field(default_factory=dict)
    direct: dict[int, int] = field(default_factory=dict)  # direct message channels, each with its person
    left: set[int] = field(default_factory=set)  # people who are in the server no more
    gone: set[int] = field(default_factory=set)  # channels and threads that were deleted
    denied: dict[int, int] = field(default_factory=dict)  # where the bot may do nothing, with the code that says so
    files_denied: bool = False
    marks_ignored: bool = False  # an edit that marks a file as a spoiler changes nothing
    threads_locked: bool = False  # those that are opened from now on
    kicked: bool = False
    others: set[int] = field(default_factory=set)  # servers of which the bot is a member besides this one
    interactions_address: str | None = None  # the Interactions Endpoint URL, as Discord knows it
    premium_tier: int = 0
    withheld: bool = False  # Discord doesn't tell of the server: the bot knows its id alone
    notices_channel_id: int | None = None
    role_ids: list[int] = field(default_factory=list)  # the member's
    category_id: int | None = None  # around the channel
    automod: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self.signing_key = Ed25519PrivateKey.generate()
        self.application_id = self.snowflake()
        self.guild_id = self.snowflake()
        self.channel_id = self.snowflake()
        self.bot = self.user("mouthpiece", bot=True, user_id=self.application_id)
        self.member = self.user("alex")

    @property
    def public_key(self) -> str:
        """What Discord signs interactions with can be checked with this."""
        return self.signing_key.public_key().public_bytes_raw().hex()

    @property
    def boosted_bytes(self) -> int:
        """How large a file of the bot may be in a server with these boosts, as Discord says."""
        return (10, 10, 50, 100)[self.premium_tier] * 2**20

    def snowflake(self) -> int:
        """An id whose time is now, as Discord makes them."""
        return (int((self.now() - DISCORD_EPOCH) * 1000) << 22) | next(self._numbers) % 4096

    def user(self, name: str, *, bot: bool = False, user_id: int | None = None) -> Json:
        """A person or a bot."""
        return {
            "id": str(user_id or self.snowflake()),
            "username": name,
            "discriminator": "0",
            "global_name": name,
            "avatar": None,
            "bot": bot,
            "flags": 0,
            "public_flags": 0,
        }

    def guild(self) -> Json:
        """The server, as GUILD_CREATE carries it."""
        everyone = {
            "id": str(self.guild_id), "name": "@everyone", "permissions": str(self.permissions), "color": 0,
            "hoist": False, "position": 0, "managed": False, "mentionable": False, "flags": 0,
        }  # fmt: skip
        return {
            "id": str(self.guild_id), "name": "Club", "owner_id": self.member["id"], "icon": None, "features": [],
            "roles": [everyone], "channels": [self.channel()], "threads": list(self.threads.values()), "emojis": [],
            "stickers": [], "members": [self.as_member(self.bot)], "member_count": 2, "premium_tier": self.premium_tier,
            "verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0,
            "public_updates_channel_id": str(self.notices_channel_id) if self.notices_channel_id else None,
            "nsfw_level": 0, "system_channel_flags": 0, "preferred_locale": "en-US", "afk_timeout": 300, "presences": [],
            "voice_states": [], "stage_instances": [], "guild_scheduled_events": [], "large": False, "unavailable": False,
        }  # fmt: skip

    def channel(self) -> Json:
        """The text channel."""
        return {
            "id": str(self.channel_id), "type": 0, "guild_id": str(self.guild_id), "name": "studio", "position": 0,
            "permission_overwrites": [], "nsfw": False, "parent_id": str(self.category_id) if self.category_id else None, "topic": None, "rate_limit_per_user": 0,
        }  # fmt: skip

    def as_member(self, user: Json) -> Json:
        """That user in the server, with all permissions."""
        return {
            "user": user, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0,
            "permissions": str(ALL_PERMISSIONS), "nick": None, "avatar": None, "premium_since": None, "pending": False,
            "communication_disabled_until": None, "banner": None,
        }  # fmt: skip

    def thread(self, message_id: int, name: str) -> Json:
        """A thread on a message has the message's id."""
        made = {
            "id": str(message_id), "type": 11, "guild_id": str(self.guild_id), "parent_id": str(self.channel_id),
            "owner_id": self.bot["id"], "name": name, "message_count": 0, "member_count": 1, "rate_limit_per_user": 0,
            "flags": 0, "total_message_sent": 0, "last_message_id": None,
            "thread_metadata": {
                "archived": False, "auto_archive_duration": 1440, "locked": self.threads_locked,
                "archive_timestamp": "2026-01-01T00:00:00+00:00",
            },
        }  # fmt: skip
        self.threads[message_id] = made
        return made

    def delete_channel(self, channel_id: int) -> None:
        """The channel or thread is gone, with everything in it."""
        self.gone.add(channel_id)
        self.messages = {
            message_id: message
            for message_id, message in self.messages.items()
            if message["channel_id"] != str(channel_id)
        }

    def direct_channel(self, user_id: int) -> int:
        """The channel for direct messages with that person."""
        known = [channel_id for channel_id, person in self.direct.items() if person == user_id]
        channel_id = known[0] if known else self.snowflake()
        self.direct[channel_id] = user_id
        return channel_id

    def post(self, channel_id: int, body: Json, attachments: list[Json]) -> Json:
        """A message of the bot."""
        message_id = self.snowflake()
        reference = body.get("message_reference")
        message = {
            "id": str(message_id), "channel_id": str(channel_id), "author": self.bot, "type": 19 if reference else 0,
            "tts": False, **({"message_reference": reference, "referenced_message": None} if reference else {}),
            "content": body.get("content") or "", "timestamp": datetime.fromtimestamp(self.now(), UTC).isoformat(), "edited_timestamp": None,
            "mention_everyone": False, "mentions": [], "mention_roles": [], "attachments": attachments, "embeds": [],
            "pinned": False, "flags": body.get("flags", 0), "components": numbered(body.get("components") or []),
            "nonce": body.get("nonce"), "allowed_mentions": body.get("allowed_mentions"),
        }  # fmt: skip
        self.messages[message_id] = message
        return message

    def posted(self, channel_id: int) -> list[Json]:
        """The messages of a channel or thread, oldest first."""
        return [message for message in self.messages.values() if message["channel_id"] == str(channel_id)]


def numbered(components: list[Json]) -> list[Json]:
    """Components with the ids that Discord gives them."""
    ids = count(1)

    def visit(component: Json) -> Json:
        inner = component.get("components")
        return {**component, "id": next(ids), **({"components": [visit(part) for part in inner]} if inner else {})}

    return [visit(component) for component in components]
