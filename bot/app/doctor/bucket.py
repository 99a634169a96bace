"""The bucket for files, where there is one."""

from __future__ import annotations

from bot.app.settings import Settings
from bot.errors import SettingsError
from bot.net.faults import DepotAway
from bot.words.admin import doctor as words
from bot.words.admin.finding import Finding, ill, ok
from bot.words.admin.operator import ANOTHERS_BUCKET


async def check_bucket(settings: Settings, mark: str | None) -> list[Finding]:
    """Whether it can be written, read and emptied, and is that of the database with this mark, None before its first
    start.
    """
    try:
        bucket = settings.bucket()
        if bucket is None:
            return []
        from bot.files.depot import Depot  # noqa: PLC0415 - only with the extra `s3` installed

        found = await Depot(bucket).probe()
    except (SettingsError, DepotAway) as fault:
        return [ill("bucket", f"it can't be used: {fault}", words.CHECK_BUCKET)]
    if found is not None and found != mark:
        return [ill("bucket", ANOTHERS_BUCKET, words.CHECK_BUCKET)]
    return [ok("bucket", "objects can be written once, read and deleted")]
