"""What every place says of an ended job, as people read it there."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from bot.domain.job import Job
from bot.words import job_card, monthly_report
from storage.engine.database import Transaction
from storage.servers.limit_rules import Rule
from storage.servers.limits import put_rule
from tests.discord_server.state import Json
from tests.truth.claims import AMOUNT, CHARGED, COUNTS, NO_COUNT, NOT_KNOWN, NOTHING, Said, amount, pattern, read
from tests.truth.scene import Scene

MOST = 1000
RULES = [
    Rule(whose, 0, unit, "month", MOST) for whose in ("everyone", "server") for unit in ("jobs", "seconds", "cents")
]
LEFT = {
    "jobs": re.compile(r"\*\*([\d,.]+) videos?\*\* left"),
    "seconds": re.compile(r"\*\*([\d,.]+) s of video\*\* left"),
    "cents": re.compile(r"\*\*\$([\d.]+)\*\* left"),
}
BY_LISTS, UNPRICED, NOT_SURE = (
    pattern(sentence, r"\$(?P<by_lists>[\d.]+)" if sentence is monthly_report.BY_PRICE_LISTS else ".+?")
    for sentence in (monthly_report.BY_PRICE_LISTS, monthly_report.PRICE_NOT_KNOWN, monthly_report.CHARGE_NOT_KNOWN)
)
SUM = re.compile(
    r"made, (?P<seconds>[\d.]+) s counted, \$(?P<total>\d+\.\d+)"
    rf"(?:{BY_LISTS})?(?P<unpriced>{UNPRICED})?(?P<not_known>{NOT_SURE})?"
)


@dataclass(frozen=True, slots=True)
class Usage:
    """What of a job counts against the limits of its member, or of the whole server."""

    jobs: int
    seconds: Decimal
    dollars: Decimal


async def surfaces(scene: Scene, job: Job) -> dict[str, Said]:
    """What is claimed, by where it is said."""
    found = {name: read(text) for name, text in posted(scene, job).items()}
    line, opened = await _jobs(scene, job)
    found["a line of /lipsync-admin jobs"] = _line(line)
    found["/lipsync-admin jobs"] = _line(_facts(opened)) | read(opened)
    table, rows = await _report(scene, job)
    found["the report's table"] = _table(table)
    found["the report's file"] = _file(rows)
    for whose, usage in (await used(scene)).items():
        counts = COUNTS if usage.jobs or usage.seconds or usage.dollars else NO_COUNT
        found[f"/lipsync usage, {whose}"] = Said(frozenset({counts}), about=usage.dollars)
    return found


def posted(scene: Scene, job: Job) -> dict[str, str]:
    """What was posted of the job, by where."""
    ours = [(message["channel_id"], text) for message in scene.messages() if job.code in (text := _text(message))]
    card = [text for _, text in ours if job_card.title(job) in text]
    log = [text for channel_id, text in ours if channel_id == scene.log["id"]]
    last = [text for _, text in ours if text not in {*card, *log}]
    told = {f"the log, {number}": text for number, text in enumerate(log)}
    for where, texts in (("the card", card), ("the last message", last)):
        if texts:
            told[where] = texts[-1]
    return told


def _text(message: Json) -> str:
    """Everything that can be read on a message."""
    texts, parts = [message["content"]], list(message["components"])
    while parts:
        part = parts.pop(0)
        texts.append(str(part.get("content", "")))
        parts += part.get("components") or []
    return "\n".join(texts)


async def used(scene: Scene) -> dict[str, Usage]:
    """What `/lipsync usage` shows of the member's limits, and of the server's."""

    async def work(tx: Transaction) -> None:
        for rule in RULES:
            await put_rule(tx, scene.guild_id, rule)

    await scene.stand.parts.database.write(work, guild_id=scene.guild_id)
    said = await (await scene.stand.discord.people.slash("lipsync usage")).answer()
    found = {}
    for whose, words in (("the member", "for everyone"), ("the server", "for the whole server")):
        lines = [line for line in said.splitlines() if words in line]
        left = {
            unit: Decimal(match[1].replace(",", ""))
            for unit, shape in LEFT.items()
            for line in lines
            if (match := shape.search(line))
        }
        found[whose] = Usage(MOST - int(left["jobs"]), MOST - left["seconds"], Decimal(MOST) / 100 - left["cents"])
    return found


async def _jobs(scene: Scene, job: Job) -> tuple[str, str]:
    """The job's line in the moderators' list, and everything about it."""
    people = scene.stand.discord.people
    listed = await people.slash("lipsync-admin jobs")
    (line,) = [line for line in (await listed.answer()).splitlines() if job.code in line]
    opened = await people.choose(listed, str(job.id))
    return line, await opened.answer()


def _facts(opened: str) -> str:
    """The line with provider, length and money."""
    return next(line for line in opened.splitlines() if " s · " in line)


def _line(line: str) -> Said:
    """Money and counting in a line of facts."""
    money = re.search(rf" · {AMOUNT}", line)
    return read(line) | (amount(money) if money else Said())


async def _report(scene: Scene, job: Job) -> tuple[str, list[dict[str, str]]]:
    """The month's table, and the rows of its file."""
    month = datetime.fromtimestamp(job.created_at, UTC).strftime("%Y-%m")
    people = scene.stand.discord.people
    answered = await people.slash("lipsync-admin report", month=month)
    state = scene.stand.discord.state
    await scene.stand.discord.until(lambda: answered.original and answered.original["attachments"])
    (file,) = answered.original["attachments"]  # type: ignore[index]
    name = file["url"].partition("/files/")[2].partition("?")[0]
    return await answered.answer(), list(csv.DictReader(io.StringIO(state.files[name].decode())))


def _table(table: str) -> Said:
    """What the table's first line says of the only job."""
    found = SUM.search(table)
    assert found, table
    total, by_lists = Decimal(found["total"]), Decimal(found["by_lists"] or 0)
    return _month(
        seconds=Decimal(found["seconds"]),
        spent=total - by_lists,
        foreseen=by_lists,
        unpriced=bool(found["unpriced"]),
        not_known=bool(found["not_known"]),
    )


def _file(rows: list[dict[str, str]]) -> Said:
    """What the file says of the only job."""
    (row,) = rows
    foreseen = Decimal(row["usd_estimated"])
    return _month(
        seconds=Decimal(row["seconds"]),
        spent=Decimal(row["usd"]) - foreseen,
        foreseen=foreseen,
        unpriced=row["price_not_known"] != "0",
        not_known=row["charge_not_known"] != "0",
    )


def _month(*, seconds: Decimal, spent: Decimal, foreseen: Decimal, unpriced: bool, not_known: bool) -> Said:
    counts = COUNTS if seconds else NO_COUNT
    if not_known:
        return Said(frozenset({NOT_KNOWN, counts}))
    if spent or foreseen or unpriced:
        return Said(frozenset({CHARGED, counts}), exactly=spent or None, about=foreseen or None)
    return Said(frozenset({NOTHING, counts}))
