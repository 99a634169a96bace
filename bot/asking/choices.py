"""What there is to choose from in a server: its providers and their voices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.domain.job import Ledger
from bot.domain.voices import Voice
from bot.providers.base import Provider
from storage.servers.key_info import KeyInfo
from storage.servers.keys import Keys


class Choices:
    """Answers from memory: people wait for it while they type."""

    def __init__(self, keys: Keys, ledger: Ledger, providers: Mapping[str, Provider]) -> None:
        self._keys = keys
        self._ledger = ledger
        self._providers = providers

    async def usable(self, guild_id: int) -> list[Provider]:
        """The providers that this server can use."""
        return usable(await self._keys.shown(guild_id), self._providers)

    async def voices(self, guild_id: int, provider: str | None) -> list[Voice]:
        """The voices of one provider, or of all that the server can use; answered from memory."""
        chosen = self._providers.get(provider or "")
        among = [chosen] if chosen else await self.usable(guild_id)
        return list({key: voice for each in among for key, voice in each.voices.items()}.values())

    async def voices_for(self, guild_id: int, provider: str | None, member_id: int) -> list[Voice]:
        """The same voices, with the one that the person used last in this server before the others."""
        last = await self._ledger.last_voice(guild_id, member_id)
        return sorted(await self.voices(guild_id, provider), key=lambda voice: voice.key != last)


def usable(keys: Iterable[KeyInfo], providers: Mapping[str, Provider]) -> list[Provider]:
    """The providers that can be used with these keys, in the order of the keys; those that want no key come last."""
    keyed = [providers[key.provider] for key in keys if not key.off_reason and key.provider in providers]
    return keyed + [provider for provider in providers.values() if not provider.credentials]
