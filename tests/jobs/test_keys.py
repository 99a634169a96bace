"""Which key sends a job, and what a provider's refusal does to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.domain.job import Job
from bot.domain.reuse import NAMES, SINCE
from bot.jobs.keys import JobKeys
from bot.net.client import Http
from bot.providers.base import Credentials, Provider
from storage.engine.database import Database
from storage.engine.encryption import MasterKeys
from storage.servers.cases import Cases
from storage.servers.guilds import Guilds
from storage.servers.keys import Keys
from tests.app.still_clock import StillClock
from tests.conftest import GUILD, MEMBER, OTHER_GUILD
from tests.jobs.steps.alone import HTTP, job_in, named
from tests.scripted import Keyed

SECRET = {"api_key": "canary"}
TAKEN_OVER = {"session_id": "7", SINCE: "5.0", NAMES: "session_id"}


class Hosted(Keyed):
    """Its key names its host."""

    own_hosts = True

    def results(self, credentials: Credentials) -> Http:
        assert credentials == SECRET
        return HTTP


@dataclass
class Opened:
    """The keys of two servers, how jobs use them, and what moderators are to be told."""

    store: Keys
    job_keys: JobKeys
    cases: Cases

    async def save(self, guild_id: int = GUILD, provider: str = "first") -> int:
        await self.store.put(guild_id, provider, SECRET, hint="nary", added_by=MEMBER, now=1.0)
        info = await self.store.current(guild_id, provider)
        assert info
        return info.id


def job(**values: Any) -> Job:
    return job_in("queued", **{"guild_id": GUILD, "key_id": None, **values})


@pytest.fixture
async def keys(database: Database) -> Opened:
    for guild in (GUILD, OTHER_GUILD):
        await Guilds(database).join(guild, 0.0)
    store = Keys(database, MasterKeys.parse(MasterKeys.generate("first")))
    providers: dict[str, Provider] = {
        "first": named("first", Keyed), "hosted": named("hosted", Hosted), "open": named("open"),
    }  # fmt: skip
    return Opened(store, JobKeys(store, providers, StillClock()), Cases(database))


async def test_a_job_that_has_begun_nothing_is_sent_with_the_servers_current_key(keys: Opened) -> None:
    await keys.save(OTHER_GUILD)
    old, new = await keys.save(), await keys.save()
    assert old != new
    for found in (None, old):
        assert await keys.job_keys.for_sending(job(key_id=found)) == (job(key_id=new), "")


@pytest.mark.parametrize("yields", [{"session_id": "7"}, TAKEN_OVER])
async def test_what_one_account_has_paid_for_is_sent_with_its_own_key(keys: Opened, yields: dict[str, str]) -> None:
    await keys.save()
    begun = job(key_id=99, yields=yields)
    assert await keys.job_keys.for_sending(begun) == (begun, "")


async def test_what_stands_against_a_key_is_told_with_it(keys: Opened) -> None:
    assert await keys.job_keys.for_sending(job(key_id=3)) == (job(key_id=3), "no_key")
    number = await keys.save()
    await keys.store.switch_off(GUILD, number, reason="out_of_credit", now=2.0)
    assert await keys.job_keys.for_sending(job()) == (job(key_id=number), "out_of_credit")


@pytest.mark.parametrize("provider", ["open", "gone"])
async def test_where_no_key_is_wanted_none_is_looked_for(keys: Opened, provider: str) -> None:
    assert await keys.job_keys.for_sending(job(provider=provider)) == (job(provider=provider), "")
    assert await keys.job_keys.credentials(job(provider=provider)) == {}


async def test_a_key_is_replaced_when_the_server_has_another_one_that_works(keys: Opened) -> None:
    assert not await keys.job_keys.is_replaced(job(key_id=3))
    number = await keys.save()
    assert not await keys.job_keys.is_replaced(job(key_id=number))
    assert await keys.job_keys.is_replaced(job(key_id=number + 1))
    await keys.store.switch_off(GUILD, number, reason="bad_key", now=2.0)
    assert not await keys.job_keys.is_replaced(job(key_id=number + 1))


@pytest.mark.parametrize("reason", ["bad_key", "out_of_credit"])
async def test_a_key_that_is_refused_is_switched_off_and_moderators_are_told(keys: Opened, reason: str) -> None:
    number = await keys.save()
    await keys.job_keys.failed(job(key_id=number), reason)
    info = await keys.store.current(GUILD, "first")
    assert info
    assert (info.off_reason, info.off_at) == (reason, 1000.0)
    assert [case.kind for case in await keys.cases.to_tell(GUILD)] == ["key_off"]


async def test_other_faults_and_jobs_without_a_key_switch_none_off(keys: Opened) -> None:
    number = await keys.save()
    await keys.job_keys.failed(job(key_id=number), "input_rejected")
    await keys.job_keys.failed(job(), "bad_key")
    await keys.job_keys.failed(job(key_id=number, guild_id=OTHER_GUILD), "bad_key")
    info = await keys.store.current(GUILD, "first")
    assert info
    assert info.off_reason is None


async def test_a_replaced_key_is_erased_with_the_last_job_that_needs_it(
    keys: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[int] = []

    async def sweep(guild_id: int) -> None:
        swept.append(guild_id)

    number = await keys.save()
    await keys.save(provider="hosted")
    monkeypatch.setattr(keys.store, "sweep", sweep)
    await keys.job_keys.last_job_over(job(key_id=number))
    await keys.job_keys.last_job_over(job())
    assert swept == []
    await keys.job_keys.last_job_over(job(key_id=number + 7))
    assert swept == [GUILD]


async def test_a_job_opens_its_own_key_and_no_other_servers(keys: Opened) -> None:
    number = await keys.save()
    assert await keys.job_keys.credentials(job(key_id=number)) == SECRET
    assert await keys.job_keys.credentials(job(key_id=number, guild_id=OTHER_GUILD)) is None
    assert await keys.job_keys.credentials(job()) is None


async def test_a_key_that_is_erased_or_switched_off_between_two_polls_is_noticed_by_the_next(keys: Opened) -> None:
    number = await keys.save()
    assert await keys.job_keys.credentials(job(key_id=number)) == SECRET
    await keys.store.switch_off(GUILD, number, reason="bad_key", now=2.0)
    assert await keys.job_keys.for_sending(job()) == (job(key_id=number), "bad_key")
    newer = await keys.save()  # nothing runs with the old one, so it is erased
    assert await keys.job_keys.for_sending(job()) == (job(key_id=newer), "")
    assert await keys.job_keys.credentials(job(key_id=number)) is None
    assert await keys.job_keys.credentials(job(key_id=newer)) == SECRET
    await keys.store.remove(GUILD, "first", by=MEMBER, now=3.0)
    assert await keys.job_keys.credentials(job(key_id=newer)) is None


async def test_a_key_that_cant_be_opened_any_more_counts_as_none(keys: Opened) -> None:
    number = await keys.save()
    keys.store._master = MasterKeys.parse(MasterKeys.generate("another"))
    assert await keys.job_keys.credentials(job(key_id=number)) is None


async def test_results_are_fetched_through_the_providers_own_host_only_with_the_key_that_names_it(
    keys: Opened,
) -> None:
    number = await keys.save(provider="hosted")
    hosted = job(provider="hosted", key_id=number)
    assert await keys.job_keys.http(hosted) is HTTP
    assert await keys.job_keys.http(replace(hosted, key_id=None)) is None
    assert await keys.job_keys.http(job(provider="gone")) is None
    assert await keys.job_keys.http(job()) is HTTP  # its host is the same for all keys
