"""What is looked up when Prometheus asks."""

from __future__ import annotations

import shutil
from typing import cast

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.app.heartbeats import Heartbeats
from bot.app.monitoring.gauges import PHASES, Gauges
from bot.jobs.roles import Role
from tests.canned import hold_work
from tests.scripted import until
from tests.world import World


class Well:
    """Nothing is wrong."""

    def faults(self) -> list[str]:
        return []


@pytest.fixture
def gauges(world: World) -> Gauges:
    roles: frozenset[Role] = frozenset({"worker", "media"})
    return Gauges(world.client, cast("Heartbeats", Well()), world.parts, roles, world.clock)


async def values(gauges: Gauges, name: str, label: str) -> dict[str, float]:
    """The values of one metric, by its label."""
    families = text_string_to_metric_families((await gauges.text()).decode())
    return {
        sample.labels[label]: sample.value for family in families for sample in family.samples if sample.name == name
    }


async def test_open_jobs_are_told_by_phase_with_the_age_of_the_oldest(world: World, gauges: Gauges) -> None:
    go_on = hold_work(world.sandbox.runs)
    await world.add_key()
    await world.text()
    await world.text()
    worker = world.client.services.worker
    await until(lambda: [open_job.job.state for open_job in worker.held.values()] == ["running"] * 2)
    running = dict.fromkeys(PHASES, 0.0) | {"running": 2.0}
    assert await values(gauges, "mouthpiece_open_jobs_by_phase", "phase") == running
    oldest = min(open_job.job.created_at for open_job in worker.held.values())
    ages = await values(gauges, "mouthpiece_oldest_job_seconds", "phase")
    assert ages.pop("running") == pytest.approx(world.clock.now() - oldest, abs=60)
    assert set(ages.values()) == {0.0}
    go_on.set()
    await world.quiet()
    assert set((await values(gauges, "mouthpiece_open_jobs_by_phase", "phase")).values()) == {0.0}


async def test_the_roles_of_the_process_are_told(gauges: Gauges) -> None:
    assert await values(gauges, "mouthpiece_role", "role") == {"gateway": 0.0, "worker": 1.0, "media": 1.0}


async def test_a_folder_that_is_gone_takes_no_other_metric_with_it(world: World, gauges: Gauges) -> None:
    shutil.rmtree(world.parts.job_files.folder)
    text = (await gauges.text()).decode()
    assert "mouthpiece_open_jobs 0" in text
    assert "mouthpiece_disk_free_bytes" in text
