"""Who may ask for a job, where, for what, and what must be confirmed or approved first. Raises a `Refusal`."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.automod import AutoMod
from bot.clock import Clock
from bot.domain.ask import Ask
from bot.domain.media_facts import Seen
from bot.preflight.fit import Candidate
from bot.words import limits
from bot.words.english import listed
from bot.words.refusals.asking import (
    AttestationNeeded,
    Blocked,
    ChannelClosed,
    LimitReached,
    PriceUnknown,
    RoleMissing,
    TooNew,
    WordsForbidden,
)
from bot.words.refusals.files import FileRemoved
from storage.jobs.ledger import Ledger
from storage.people.reports import Reports
from storage.servers.access import Access
from storage.servers.guilds import Guilds
from storage.servers.limit_rules import binding
from storage.servers.limits import LimitStore
from storage.servers.quota import Claim, OverLimit

POLICY_VERSION = 1  # of what `AttestationNeeded` says; with a new one, everybody is asked again
DAY = 86_400.0


class Gate:
    """Asks every rule of a server's moderators but the limits, which are checked where the job is stored."""

    def __init__(
        self,
        guilds: Guilds,
        access: Access,
        limits: LimitStore,
        ledger: Ledger,
        reports: Reports,
        automod: AutoMod,
        clock: Clock,
    ) -> None:
        self._guilds = guilds
        self._access = access
        self._limits = limits
        self._ledger = ledger
        self._reports = reports
        self._automod = automod
        self._clock = clock

    async def admit(self, ask: Ask) -> None:
        """Let this person say this, here."""
        await self._open_here(ask)
        await self._open_to(ask)
        spoken = ask.text or (ask.audio.name if ask.audio else "")
        channels = (ask.place.channel_id, *ask.place.within)
        rule = await self._automod.against(ask.guild_id, spoken, role_ids=ask.asker.role_ids, channel_ids=channels)
        if rule:
            raise WordsForbidden(rule=rule)

    async def within_limits(self, ask: Ask) -> None:
        """Let nobody wait for files to be looked at who can't make a video now; storing the job checks again."""
        claim = Claim(ask.guild_id, ask.member_id, ask.asker.role_ids, active=1, jobs=1)
        try:
            await self._limits.check(ask.guild_id, claim, self._clock.now())
        except OverLimit as over:
            raise LimitReached(reason=limits.refusal(over)) from None

    async def confirmed(self, ask: Ask) -> None:
        """Let those begin who have confirmed that they may use the likeness in their clips."""
        if not await self._access.has_attested(ask.member_id, POLICY_VERSION):
            raise AttestationNeeded(ask.interaction_id)

    async def admit_files(self, guild_id: int, seen: Seen) -> None:
        """Let these files be used."""
        digests = [facts.digest for facts in (seen.video, seen.audio) if facts]
        if await self._reports.removed_among(guild_id, digests):
            raise FileRemoved

    async def affordable(self, ask: Ask, candidates: list[Candidate]) -> list[Candidate]:
        """Those whose price is known, where a limit on money binds this person; else all."""
        rules = binding(await self._limits.rules(ask.guild_id), ask.member_id, ask.asker.role_ids)
        if all(rule.unit != "cents" for rule in rules):
            return candidates
        priced = [candidate for candidate in candidates if candidate.request.price_usd is not None]
        if not priced:
            raise PriceUnknown(providers=listed([candidate.provider.label for candidate in candidates], "or"))
        return priced

    async def may_hold(self, ask: Ask) -> bool:
        """Whether a job of this person may have to wait for a moderator. Moderators need nobody's approval."""
        return not ask.asker.is_moderator and (await self._guilds.policy(ask.guild_id)).approval != "off"

    async def must_wait(self, ask: Ask, candidates: Sequence[Candidate]) -> bool:
        """Whether a moderator must approve this one first."""
        policy = await self._guilds.policy(ask.guild_id)
        if not await self.may_hold(ask):
            return False
        if policy.approval == "first":
            return not await self._ledger.has_succeeded(ask.guild_id, ask.member_id)
        prices = [candidate.request.price_usd for candidate in candidates]
        return policy.approval == "always" or any(
            price is None or price * 100 > policy.approval_cents for price in prices
        )

    async def _open_here(self, ask: Ask) -> None:
        channels = await self._access.allowed(ask.guild_id, "channel")
        if channels and not channels & {ask.place.channel_id, *ask.place.within}:
            raise ChannelClosed(open=listed([f"<#{channel}>" for channel in sorted(channels)], "or"))

    async def _open_to(self, ask: Ask) -> None:
        asker = ask.asker
        if await self._access.is_blocked(ask.guild_id, asker.member_id):
            raise Blocked
        roles = await self._access.allowed(ask.guild_id, "role")
        if roles and not roles & asker.role_ids:
            raise RoleMissing(roles=listed([f"<@&{role}>" for role in sorted(roles)], "or"))
        policy, now = await self._guilds.policy(ask.guild_id), self._clock.now()
        for kind, since, days in (
            ("accounts", asker.account_at, policy.account_days),
            ("members", asker.joined_at, policy.member_days),
        ):
            if since + days * DAY > now:
                raise TooNew(kind=kind, days=days, at=int(since + days * DAY) + 1)
