"""What people can do with the bot: made once by `bot/app/build.py`, used by the cogs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from bot.app.background import Run
from bot.asking.choices import Choices
from bot.asking.repeat import Repeat
from bot.asking.service import Service
from bot.chat.answers.awaited import AwaitedAnswers
from bot.chat.answers.late import LateAnswers
from bot.chat.cases.escalation import Escalation
from bot.chat.forms import Forms
from bot.chat.log_channel import LogChannel
from bot.delivery.kept_videos import KeptVideos
from bot.domain.job import Ledger
from bot.jobs.lease import Lease
from bot.jobs.roles import Role
from bot.jobs.worker import Worker
from bot.moderation.decisions import Decisions
from bot.moderation.keys import ServerKeys
from bot.moderation.open_cases import OpenCases
from bot.moderation.reports import ReportedResults
from bot.moderation.server_rules import ServerRules
from bot.providers.base import Provider
from bot.retention.cleanup import Cleanup
from bot.retention.privacy import PersonalData


@dataclass(frozen=True, slots=True)
class Services:
    """One field per matter. `providers` are by name; some run in the background as well."""

    asking: Service
    choices: Choices
    repeat: Repeat
    kept_videos: KeptVideos
    privacy: PersonalData
    keys: ServerKeys
    server_rules: ServerRules
    decisions: Decisions
    reports: ReportedResults
    ledger: Ledger
    providers: Mapping[str, Provider]
    worker: Worker
    cleanup: Cleanup
    open_cases: OpenCases
    escalation: Escalation
    forms: Forms
    log_channel: LogChannel
    awaited_answers: AwaitedAnswers
    late_answers: LateAnswers

    def beside_the_worker(self, lease: Lease, roles: frozenset[Role]) -> list[Run]:
        """What else goes on for as long as the bot does: in every process, or in one worker for all."""
        own = (self.late_answers.run, self.awaited_answers.run, self.cleanup.run, self.cleanup.sweep)
        for_all = (self.escalation.run, self.log_channel.run, self.reports.finish_deletions)
        return [*own, *(partial(lease.on_duty, run) for run in for_all if "worker" in roles)]
