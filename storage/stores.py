"""Every store of one database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from storage.engine.database import Database
from storage.engine.encryption import MasterKeys
from storage.engine.installation import Installation
from storage.jobs.claims import Claims
from storage.jobs.corrections import Corrections
from storage.jobs.job import R
from storage.jobs.job_events import OnMove, unheard
from storage.jobs.job_row import Codec
from storage.jobs.jobs import Jobs
from storage.jobs.ledger import Ledger
from storage.jobs.stage_times import StageTimes
from storage.jobs.workers import Workers
from storage.people.deletions import Deletions
from storage.people.direct_messages import DirectMessages
from storage.people.privacy import Privacy
from storage.people.reporters import Reporters
from storage.people.reports import Reports
from storage.people.unanswered import Unanswered
from storage.people.unfinished import Unfinished
from storage.servers.access import Access
from storage.servers.cases import Cases
from storage.servers.guilds import Guilds
from storage.servers.keys import Keys
from storage.servers.limits import LimitStore
from storage.servers.log_entries import LogEntries


@dataclass(frozen=True, slots=True)
class Stores(Generic[R]):
    """One store per kind of thing."""

    access: Access
    cases: Cases
    log_entries: LogEntries
    deletions: Deletions
    direct_messages: DirectMessages
    installation: Installation
    guilds: Guilds
    jobs: Jobs[R]
    claims: Claims[R]
    keys: Keys
    ledger: Ledger[R]
    corrections: Corrections[R]
    limits: LimitStore
    privacy: Privacy
    reporters: Reporters
    reports: Reports
    stage_times: StageTimes
    unanswered: Unanswered
    unfinished: Unfinished
    workers: Workers

    @classmethod
    def on(
        cls,
        database: Database,
        master: MasterKeys,
        codec: Codec[R],
        on_move: OnMove[R] = unheard,
    ) -> Stores[R]:
        """The stores of this database, for one life of the process; `codec` says how the requests of jobs are
        written, `on_move` hears of every move of a job.
        """
        workers = Workers(database)
        # Where no other process can work on the database, jobs need no owner, and a start has none to write down.
        jobs = Jobs(database, codec, None if database.is_alone else workers.life, on_move)
        return cls(
            Access(database),
            Cases(database),
            LogEntries(database),
            Deletions(database),
            DirectMessages(database),
            Installation(database),
            Guilds(database),
            jobs,
            Claims(database, jobs),
            Keys(database, master),
            Ledger(database, jobs),
            Corrections(database, jobs),
            LimitStore(database),
            Privacy(database),
            Reporters(database),
            Reports(database),
            StageTimes(database),
            Unanswered(database, master, workers.life),
            Unfinished(database),
            workers,
        )
