"""Who may ask for a job, where, and with which words and files. Raises a `Refusal`."""

from __future__ import annotations

from bot.chat.automod import AutoMod
from bot.clock import Clock
from bot.domain.ask import Ask
from bot.domain.media_facts import Seen
from bot.words.english import listed
from bot.words.refusals.access import Blocked, ChannelClosed, RoleMissing, TooNew, WordsForbidden
from bot.words.refusals.files import FileRemoved
from storage.people.reports import Reports
from storage.servers.access import Access
from storage.servers.guilds import Guilds

DAY = 86_400.0


class AccessCheck:
    """Asks the rules that a server's moderators have set on channels, roles, persons, words and files."""

    def __init__(
        self,
        guilds: Guilds,
        access: Access,
        reports: Reports,
        automod: AutoMod,
        clock: Clock,
    ) -> None:
        self._guilds = guilds
        self._access = access
        self._reports = reports
        self._automod = automod
        self._clock = clock

    async def admit(self, ask: Ask) -> None:
        """Let this person say this, here."""
        await self._open_here(ask)
        await self._open_to(ask)
        spoken = ask.text or (ask.audio.name if ask.audio else "")
        rule = await self._automod.against(ask.place, spoken, role_ids=ask.asker.role_ids)
        if rule:
            raise WordsForbidden(rule=rule)

    async def admit_files(self, guild_id: int, seen: Seen) -> None:
        """Let these files be used."""
        digests = [facts.digest for facts in (seen.video, seen.audio) if facts]
        if await self._reports.removed_among(guild_id, digests):
            raise FileRemoved

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
