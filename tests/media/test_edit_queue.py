"""The queue of edits: nobody's files keep another's waiting for more than one edit."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NamedTuple, cast

from bot.domain.edits import ClipEdit
from bot.media.edit_queue import EditQueue
from bot.media.pool import WorkerPool

EDIT = ClipEdit(seconds=2.0, width=720, height=720, most_bytes=1_000_000)


class Owner(NamedTuple):
    guild_id: int
    member_id: int


class SlowPool:
    """Writes down whose edits are done, in their order, and how many at once."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.under_way = 0

    async def run(self, _task: Any, _bounds: Any, source: Path, *_: Any, writes: Path, **__: Any) -> None:
        self.under_way += 1
        assert self.under_way == 1
        await asyncio.sleep(0)
        self.order.append(source.name)
        writes.write_bytes(b"made")
        self.under_way -= 1


async def edited(owners: dict[str, Owner], folder: Path) -> list[str]:
    pool = SlowPool()
    queue = EditQueue(cast("WorkerPool", pool))
    edits = (queue.editor(owner).clip(Path(name), EDIT, folder / name) for name, owner in owners.items())
    await asyncio.gather(*edits)
    return pool.order


async def test_a_server_with_many_edits_lets_another_go_next(tmp_path: Path) -> None:
    many = {f"many-{number}": Owner(1, number) for number in range(20)}
    order = await edited(many | {"other": Owner(2, 99)}, tmp_path)
    assert order.index("other") <= 2
    assert len(order) == 21


async def test_a_member_with_many_edits_lets_another_of_the_server_go_next(tmp_path: Path) -> None:
    many = {f"many-{number}": Owner(1, 7) for number in range(20)}
    order = await edited(many | {"other": Owner(1, 8)}, tmp_path)
    assert order.index("other") <= 2
