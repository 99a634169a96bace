"""The rules of a server's provider keys: tested before they are saved, never shown again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bot.clock import Clock
from bot.domain.job import Stores
from bot.domain.request import Media, Request
from bot.fair_queue import FairSemaphore, Owner
from bot.net.faults import BadAddress, BadKey, InputRejected, Mistyped, OutOfCredit, ProviderError
from bot.providers.base import Credentials, Provider
from bot.words.english import listed
from bot.words.refusals.keys import (
    KeyLost,
    KeyRefused,
    KeyRejected,
    KeyTestRefused,
    KeyUnlikely,
    KeyUntested,
    KeyWithBadAddress,
    KeyWithoutCredit,
    NoSuchKey,
    UnknownProvider,
)
from storage.engine.encryption import CannotUnseal
from storage.servers.key_info import KeyInfo

log = logging.getLogger(__name__)

TESTED_AT_ONCE = 8  # keys: whoever answers for one may take minutes for it
HINT_CHARS = 4
SHORTEST_KEY = 8  # of a shorter one, the hint would give away half
PRICED = Media(url="", name="", size=0, seconds=5.0)  # what a price is named for: five seconds of clip and voice


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key as moderators see it. `used_at` is None until a job has used it."""

    info: KeyInfo
    provider: Provider
    used_at: float | None


class ServerKeys:
    """What moderators can do with keys; the caller has checked that it is a moderator who asks."""

    def __init__(self, stores: Stores, providers: Mapping[str, Provider], clock: Clock) -> None:
        self._guilds = stores.guilds
        self._keys = stores.keys
        self._providers = providers
        self._clock = clock
        self._testing = FairSemaphore(TESTED_AT_ONCE)

    @property
    def choices(self) -> list[Provider]:
        """The providers that want a key."""
        return [provider for provider in self._providers.values() if provider.credentials]

    def provider(self, name: str) -> Provider:
        """The provider of that name; `UnknownProvider` when there is none that wants a key."""
        for provider in self.choices:
            if provider.name == name:
                return provider
        raise UnknownProvider(name=name[:50], available=listed([provider.label for provider in self.choices]))

    async def add(
        self, guild_id: int, name: str, typed: Mapping[str, str], *, added_by: int
    ) -> tuple[str, Decimal | None]:
        """Test the key with a free call, then save it; what may be shown of it, and the price of five seconds in
        the provider's currency.
        """
        provider = self.provider(name)
        credentials = {part: value.strip() for part, value in typed.items()}
        hint = _hint(provider, credentials)
        async with self._testing.passing(Owner(guild_id, added_by)):
            await _test(provider, credentials)
            price = await _price(provider, credentials)
        now = self._clock.now()
        await self._guilds.join(guild_id, now, by=added_by)
        await self._keys.put(guild_id, name, credentials, hint=hint, added_by=added_by, now=now)
        return hint, price

    async def list(self, guild_id: int) -> list[KeyState]:
        """The server's keys in its order, as they may be shown."""
        used = await self._keys.last_used(guild_id)
        infos = [info for info in await self._keys.shown(guild_id) if info.provider in self._providers]
        return [KeyState(info, self._providers[info.provider], used.get(info.id)) for info in infos]

    async def choosing(self, guild_id: int) -> str:
        """How the server chooses: by the "order" of its keys, or the "cheapest"."""
        return (await self._guilds.policy(guild_id)).choosing

    async def choose(self, guild_id: int, choosing: str, *, by: int) -> None:
        """Change how the server chooses."""
        await self._guilds.choose(guild_id, choosing, by=by, now=self._clock.now())

    async def move(self, guild_id: int, name: str, place: int) -> None:
        """Put the key at this place of the server's order, from 1."""
        moving = await self._current(guild_id, name)
        others = [info for info in await self._keys.shown(guild_id) if info.id != moving.id]
        others.insert(max(place - 1, 0), moving)
        await self._keys.reorder(guild_id, [info.id for info in others])

    async def test(self, guild_id: int, name: str, *, by: int) -> str:
        """Test the saved key with a free call, and switch it on again; the provider's label. `KeyRejected` leaves it as
        it was.
        """
        info = await self._current(guild_id, name)
        try:
            credentials = await self._keys.open(guild_id, info.id)
        except CannotUnseal:
            credentials = None
        if credentials is None:
            raise KeyLost
        async with self._testing.passing(Owner(guild_id, by)):
            await _test(self.provider(name), credentials)
        await self._keys.switch_on(guild_id, info.id, by=by, now=self._clock.now())
        return self.provider(name).label

    async def remove(self, guild_id: int, name: str, *, by: int) -> tuple[str, bool]:
        """Give the key to no job any more; the provider's label, and whether jobs under way still need it: then it is
        erased when the last of them ends, else at once.
        """
        info = await self._current(guild_id, name)
        await self._keys.remove(guild_id, name, by=by, now=self._clock.now())
        try:
            is_needed = await self._keys.open(guild_id, info.id) is not None
        except CannotUnseal:  # it is there, though nobody can use it
            is_needed = True
        return self.provider(name).label, is_needed

    async def _current(self, guild_id: int, name: str) -> KeyInfo:
        provider = self.provider(name)
        info = await self._keys.current(guild_id, name)
        if info is None:
            raise NoSuchKey(provider=provider.label)
        return info


def _hint(provider: Provider, credentials: Credentials) -> str:
    """The last characters of the first secret that was given."""
    secrets = [credentials.get(part.name, "") for part in provider.credentials if part.secret]
    given = [secret for secret in secrets if secret]
    if not given or any(len(one) < SHORTEST_KEY or not (one.isascii() and one.isprintable()) for one in given):
        raise KeyUnlikely
    return given[0][-HINT_CHARS:]


async def _test(provider: Provider, credentials: Credentials) -> None:
    try:
        await provider.check_key(credentials)
    except BadKey as fault:
        raise KeyRefused(provider.label, fault.detail) from None
    except OutOfCredit as fault:
        raise KeyWithoutCredit(provider.label, fault.detail) from None
    except Mistyped as fault:
        raise KeyRejected(problem=f"{fault.detail}.") from None
    except BadAddress as fault:
        raise KeyWithBadAddress(problem=fault.detail) from None
    except InputRejected as fault:
        log.warning("%s doesn't take the call that tests a key: %s", provider.name, fault)
        raise KeyTestRefused(provider=provider.label) from None
    except ProviderError as fault:
        log.info("a key for %s can't be tested: %s", provider.name, fault)
        raise KeyUntested(provider=provider.label) from None


async def _price(provider: Provider, credentials: Credentials) -> Decimal | None:
    flow = provider.flows[0]
    example = Request(flow=flow.name, mode=flow.mode, video=PRICED, audio=PRICED, text="x" * 70)
    try:
        return await provider.price(example, credentials)
    except ProviderError:
        return None  # the key works; the price is only a courtesy
