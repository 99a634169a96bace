"""Roles: which process takes which step of a job, and that it leaves every other to one that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.app.settings import read_settings
from bot.domain.job import Job
from bot.errors import SettingsError
from bot.jobs.claiming import Claiming
from bot.jobs.lanes import Lanes
from bot.jobs.open_job import Delivering, OpenJob, Phase, Queued, phase_of
from bot.jobs.roles import ROLES, Role, parse_roles
from bot.jobs.runner import Runner
from bot.jobs.steps.poll import Poll
from bot.words.refusals.jobs import NotCancellable
from storage.engine.encryption import MasterKeys
from storage.jobs.job import Position, State
from tests.app.still_clock import StillClock
from tests.jobs.steps.alone import Held, OneKey, SteadyIntervals
from tests.words.test_job_card import a_job

ON_A_CARD: Mapping[str, Any] = {"card_id": 7}
UPLOAD = {**ON_A_CARD, "position": Position("upload_video", 3)}


def opened(state: State, phase: Phase | None = None, **row: Any) -> OpenJob:
    job = replace(a_job(state), **row)
    return OpenJob(job, phase or phase_of(job))


STEPS: dict[str, tuple[OpenJob, Role]] = {
    "a command's job, not shown yet": (opened("queued", Queued(accepted_now=True), card_id=None), "gateway"),
    "a job that another life left unshown": (opened("queued", card_id=None), "worker"),
    "a job that waits for approval": (opened("held", **UPLOAD), "worker"),
    "a stage to be sent": (opened("queued", **ON_A_CARD), "worker"),
    "a file to be prepared": (opened("queued", **UPLOAD), "media"),
    "a file on its way": (opened("submitting", **UPLOAD), "media"),
    "a stage under way": (opened("running", **ON_A_CARD), "worker"),
    "an outcome": (opened("succeeded", **ON_A_CARD), "worker"),
    "a video to be worked on at its end": (opened("succeeded", Delivering(needs_editing=True)), "media"),
    "the rest of what is done with that": (opened("succeeded", for_media=True), "media"),
}


def takes(open_job: OpenJob, *roles: Role) -> bool:
    nothing: Any = None
    claiming = Claiming(Held(), nothing, nothing, nothing, StillClock(), SteadyIntervals(), frozenset(roles))
    return claiming.takes(open_job, Lanes({}).role_of(open_job))


@pytest.mark.parametrize("step", STEPS)
def test_each_step_belongs_to_one_role(step: str) -> None:
    open_job, role = STEPS[step]
    assert Lanes({}).role_of(open_job) == role
    assert {one for one in ROLES if takes(open_job, one)} == {role}
    assert takes(open_job, *ROLES)


def test_the_card_of_a_closed_job_is_brought_up_to_date_by_whoever_is_asked() -> None:
    assert all(takes(opened("succeeded", closed_at=5.0), role) for role in ROLES)


def test_roles_are_read_as_an_operator_writes_them() -> None:
    assert parse_roles("worker, media") == {"worker", "media"}
    assert read_settings(discord_token="token").roles == ROLES


@pytest.mark.parametrize("text", ["", "worker,canary", "Worker"])
def test_other_roles_are_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="is not written like gateway,worker,media") as refused:
        parse_roles(text)
    assert "canary" not in str(refused.value)


def test_one_process_works_on_a_file_so_it_has_all_roles() -> None:
    with pytest.raises(SettingsError, match="ROLES: need DATABASE_URL"):
        read_settings(discord_token="token", roles="worker")
    given = {"discord_token": "token", "database_url": "postgresql://me@/bot", "master_keys": MasterKeys.generate("a")}
    assert read_settings(**given, roles="worker").served_shards is None
    assert read_settings(**given, roles="gateway").served_shards is not None


class Moves:
    """In place of the store: the states to which it was asked to move a job."""

    def __init__(self) -> None:
        self.to: list[str] = []

    async def move(self, job: Job, to: State, **_: Any) -> Job:
        self.to.append(to)
        return replace(job, state=to)


async def test_a_job_whose_file_is_handed_over_by_another_process_can_be_cancelled() -> None:
    moves, nothing = Moves(), cast("Any", None)
    poll = Poll(OneKey(), {}, StillClock(), SteadyIntervals())
    steps: Any = SimpleNamespace(poll=poll)
    store: Any = moves
    runner = Runner(store, steps, nothing, nothing, nothing, StillClock(), SteadyIntervals(), kept_seconds=1.0)
    uploading = opened("submitting", **UPLOAD)
    await runner.cancel(uploading, by=uploading.job.member_id)
    assert moves.to == ["queued", "cancelled"]
    with pytest.raises(NotCancellable):
        await runner.cancel(opened("submitting", **ON_A_CARD), by=1)
    assert moves.to == ["queued", "cancelled"]
