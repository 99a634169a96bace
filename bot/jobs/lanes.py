"""Which steps hold up which: those of one lane, and no others."""

from __future__ import annotations

from bot.domain.flows import HANDED_OVER
from bot.jobs.open_job import OpenJob
from bot.jobs.scheduler import Lane
from storage.jobs.job import OUTCOMES

LANE_WIDTH = 32  # steps at once per provider, and posts at once to Discord
FILES_WIDTH = 4  # files at once that are prepared and handed over, or worked on at the end: that may take minutes each


def lane_of(open_job: OpenJob) -> Lane:
    """Each provider has a lane of its own, and so has Discord; so have the files on their way there, and finished ones
    that must be worked on: nobody whose job needs no such work waits for them.
    """
    job = open_job.job
    if open_job.needs_editing:
        return Lane("finishing", FILES_WIDTH)
    if job.state in OUTCOMES or job.card_id is None:
        return Lane("discord", LANE_WIDTH)
    if job.state != "held" and job.position.stage in HANDED_OVER:
        return Lane("handing over", FILES_WIDTH)
    return Lane(job.provider, LANE_WIDTH)
