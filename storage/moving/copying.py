"""Every row of one database into another that is empty."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from graphlib import TopologicalSorter
from typing import Any

from storage.engine.database import Queries
from storage.engine.opening import MOVED_AWAY, UNFINISHED_MOVE
from storage.engine.parameters import storable

SLICE = 1000  # rows that are held in memory at once

# Facts that are about a move are each database's own.
OWN = {"facts": f"name NOT IN ('{MOVED_AWAY}', '{UNFINISHED_MOVE}')"}


async def tables_in_order(source: Queries) -> Sequence[str]:
    """The tables of a database on SQLite, each behind those that its rows refer to."""
    found = await source.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    behind = {}
    for row in found:
        referred = await source.rows('SELECT "table" AS name FROM pragma_foreign_key_list(:table)', table=row["name"])
        behind[row["name"]] = {other["name"] for other in referred}
    return list(TopologicalSorter(behind).static_order())


async def copy_table(source: Queries, target: Any, table: str) -> None:
    """Copy a table's rows as they are, in their order, on a connection to PostgreSQL, and go on with ids behind its
    last one.
    """
    columns = [row["name"] for row in await source.rows("SELECT name FROM pragma_table_info(:table)", table=table)]
    async for rows in _slices(source, table, columns):
        await target.copy_records_to_table(table, records=rows, columns=columns)
    last = await source.row("SELECT seq FROM sqlite_sequence WHERE name = :table", table=table)
    if last is not None and last["seq"] > 0:
        await target.execute("SELECT setval(pg_get_serial_sequence($1, 'id'), $2)", table, last["seq"])


async def _slices(source: Queries, table: str, columns: Sequence[str]) -> AsyncIterator[list[tuple[Any, ...]]]:
    select = f"""SELECT rowid, {", ".join(columns)} FROM {table}
                 WHERE {OWN.get(table, "1 = 1")} AND rowid > :after ORDER BY rowid LIMIT :slice"""
    after = -(2**63)
    while rows := await source.rows(select, after=after, slice=SLICE):
        found = [tuple(row) for row in rows]
        yield [tuple(storable(dict(zip(columns, values[1:], strict=True))).values()) for values in found]
        after = found[-1][0]
