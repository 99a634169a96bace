"""What is to be decided in a server, for whoever may decide it."""

from __future__ import annotations

from bot.clock import Clock
from bot.moderation.open_cases import OpenCases
from storage.engine.database import Database
from storage.engine.encryption import MasterKeys
from storage.servers.cases import Cases
from storage.servers.guilds import Guilds
from storage.servers.keys import Keys
from tests.conftest import GUILD, MEMBER


async def test_a_moderator_who_has_just_read_of_it_needs_no_reminder_although_somebody_is_told_right_after(
    database: Database,
) -> None:
    keys, cases = Keys(database, MasterKeys.parse(MasterKeys.generate("first"))), Cases(database)
    await Guilds(database).join(GUILD, 0.0)
    await keys.put(GUILD, "runcomfy", {"api_key": "a-key"}, hint="-key", added_by=MEMBER, now=1.0)
    info = await keys.current(GUILD, "runcomfy")
    assert info
    await keys.switch_off(GUILD, info.id, reason="bad_key", now=2.0)
    open_cases = OpenCases(cases, Clock())
    assert (await open_cases.all(GUILD, by=MEMBER)).counts == {"key_off": 1}
    case = await cases.find(GUILD, "key_off", info.id)
    assert case
    assert case.told is None
    await cases.tell(case, "person", None, {}, log_channel_id=None)
    assert await open_cases.reminder(GUILD, MEMBER) == ""
    assert "1 key" in await open_cases.reminder(GUILD, MEMBER + 1)
