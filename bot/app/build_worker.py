"""Puts together everything that takes stored jobs further."""

from __future__ import annotations

from bot.app.client import Mouthpiece
from bot.app.parts import Parts
from bot.app.settings import Settings
from bot.chat.card import Cards
from bot.chat.provider_files import ProviderFiles
from bot.chat.result_post import ResultPosts
from bot.clock import DAY, Clock
from bot.delivery.places import Places
from bot.delivery.size_limit import SizeLimit
from bot.files.room import Room
from bot.jobs.claiming import Claiming
from bot.jobs.inputs import Inputs
from bot.jobs.intervals import Intervals
from bot.jobs.keys import JobKeys
from bot.jobs.lanes import Lanes
from bot.jobs.runner import Runner
from bot.jobs.steps import Steps
from bot.jobs.steps.approval import Approval
from bot.jobs.steps.deliver import Deliver
from bot.jobs.steps.find import Find
from bot.jobs.steps.poll import Poll
from bot.jobs.steps.show import Show, ShowEnd
from bot.jobs.steps.submit import Submit
from bot.jobs.worker import Worker


def build_worker(client: Mouthpiece, parts: Parts, room: Room, settings: Settings, clock: Clock) -> Worker:
    """Everything that takes stored jobs further."""
    intervals, kept_seconds = Intervals(), settings.results_days * DAY
    stores, providers = parts.stores, parts.providers
    cards = Cards(client, providers, clock)
    job_keys = JobKeys(stores.keys, providers, clock)
    inputs = Inputs(parts.job_files, parts.incoming, parts.preparing, ProviderFiles(client))
    poll = Poll(job_keys, providers, clock, intervals)
    size_limit = SizeLimit(parts.finishing, parts.job_files)
    result_posts = ResultPosts(client, stores.guilds, providers)
    places = Places(stores.direct_messages, kept_seconds=kept_seconds)
    submit = Submit(inputs, job_keys, providers, clock, intervals, parts.assembler.gather, parts.lease)
    steps = Steps(
        parts.lease,
        Show(cards, intervals),
        Approval(clock),
        submit,
        Find(submit, job_keys, providers, clock, intervals),
        poll,
        Deliver(poll, inputs, parts.assembler, size_limit, result_posts, places, clock, intervals),
        ShowEnd(stores.ledger, cards, intervals),
    )
    runner = Runner(stores.jobs, steps, job_keys, cards, parts.job_files, clock, intervals, kept_seconds=kept_seconds)
    claiming = Claiming(parts.lease, stores.claims, stores.jobs, stores.stage_times, clock, intervals, settings.roles)
    return Worker(claiming, runner, Lanes(providers), inputs, cards, room, clock, parts.lease)
