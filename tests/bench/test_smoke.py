"""Every benchmark runs to its end, at a size at which its figures mean nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from tests.bench import (
    Aim,
    Figures,
    ack,
    commits,
    files,
    flood,
    history,
    jobs,
    lanes,
    look,
    pacing,
    polls,
    preflight,
    quota,
    ratio,
    report,
    shares,
    start,
    workers,
)
from tests.bench.__main__ import BENCHMARKS
from tests.bench.shares_filled import Hostile

SMALL: Mapping[str, Callable[[], Awaitable[Figures]]] = {
    "ack": lambda: ack.main(ack.Size(per_second=20, seconds=1, rounds=1, in_flight=5, settling=0.0)),
    "commits": lambda: commits.main(commits.Size(jobs=60, rounds=1)),
    "jobs": lambda: jobs.main([jobs.Size(20, 0.2, 0.5, 0.1, measured_after=0.1)]),
    "flood": lambda: flood.main(flood.Size(flood=40, seconds=0.5, per_second=10)),
    "files": lambda: files.main(files.Size(size=1_000_000, seconds=2.0, together=2, rounds=1)),
    "polls": lambda: polls.main(polls.Size(500, before=0.05, measured=0.05, rounds=1)),
    "lanes": lambda: lanes.main(lanes.Size(30, 0.01, 5.0, settling=0.5, seconds=3.0, rounds=1)),
    "pacing": lambda: pacing.main(200),
    "look": lambda: look.main(look.Size(rounds=1, size=500_000, seconds=2.0)),
    "preflight": lambda: preflight.main(preflight.Size(commands=2, seconds=2.0, size=500_000, settling=0.0)),
    "shares": lambda: shares.main(
        shares.Size(1, 3, 0.3, 500_000, (0.1, 0.3), Hostile(drips=3, hanging=2), flood=40, settling=0.0)
    ),
    "workers": lambda: workers.main(workers.Size(videos=1, seconds=2.5)),
    "history": lambda: history.main(history.Size(few=300, many=600, rounds=1)),
    "start": lambda: start.main(start.Size(jobs=50, servers=3, seconds=1.0)),
    "quota": lambda: quota.main(quota.Size(jobs=150, accepted=3)),
}


@pytest.mark.parametrize("name", BENCHMARKS)
async def test_a_benchmark_measures_both_sides_and_nothing_goes_wrong(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    figures = await SMALL[name]()
    assert all(math.isfinite(aim.of(figures)) for aim in BENCHMARKS[name].aims)
    printed = capfd.readouterr()
    assert len(figures) >= 2
    assert all(math.isfinite(value) for side in figures.values() for value in side.values())
    assert all(side.partition(",")[0] in printed.out for side in figures)
    assert printed.err == ""  # what fails inside the bot is logged


def test_the_documentation_shows_what_every_benchmark_aims_at() -> None:
    table = report.TABLE.read_text()
    assert [aim.what for benchmark in BENCHMARKS.values() for aim in benchmark.aims if aim.what not in table] == []


def test_the_table_says_of_each_aim_whether_it_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "TABLE", tmp_path / "table.md")
    monkeypatch.setattr(report, "FIGURES", tmp_path / "figures.json")
    figures = {"bot": {"ms": 3.0}, "bare": {"ms": 2.0}}
    aims = (Aim("fast", ratio("bot", "bare", "ms"), 1.5), Aim("faster", ratio("bot", "bare", "ms"), 1.4))
    report.write({"made up": ((*aims, Aim("many", lambda _: 2.0, least=3)), figures)}, cores=2)
    table = (tmp_path / "table.md").read_text()
    assert "| fast | 1.50 | ≤ 1.5 | yes |" in table
    assert "| faster | 1.50 | ≤ 1.4 | **no** |" in table
    assert "| many | 2.00 | ≥ 3 | **no** |" in table
    assert json.loads((tmp_path / "figures.json").read_text()) == {"made up": figures}
