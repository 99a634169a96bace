"""What is reserved for a job when it is accepted, and what is left out for a limit on money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.asking.approval import APPROVAL_SECONDS
from bot.asking.drafts import Draft
from bot.asking.enqueue import Enqueuer
from bot.asking.server import Server
from bot.domain.flows import Stage
from bot.domain.job import Job, RequestCodec, Stores
from bot.domain.request import Media
from bot.domain.reuse import NAMES, SINCE
from bot.files.job_files import JobFiles
from bot.jobs.intervals import CALL_SECONDS
from bot.jobs.worker import Worker
from bot.net.faults import Unwritable
from bot.preflight.fit import Candidate
from bot.words.refusals.access import CannotPost
from bot.words.refusals.limits import LimitReached
from storage.engine.database import Conflict, Database
from storage.engine.encryption import MasterKeys
from storage.jobs.job import Position
from storage.servers.guilds import Policy
from storage.servers.limit_rules import Rule
from storage.servers.limits import DEFAULTS
from tests.app.still_clock import StillClock
from tests.asking.test_chooser import ASK
from tests.conftest import GUILD
from tests.jobs.steps.alone import job_in, named, staged
from tests.scripted import Keyed, Scripted

SESSION = Stage("face", "", yields=("session_id",), kept_seconds=60.0)
FOLDER = Path("there")


class KeptFiles(JobFiles):
    """Takes over the files of jobs, as long as there is room."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))
        self.kept: list[tuple[int, Path]] = []
        self.fault: Exception | None = None

    def take_over(self, job: Job, folder: Path) -> None:
        if self.fault:
            raise self.fault
        self.kept.append((job.id, folder))


class Showing(Worker):
    """Shows every job, unless a test says that this can't be."""

    def __init__(self) -> None:
        self.failure: str | None = None

    async def begin(self, job: Job) -> Job:
        return replace(job, failure=self.failure)


@dataclass
class Accepting:
    """What accepts jobs, in a server without limits."""

    stores: Stores
    files: KeptFiles = field(default_factory=KeptFiles)
    worker: Showing = field(default_factory=Showing)
    clock: StillClock = field(default_factory=StillClock)

    def __post_init__(self) -> None:
        self.enqueuer = Enqueuer(self.stores, self.files, self.worker, self.clock)

    async def limit(self, unit: Any, most: int) -> None:
        await self.stores.limits.put(GUILD, Rule("everyone", 0, unit, "day", most), by=9, now=0.0)

    async def store(self, *candidates: Candidate, server: Server | None = None, **asked: Any) -> Job:
        ask = replace(ASK, **{"place": replace(ASK.place, guild_id=GUILD), **asked})
        job = (await self.enqueuer.store(Draft(ask, FOLDER), server or Server(), list(candidates))).job
        assert await self.stores.jobs.get(GUILD, job.id) == job
        return job


@pytest.fixture
async def accepting(database: Database) -> Accepting:
    stores: Stores = Stores.on(database, MasterKeys.parse(MasterKeys.generate("first")), RequestCodec())
    await stores.workers.begin(60.0)
    await stores.guilds.join(GUILD, 0.0)
    for rule in DEFAULTS:
        await stores.limits.remove(GUILD, rule.subject, rule.subject_id, rule.unit, rule.window, by=9, now=0.0)
    return Accepting(stores)


def candidate(name: str, price: str | None = None, kind: type[Scripted] = Scripted) -> Candidate:
    request = job_in("queued").request
    video = request.video.model_copy(update={"seconds": 4.5, "digest": "d-clip"})
    return Candidate(
        named(name, kind),
        request.model_copy(update={"video": video, "price_usd": None if price is None else Decimal(price)}),
    )


def names(job: Job) -> list[str]:
    """Who is tried, in order."""
    return [job.provider, *(other.provider for other in job.fallbacks)]


async def test_the_dearest_that_may_be_tried_is_reserved(accepting: Accepting) -> None:
    job = await accepting.store(candidate("first", "0.05"), candidate("second", "0.14"), candidate("third"))
    assert (names(job), job.micros, job.milliseconds) == (["first", "second", "third"], 140_000, 4500)
    assert (job.state, job.counted_at, job.created_at, job.deadline_at) == (
        "queued",
        1000.0,
        1000.0,
        1000.0 + CALL_SECONDS,
    )
    assert (job.video_digest, job.audio_digest, job.position) == ("d-clip", None, Position("only"))


async def test_a_job_knows_who_asked_where_and_for_which_files(accepting: Accepting) -> None:
    sound = Media(url="https://x.example/a.mp3", name="a.mp3", size=9, digest="d-sound")
    one = candidate("first")
    job = await accepting.store(
        replace(one, request=one.request.model_copy(update={"audio": sound})),
        place=replace(ASK.place, guild_id=GUILD, parent_id=8, opens_thread=False, file_bytes=5),
        asker=replace(ASK.asker, role_ids=frozenset({6, 7})),
    )
    assert (job.channel_id, job.parent_id, job.opens_thread, job.file_bytes) == (2, 8, False, 5)
    assert (job.member_id, job.role_ids, job.interaction_id) == (3, frozenset({6, 7}), 4)
    assert (job.video_digest, job.audio_digest) == ("d-clip", "d-sound")


async def test_what_is_too_dear_for_a_limit_on_money_is_left_out_the_dearest_first(accepting: Accepting) -> None:
    await accepting.limit("cents", 10)
    job = await accepting.store(
        candidate("first", "0.11"), candidate("second", "0.10"), candidate("third", "0.30"), candidate("fourth", "0.02")
    )
    assert (names(job), job.micros) == (["second", "fourth"], 100_000)


async def test_when_the_last_is_too_dear_the_limit_is_told(accepting: Accepting) -> None:
    await accepting.limit("cents", 10)
    with pytest.raises(LimitReached, match=r"0\.11"):
        await accepting.store(candidate("first", "0.30"), candidate("second", "0.11"))
    assert await accepting.stores.ledger.jobs(GUILD) == []


async def test_for_another_limit_nobody_is_left_out(accepting: Accepting) -> None:
    await accepting.limit("jobs", 0)
    with pytest.raises(LimitReached):
        await accepting.store(candidate("first", "0.30"), candidate("second", "0.11"))


async def test_a_job_that_needs_a_moderators_yes_is_held_and_not_counted(accepting: Accepting) -> None:
    server = Server(policy=Policy(approval="above", approval_cents=10))
    job = await accepting.store(candidate("first", "0.11"), server=server)
    assert (job.state, job.counted_at, job.deadline_at) == ("held", None, 1000.0 + APPROVAL_SECONDS)


async def test_once_the_dear_ones_are_left_out_a_job_may_need_no_yes(accepting: Accepting) -> None:
    await accepting.limit("cents", 10)
    server = Server(policy=Policy(approval="above", approval_cents=10))
    job = await accepting.store(candidate("first", "0.11"), candidate("second", "0.10"), server=server)
    assert (names(job), job.state) == (["second"], "queued")


async def keys(accepting: Accepting) -> Sequence[Any]:
    await accepting.stores.keys.put(GUILD, "first", {"api_key": "x"}, hint="x", added_by=9, now=0.0)
    return await accepting.stores.keys.sealed(GUILD)


async def test_what_the_same_account_has_paid_for_is_used_again_with_its_key(accepting: Accepting) -> None:
    (key,) = await keys(accepting)
    one = candidate("first", kind=Keyed)
    assert isinstance(one.provider, Scripted)
    staged(one.provider, SESSION, Stage("lipsync", ""))
    earlier = replace(
        job_in("succeeded"), key_id=key.id, request=one.request, created_at=980.0, yields={"session_id": "7"}
    )
    job = await accepting.store(one, server=Server(keys=(key,)), earlier=earlier)
    assert (job.key_id, job.yields) == (key.id, {"session_id": "7", SINCE: "980.0", NAMES: "session_id"})
    other = await accepting.store(
        one, server=Server(keys=(key,)), earlier=replace(earlier, key_id=key.id + 1), interaction_id=5
    )
    assert (other.key_id, other.yields, other.position) == (None, {}, Position("face"))


async def test_one_command_makes_one_job(accepting: Accepting) -> None:
    await accepting.store(candidate("first"))
    with pytest.raises(Conflict):
        await accepting.store(candidate("first"))


async def test_the_files_are_kept_for_the_job_or_fetched_again_where_there_is_no_room(
    accepting: Accepting, monkeypatch: pytest.MonkeyPatch
) -> None:
    thrown: list[Path] = []
    monkeypatch.setattr(Draft, "throw_away", lambda draft: thrown.append(draft.folder))
    job = await accepting.store(candidate("first"))
    assert (accepting.files.kept, thrown) == ([(job.id, FOLDER)], [])
    accepting.files.fault = Unwritable("full")
    await accepting.store(candidate("first"), interaction_id=5)
    assert (len(accepting.files.kept), thrown) == (1, [FOLDER])


async def test_a_job_that_cant_be_shown_is_refused(accepting: Accepting) -> None:
    job = await accepting.store(candidate("first"))
    assert await accepting.enqueuer.show(ASK, job) == job
    accepting.worker.failure = "cannot_post"
    with pytest.raises(CannotPost, match="#studio"):
        await accepting.enqueuer.show(ASK, job)


async def test_who_would_be_tried_first_is_found_out_without_storing_anything(accepting: Accepting) -> None:
    ask = replace(ASK, place=replace(ASK.place, guild_id=GUILD))
    dear, cheap = candidate("first", "0.11"), candidate("second", "0.10")
    assert await accepting.enqueuer.check(ask, Server(), [dear, cheap]) is dear
    await accepting.stores.limits.put(GUILD, Rule("everyone", 0, "cents", "day", 10), by=1, now=0.0)
    assert await accepting.enqueuer.check(ask, Server(), [dear, cheap]) is cheap
    with pytest.raises(LimitReached, match=r"0\.11"):
        await accepting.enqueuer.check(ask, Server(), [dear])
    assert await accepting.stores.ledger.jobs(GUILD) == []


async def test_a_job_that_would_be_one_too_many_at_once_could_not_be_stored(accepting: Accepting) -> None:
    ask = replace(ASK, place=replace(ASK.place, guild_id=GUILD))
    await accepting.stores.limits.put(GUILD, Rule("everyone", 0, "active", "now", 1), by=1, now=0.0)
    one = candidate("first")
    assert await accepting.enqueuer.check(ask, Server(), [one]) is one
    await accepting.store(one)
    with pytest.raises(LimitReached):
        await accepting.enqueuer.check(ask, Server(), [one])
