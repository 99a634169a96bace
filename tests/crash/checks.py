"""What must never be, however often the bot was killed: each check names what it finds of that in the evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from bot.chat.custom_ids import DECISIONS
from bot.domain.costs import micros
from bot.domain.job import Job
from bot.files.job_files import FILES_KEPT
from bot.files.names import CLIP, SOUND, whole_of
from bot.sandbox.emulators.runcomfy import PRICE_USD
from bot.sandbox.runs import Run
from bot.words import job_card
from bot.words.answers import asked
from storage.people.unanswered import ANSWERABLE_SECONDS
from tests.crash.evidence import Death, Evidence, providers, usage_of
from tests.crash.people import MODAL, Command, buttons_in

# By the bot's own fast clock:
START_SECONDS = 60.0  # in which a bot that has started has answered what was left
KEPT_SECONDS = 75.0  # in which it has written down who waits for an answer: five seconds of the world's, on any disk
PRICED = {"runcomfy", "runware"}  # the providers that say what a run has cost
AT_ONCE = {4, MODAL}  # types of what is the whole answer


def lost(evidence: Evidence) -> Iterator[str]:
    """Jobs that haven't ended, or whose end wasn't told; runs of no job."""
    told, known = {int(message["id"]) for message in evidence.outcomes}, {str(job.id) for job in evidence.jobs}
    for job in evidence.jobs:
        if job.closed_at is None:
            yield f"{job.code} is still {job.state}"
        elif job.reply_id not in told and job.failure != "cannot_post" and job.forgotten_at is None:
            yield f"{job.code} is {job.state}, and that was never told"
    for run in evidence.runs:
        if evidence.books.get(run.id, "").partition("/")[0] not in known:
            yield f"run {run.id} ({run.order.makes}) is of no job"


def paid_twice(evidence: Evidence) -> Iterator[str]:
    """Stages that a provider has in its books more than once for the same job."""
    for stage, times in Counter(evidence.books[run.id] for run in evidence.runs if run.id in evidence.books).items():
        if times > 1:
            yield f"{stage} was paid {times} times"


def posted_twice(evidence: Evidence) -> Iterator[str]:
    """Outcomes and cards that are there more than once, or belong to no job."""
    codes = Counter(message["content"].rpartition(" ")[2] for message in evidence.outcomes)
    titles = Counter(words.partition("\n")[0].removeprefix("### ") for words in evidence.cards.values())
    for job in evidence.jobs:
        if codes[job.code] > 1:
            yield f"{job.code} was told {codes[job.code]} times"
        if titles[job_card.title(job)] > 1:
            yield f"{job.code} has {titles[job_card.title(job)]} cards"
    for code in codes.keys() - {job.code for job in evidence.jobs}:
        yield f"an outcome of {code}, which is no job"


def usage_differs(evidence: Evidence) -> Iterator[str]:
    """What counts against limits, and what was spent, against the providers' books."""
    for job in evidence.jobs:
        runs = [run for run in evidence.runs_for(job) if run.status != "cancelled"]
        if job.settled_at is not None:
            continue  # by a moderator, who may be wrong
        if runs and job.counted_at is None:
            yield f"{job.code} was paid, and counts against no limit"
        if job.state == "succeeded" and not runs:
            yield f"{job.code} has a video, and nobody was paid for one"
        spent = micros(sum(map(_price, runs), start=Decimal(0)))
        if job.provider in PRICED and job.spent_micros not in {None, spent}:
            yield f"{job.code} is said to have cost {job.spent_micros} millionths of a dollar, and cost {spent}"
    counted, rows = {hour: sums for hour, sums in evidence.usage.items() if any(sums)}, usage_of(evidence.jobs)
    if counted != rows:
        yield f"the sums by the hour are {counted}, and those of the rows {rows}"


def _price(run: Run) -> Decimal:
    """What RunComfy or Runware says that a run has cost, in US dollars."""
    if run.account.startswith("rc-"):
        return Decimal(str(PRICE_USD)) if run.result else Decimal(0)
    return len(run.order.text) * Decimal("0.00006") if run.order.makes == "speech" else Decimal("0.0462")


def files_left(evidence: Evidence) -> Iterator[str]:
    """Files that nobody needs: of no job, half written, made for a job that is closed and posted."""
    jobs = {str(job.id): job for job in evidence.jobs}
    for file in evidence.files:
        folder, *within = file.parts
        if folder == "files" and len(within) == 1 and within[0] in jobs:
            continue
        if folder == "files" and len(within) == 2 and _is_needed(jobs.get(within[0]), within[1], evidence.now):
            continue
        if (folder in {"files", "intake"} and within) or file.name.endswith(".part"):
            yield f"{file} is left"


def _is_needed(job: Job | None, name: str, now: float) -> bool:
    if job is None:
        return False
    if job.closed_at is None:
        return not name.endswith(".part")
    if whole_of([name]):
        return job.kept_until is not None and job.kept_until > now
    is_used_again = name in {CLIP, SOUND} or (name.startswith(("video-", "audio-")) and "." not in name)
    return is_used_again and job.closed_at > now - FILES_KEPT


def stale_cards(evidence: Evidence) -> Iterator[str]:
    """Cards that say something else than how their job ended, or offer to cancel it."""
    cards = evidence.cards
    buttons = {int(message["id"]) for message, _ in buttons_in(evidence.messages)}
    for job in evidence.jobs:
        if job.card_id is None or job.closed_at is None or job.forgotten_at is not None:
            continue
        if (shown := cards.get(job.card_id)) != job_card.card(_as_it_ended(job), providers, None):
            yield f"the card of {job.code}, which is {job.state}, says {(shown or 'nothing').splitlines()[-1]!r}"
        if job.card_id in buttons:
            yield f"the card of {job.code}, which is {job.state}, has a button"


def _as_it_ended(job: Job) -> Job:
    """The job before moderators said what it has cost, which changes no card."""
    if job.settled_at is None:
        return job
    return replace(job, settled_at=None, charge="unclear", counted_at=job.created_at, spent_micros=None)


def moderators_asked(evidence: Evidence) -> Iterator[str]:
    """Cases about which moderators aren't asked, or not on one card; cards that go on asking."""
    firsts: Mapping[str, str] = {kind: decisions[0][1] for kind, decisions in DECISIONS.items()}
    shown = Counter(button for prefix in firsts.values() for _, button in buttons_in(evidence.messages, prefix))
    wanted = {f"{firsts[kind]}{job_id}" for kind, job_id in evidence.undecided if kind in firsts}
    for button in wanted | shown.keys():
        if shown[button] != (button in wanted):
            yield f"{button} is on {shown[button]} cards, and {'waits' if button in wanted else 'is decided'}"


def prepared_left(evidence: Evidence) -> Iterator[str]:
    """Files that were put into a thread for a provider, and not taken away."""
    for message in evidence.messages:
        for file in message["attachments"]:
            if file["filename"].startswith("prepared-"):
                yield f"{file['filename']} is left in its thread"


def unanswered(evidence: Evidence) -> Iterator[str]:
    """Commands that the bot has begun to answer, and never answered, though it ran while it could; but for those that
    it could not write down before it was killed.
    """
    for command in evidence.commands:
        could_be = command.at + ANSWERABLE_SECONDS > evidence.ready_at + START_SECONDS
        if could_be and is_left(command) and not was_never_kept(command, evidence.deaths):
            yield f"a command ({command.words}) is left without an answer"


def is_left(command: Command) -> bool:
    """Whether whoever gave the command still sees that the bot thinks about it."""
    said, words = command.interaction.callback, (command.interaction.original or {}).get("content")
    return said is not None and said["type"] not in AT_ONCE and words in {None, "", asked.STARTING}


def was_never_kept(command: Command, deaths: Iterable[Death]) -> bool:
    """Whether the bot was killed while it wrote down, in the background, that the command waits for an answer."""
    since = [death for death in deaths if death.at >= command.interaction.acknowledged_at]
    is_recent = bool(since) and since[0].at < command.interaction.acknowledged_at + KEPT_SECONDS
    return is_recent and not any(command.interaction.id in death.waiting for death in since)


def orphans(evidence: Evidence) -> Iterator[str]:
    """Processes of the bot that were alive when it had ended."""
    yield from evidence.orphans


Check = Callable[[Evidence], Iterator[str]]
CHECKS: tuple[Check, ...] = (
    lost, paid_twice, posted_twice, usage_differs, files_left, stale_cards, moderators_asked, prepared_left, unanswered,
    orphans,
)  # fmt: skip


def violations(evidence: Evidence) -> list[str]:
    """All that must never be, and is."""
    return [what for check in CHECKS for what in check(evidence)]
