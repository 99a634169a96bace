"""Whether a request is Discord's, and is made now and for the first time."""

from __future__ import annotations

import re
from collections import OrderedDict

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.clock import Clock
from bot.errors import MouthpieceError

MOST_SECONDS = 5.0  # between Discord's clock and this machine's when a request arrives


class NotFromDiscord(MouthpieceError):
    """Discord didn't send this request, or somebody sends it again."""

    sentence = "the request {why}"


class OutOfTime(NotFromDiscord):
    """Discord sent this request at another time."""


def public_key(text: str) -> str:
    """Take an application's public key as the developer portal shows it. `ValueError` when it isn't one."""
    if not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise ValueError("is not the 64 hex digits that the developer portal shows as the Public Key")
    return text


class Signatures:
    """Checks requests with the application's public key."""

    def __init__(self, key: str, clock: Clock) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()  # interactions, with when they came

    def check(self, signature: str, timestamp: str, body: bytes) -> None:
        """Raise `NotFromDiscord` unless Discord signed exactly this, and just now."""
        try:
            self._key.verify(bytes.fromhex(signature), timestamp.encode() + body)
            sent_at = int(timestamp)
        except (InvalidSignature, ValueError):
            raise NotFromDiscord(why="is not signed by Discord") from None
        if abs(self._clock.now() - sent_at) > MOST_SECONDS:
            raise OutOfTime(why=f"is signed for {sent_at - self._clock.now():+.0f} s from now")

    def first_time(self, interaction_id: str) -> None:
        """Raise `NotFromDiscord` if this interaction was accepted before, as long as its request would be in time."""
        now = self._clock.monotonic()
        while self._seen and now - next(iter(self._seen.values())) > 2 * MOST_SECONDS:
            self._seen.popitem(last=False)
        if interaction_id in self._seen:
            raise NotFromDiscord(why="came before")
        self._seen[interaction_id] = now
