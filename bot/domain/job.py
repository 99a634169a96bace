"""A job and its stores, with what its row says of the request read and written as this bot's `Request`."""

from __future__ import annotations

from bot.domain.request import Request
from storage.jobs import job as rows
from storage.jobs import job_events
from storage.jobs.claims import Claims as ClaimsStore
from storage.jobs.corrections import Corrections as CorrectionsStore
from storage.jobs.jobs import Jobs as JobStore
from storage.jobs.ledger import Ledger as LedgerStore
from storage.stores import Stores as StoresOf

Job = rows.Job[Request]
NewJob = rows.NewJob[Request]
Enqueued = job_events.Enqueued[Request]
Fallback = rows.Fallback[Request]
Jobs = JobStore[Request]
Claims = ClaimsStore[Request]
Ledger = LedgerStore[Request]
Corrections = CorrectionsStore[Request]
Stores = StoresOf[Request]

NO_REQUEST = Request(flow="", mode="text")  # where it can't be read any more


class RequestCodec:
    """Requests as JSON. A forgotten job's keeps its flow and its mode only."""

    def read(self, text: str) -> Request:
        """Read what `write` has written; a `ValueError` when that can't be read."""
        return Request.model_validate_json(text)

    def write(self, request: Request) -> str:
        """Write it as JSON."""
        return request.model_dump_json()

    def bare(self, request: Request) -> str:
        """Write as JSON what may be kept of it once its person is forgotten: its flow and its mode."""
        return request.model_dump_json(include={"flow", "mode"})

    def voice(self, request: Request) -> str | None:
        """The key of the voice in which its text is spoken; None when it has no text."""
        return request.voice if request.mode == "text" else None
