"""What a server is to one member's command: read once, before anything is checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.chat.server.automod import AutoMod, WordRule
from bot.domain.ask import Ask
from bot.domain.job import Stores
from storage.servers.guilds import Policy
from storage.servers.key_info import SealedKey
from storage.servers.limit_rules import Rule
from storage.servers.quota import Claim, OverLimit
from storage.servers.usage import Usage

POLICY_VERSION = 1  # of what `asked.ATTESTATION` says; with a new one, everybody is asked again


@dataclass(frozen=True, slots=True)
class Server:
    """All that a command is checked against. `is_member`: the bot is known to be in it. Empty `channels` and `roles`
    mean everywhere and everyone; `word_rules` are None while they can't be known; `limits` are those that bind the
    member, and `over_limit` is why one more job is too much, None when it isn't.
    """

    read_at: float = 0.0
    is_member: bool = False
    policy: Policy = field(default_factory=Policy)
    channels: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    is_blocked: bool = False
    word_rules: Sequence[WordRule] | None = ()
    keys: Sequence[SealedKey] = ()
    limits: Sequence[Rule] = ()
    over_limit: OverLimit | None = None
    has_attested: bool = True
    has_succeeded: bool = True

    @classmethod
    async def read(cls, stores: Stores, automod: AutoMod, ask: Ask, now: float) -> Server:
        """The server and the member of the ask, as they are now."""
        guild_id, member_id = ask.guild_id, ask.member_id
        claim = Claim(guild_id, member_id, ask.asker.role_ids, active=1, jobs=1)
        usages = await stores.limits.usage(guild_id, claim, now)
        seen = await stores.access.seen_by(guild_id, member_id, POLICY_VERSION)
        return cls(
            read_at=now,
            is_member=seen.is_member,
            policy=seen.policy,
            channels=seen.channels,
            roles=seen.roles,
            is_blocked=seen.is_blocked,
            word_rules=await automod.rules(ask.place),
            keys=tuple(await stores.keys.sealed(guild_id)),
            limits=[usage.rule for usage in usages],
            over_limit=await _over_limit(stores, claim, now, usages),
            has_attested=seen.has_attested,
            has_succeeded=seen.has_succeeded,
        )

    def key(self, provider: str) -> SealedKey | None:
        """The server's key for this provider, None when there is none."""
        return next((key for key in self.keys if key.provider == provider), None)


async def _over_limit(stores: Stores, claim: Claim, now: float, usages: Sequence[Usage]) -> OverLimit | None:
    try:
        await stores.limits.check(claim.guild_id, claim, now, usages=usages)
    except OverLimit as over:
        return over
    return None
