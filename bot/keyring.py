"""The rules of a server's provider keys: tested before they are saved, never shown again."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bot.clock import Clock
from bot.errors import BadKey, KeyRejected, NoSuchKey, OutOfCredit, ProviderError, UnknownProvider
from bot.providers.base import Media, Provider, Request
from storage.guilds import Guilds
from storage.keys import KeyInfo, Keys

HINT_CHARS = 4
SHORTEST_KEY = 8  # of a shorter one, the hint would give away half
SAMPLE = Request(mode="text", video=Media(url="", name="", size=0))


class Keyring:
    """What moderators can do with keys; the caller has checked that it is a moderator who asks."""

    def __init__(self, guilds: Guilds, keys: Keys, providers: Mapping[str, Provider], clock: Clock) -> None:
        self._guilds = guilds
        self._keys = keys
        self._providers = providers
        self._clock = clock

    @property
    def choices(self) -> list[Provider]:
        """The providers that want a key."""
        return [provider for provider in self._providers.values() if provider.credentials]

    def provider(self, name: str) -> Provider:
        """The provider of that name; `UnknownProvider` when there is none that wants a key."""
        for provider in self.choices:
            if provider.name == name:
                return provider
        raise UnknownProvider(name=name[:50], available=", ".join(provider.label for provider in self.choices))

    async def add(
        self, guild_id: int, name: str, credentials: Mapping[str, str], *, added_by: int
    ) -> tuple[str, Decimal | None]:
        """Test the key with a free call, then save it; what may be shown of it, and the price of a text video in
        USD.
        """
        provider = self.provider(name)
        typed = {part: value.strip() for part, value in credentials.items()}
        secret = next(typed[part.name] for part in provider.credentials if part.secret)
        if len(secret) < SHORTEST_KEY or not (secret.isascii() and secret.isprintable()):
            raise KeyRejected(problem="it doesn't look like a key. Copy it again, without spaces or quotes.")
        try:
            await provider.check_key(typed)
            price = await provider.price(SAMPLE, typed)
        except BadKey:
            raise KeyRejected(problem=f"{provider.label} refused it.") from None
        except OutOfCredit:
            raise KeyRejected(problem=f"its {provider.label} account is out of credit.") from None
        except ProviderError:
            raise KeyRejected(problem=f"{provider.label} couldn't be reached. Try again in a minute.") from None
        hint = secret[-HINT_CHARS:]
        now = self._clock.now()
        await self._guilds.join(guild_id, now)
        await self._keys.put(guild_id, name, typed, hint=hint, added_by=added_by, now=now)
        return hint, price

    async def list(self, guild_id: int) -> list[KeyInfo]:
        """The server's keys, as they may be shown."""
        return await self._keys.list(guild_id)

    async def remove(self, guild_id: int, name: str) -> str:
        """Erase the key; the provider's label."""
        provider = self.provider(name)
        if not await self._keys.remove(guild_id, name):
            raise NoSuchKey(provider=provider.label)
        return provider.label

    async def erase(self, guild_id: int) -> None:
        """Erase all of the server's keys."""
        await self._keys.remove_all(guild_id)
