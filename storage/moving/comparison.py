"""Whether two databases hold the same: by the rows of every table, and by what each server's rows add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.engine.database import Queries
from storage.moving.copying import OWN

SUMS = {
    "jobs": """SELECT guild_id, count(*) AS jobs, count(*) - count(closed_at) AS open_jobs,
                      count(counted_at) AS counted, sum(micros) AS micros,
                      coalesce(sum(spent_micros), 0) AS spent_micros
               FROM jobs GROUP BY guild_id ORDER BY guild_id""",
    "keys": "SELECT guild_id, count(*) AS keys FROM keys GROUP BY guild_id ORDER BY guild_id",
    "usage hours": """SELECT guild_id, count(*) AS hours, sum(jobs) AS jobs, sum(milliseconds) AS milliseconds,
                             sum(micros) AS micros
                      FROM usage_hours GROUP BY guild_id ORDER BY guild_id""",
}


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a database holds: rows of each table, and sums of each server."""

    rows: Mapping[str, int]
    sums: Mapping[str, Sequence[Mapping[str, int]]]

    @classmethod
    async def of(cls, database: Queries, tables: Sequence[str]) -> Inventory:
        """Count and sum up."""
        rows = {}
        for table in tables:
            counted = await database.row(f"SELECT count(*) AS n FROM {table} WHERE {OWN.get(table, '1 = 1')}")
            rows[table] = int(counted["n"]) if counted else 0
        sums = {what: [dict(row) for row in await database.rows(sql)] for what, sql in SUMS.items()}
        return cls(rows, sums)

    def is_empty(self) -> bool:
        """Whether no table has a row."""
        return not any(self.rows.values())

    def differences(self, other: Inventory) -> Sequence[str]:
        """The names of what isn't the same in the other one."""
        tables = [f"the rows of {table}" for table, count in self.rows.items() if other.rows.get(table) != count]
        return [*tables, *(f"the sums of {what}" for what, rows in self.sums.items() if other.sums[what] != rows)]

    def table(self) -> str:
        """Everything as lines for a person."""
        jobs = self.sums["jobs"]
        lines = sorted(self.rows.items())
        for name in ("open_jobs", "counted", "micros", "spent_micros"):
            lines.append((f"jobs: {name.replace('_', ' ')}", sum(row[name] for row in jobs)))
        width = max(len(name) for name, _ in lines)
        return "\n".join(f"{name:<{width}}  {count:>15,}" for name, count in lines)
