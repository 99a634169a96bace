"""What a campaign tells at its end: which points were hit how often, how the jobs ended, and what was found."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from tests.crash.points import POINTS, Aim, Point

MOST_NAMES = 4  # of what was under way at a point


class Report:
    """Counts. What is found is told once, with the number of kills after which it was found."""

    def __init__(self) -> None:
        self.kills: Counter[bool] = Counter()  # by whether the main process was killed alone
        self.hits: defaultdict[Point, Counter[str]] = defaultdict(Counter)
        self.missed: Counter[Point] = Counter()
        self.jobs: Counter[str] = Counter()
        self.pressed = 0
        self.unanswered = 0
        self.violations: dict[str, int] = {}

    def killed(self, aim: Aim, hit: str) -> None:
        """Count a kill; `hit` is what was under way at its point, empty where that was not reached."""
        self.kills[aim.alone] += 1
        if hit:
            self.hits[aim.point][hit] += 1
        else:
            self.missed[aim.point] += 1

    def found(self, violations: Iterable[str]) -> None:
        """Remember what was found, and tell it at once."""
        for violation in violations:
            if violation not in self.violations:
                print(f"after {self.kills.total()} kills: {violation}", file=sys.stderr, flush=True)
                self.violations[violation] = self.kills.total()

    def add(self, other: Report) -> None:
        """Count what another campaign has counted, too."""
        self.kills += other.kills
        self.missed += other.missed
        self.jobs += other.jobs
        self.pressed += other.pressed
        self.unanswered += other.unanswered
        for point, names in other.hits.items():
            self.hits[point] += names
        self.violations |= other.violations

    def lines(self) -> Iterator[str]:
        """The report, line by line."""
        yield f"{'killed at':22}  hit missed"
        for point in POINTS:
            names = ", ".join(f"{name} {times}" for name, times in self.hits[point].most_common(MOST_NAMES))
            yield f"{point!s:22} {self.hits[point].total():4} {self.missed[point]:6}  {names}".rstrip()
        alone, together = self.kills[True], self.kills[False]
        yield f"{alone + together} kills: {alone} of the main process alone, {together} of its process group"
        ended = ", ".join(f"{count} {how}" for how, count in sorted(self.jobs.items()))
        yield f"{self.jobs.total()} jobs: {ended}; {self.pressed} buttons pressed"
        yield f"{self.unanswered} commands without an answer: the bot was killed before it had written them down"
        yield from (f"VIOLATION, after {kills} kills: {violation}" for violation, kills in self.violations.items())
        yield f"{len(self.violations)} violations"
