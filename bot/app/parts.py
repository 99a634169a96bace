"""What the bot's rules stand on: the stores, the providers, and everything that touches files. Made once."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from bot.app.monitoring.metrics import Metrics
from bot.app.settings import Settings
from bot.clock import Clock
from bot.delivery.assemble import Assembler
from bot.domain.job import Stores
from bot.errors import SettingsError
from bot.files.incoming import Incoming
from bot.files.job_files import JobFiles
from bot.files.leftovers import tidy
from bot.jobs.lease import Lease
from bot.media.edit_queue import EditQueue
from bot.media.pool import WorkerPool
from bot.media.probe import Probe
from bot.net.client import Http
from bot.net.faults import DepotAway, Unwritable
from bot.placing import disk_faults
from bot.providers.base import Provider
from bot.words.admin.operator import ANOTHERS_BUCKET
from storage.engine.database import Database
from storage.engine.earlier_copies import EarlierCopies
from storage.engine.installation import Installation

if TYPE_CHECKING:
    from bot.files.depot import Depot

FILES_MARK = "files_mark"  # of this database, in the bucket


@dataclass(slots=True)
class Parts:
    """Made before the rest of the bot; what a test puts in a part's place is used from the start.

    An edit may take ten minutes, and what is prepared or handed out doesn't wait for one that finishes a video: so
    three editors, and with the probe's two looks five children at once.
    """

    database: Database
    stores: Stores
    discord_files: Http
    providers: dict[str, Provider]
    probe: Probe
    incoming: Incoming
    job_files: JobFiles
    assembler: Assembler
    preparing: EditQueue
    finishing: EditQueue
    handing_out: EditQueue
    lease: Lease
    metrics: Metrics
    copies: EarlierCopies

    @property
    def edit_queues(self) -> Mapping[str, EditQueue]:
        """The queues of edits, by name."""
        return {"preparing": self.preparing, "finishing": self.finishing, "handing_out": self.handing_out}

    @classmethod
    async def of(
        cls,
        settings: Settings,
        stores: Stores,
        database: Database,
        http: Http,
        providers: dict[str, Provider],
        pool: WorkerPool,
        clock: Clock,
        metrics: Metrics,
    ) -> Parts:
        """The real ones; what the last run left half done on disk is tidied away. `SettingsError` when the bucket for
        files can't be used.
        """

        def queue(name: str) -> EditQueue:
            return EditQueue(pool, metrics.edits.labels(name).time)

        job_files = JobFiles(settings.data_folder / "files", await _depot(settings, stores.installation))
        tidy(job_files, settings.data_folder / "results")
        probe, finishing = Probe(pool), queue("finishing")
        proxy = settings.discord_api_url or ""
        discord_files = http.at(proxy) if proxy else http
        intake = _emptied(settings.data_folder / "intake")
        return cls(
            database,
            stores,
            discord_files,
            providers,
            probe,
            Incoming(discord_files, intake, proxy, probe, clock),
            job_files,
            Assembler(http, probe, finishing, job_files),
            queue("preparing"),
            finishing,
            queue("handing_out"),
            Lease.on(database, stores.workers),
            metrics,
            EarlierCopies(settings.database_path),
        )


def make_folder(data: Path) -> None:
    """Make the folder of what no database holds, if it isn't there."""
    try:
        with disk_faults():
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except Unwritable as fault:
        raise SettingsError(problem=f"DATABASE_PATH: {data} can't be used: {fault.detail}") from None


async def _depot(settings: Settings, installation: Installation) -> Depot | None:
    """Where files are kept beside the data folder; None when they aren't. What no job of this database needs is deleted
    there, so it must be this database's alone.
    """
    try:
        bucket = settings.bucket()
        if bucket is None:
            return None
        from bot.files.depot import Depot  # noqa: PLC0415 - only with the extra `s3` installed

        depot, mark = Depot(bucket), await installation.once(FILES_MARK, token_hex(16))
        found = await depot.claim(mark)
    except DepotAway as fault:
        raise SettingsError(problem=f"FILES_URL: can't be used now: {fault.detail}") from None
    if found != mark:
        raise SettingsError(problem=ANOTHERS_BUCKET)
    return depot


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
