"""Every store of one database."""

from __future__ import annotations

from dataclasses import dataclass

from storage.access import Access
from storage.chronicle import Chronicle
from storage.database import Database
from storage.direct_messages import DirectMessages
from storage.facts import Facts
from storage.guilds import Guilds
from storage.jobs import Jobs
from storage.keys import Keys
from storage.ledger import Ledger
from storage.limits import Limits
from storage.privacy import Privacy
from storage.reports import Reports
from storage.sealing import MasterKeys


@dataclass(frozen=True, slots=True)
class Stores:
    """One store per kind of thing."""

    access: Access
    chronicle: Chronicle
    direct_messages: DirectMessages
    facts: Facts
    guilds: Guilds
    jobs: Jobs
    keys: Keys
    ledger: Ledger
    limits: Limits
    privacy: Privacy
    reports: Reports

    @classmethod
    def on(cls, database: Database, master: MasterKeys) -> Stores:
        """The stores of this database."""
        return cls(
            Access(database),
            Chronicle(database),
            DirectMessages(database),
            Facts(database),
            Guilds(database),
            Jobs(database),
            Keys(database, master),
            Ledger(database),
            Limits(database),
            Privacy(database),
            Reports(database),
        )
